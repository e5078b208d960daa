package warehouse

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// A Mark says which build a schema belongs to. It is kept in the warehouse: as the schema's
// comment or, in DuckDB, which has none, as that of a view [MarkView].
type Mark struct {
	Dot        int    `json:"dot"` // the version of the mark's format
	Project    string `json:"project"`
	Path       string `json:"path,omitempty"`       // of the project in its repository, with slashes
	Repository string `json:"repository,omitempty"` // where it is hosted, without the protocol or a user
	Commit     string `json:"commit,omitempty"`     // the full hash
	// Tree stands in the place of Commit in the schema of a working tree: its name, and what tells it
	// from one of the same name in another clone.
	Tree string `json:"tree,omitempty"`
	Env  string `json:"env"`
	// What follows may change while the schema stays the build's.
	By        string    `json:"by,omitempty"` // who has made it, as git knows them
	At        time.Time `json:"at"`
	Relations []string  `json:"relations"` // what the project may have there, by name
}

// markVersion is the version of the mark's format.
const markVersion = 1

// markStart is how the text of each mark begins.
const markStart = `{"dot":`

// MarkView is the name of the view that holds a mark in DuckDB.
const MarkView = "dot__build"

// text returns the mark's text, and the beginning that says whose it is.
func (m Mark) text() (text, same string) {
	m.Dot = markVersion
	m.Relations = slices.Sorted(slices.Values(m.Relations))
	if m.Relations == nil {
		m.Relations = []string{}
	}
	all, _ := json.Marshal(m) // it has nothing that can't be encoded
	text = string(all)
	m.By = ""
	head, _ := json.Marshal(m)
	same, _, _ = strings.Cut(string(head), `"at":`)
	return text, same
}

// errNoMark means that a text is no mark of dot's.
var errNoMark = errors.New("not a mark of dot's")

// ParseMark reads a mark's text.
func ParseMark(text string) (Mark, error) {
	var m Mark
	if !strings.HasPrefix(text, markStart) {
		return m, errNoMark
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return m, err
	}
	if m.Dot != markVersion || (m.Commit == "") == (m.Tree == "") || m.Env == "" {
		return m, errNoMark
	}
	return m, nil
}

// TreeName is the name of the working tree in schemas, "" for the mark of a commit's build.
func (m Mark) TreeName() string {
	name, _, _ := strings.Cut(m.Tree, treeMark)
	return name
}

// treeMark is between a working tree's name and what tells it from one of the same name.
const treeMark = "-"

// TreeOf returns what marks a working tree's schema, by its name and a digest that no other clone makes.
func TreeOf(name, digest string) string { return name + treeMark + digest }

// Build returns the name of the marked build: dev@9b13827, or dev@.wt_1a2b3c4 for a working tree's.
func (m Mark) Build() string {
	if m.Tree != "" {
		return m.Env + "@." + m.TreeName()
	}
	return m.Env + "@" + m.Commit[:min(len(m.Commit), 7)]
}

// Of reports whether two marks are of the same build.
func (m Mark) Of(other Mark) bool {
	_, a := m.text()
	_, b := other.text()
	return a == b
}

// OfClone reports whether two marks are of the same build. The clones that made them may have different remotes.
func (m Mark) OfClone(other Mark) bool {
	other.Repository = m.Repository
	return m.Of(other)
}

// A Marking marks a schema, and makes it if it isn't there.
type Marking struct {
	Schema
	Mark Mark
	// Take also marks a schema that is there without a mark. Otherwise it stays as it is.
	Take bool
}

// Marked is what became of a [Marking].
type Marked struct {
	Done bool
	// Had is the mark that the schema had before or, if it isn't Done, the mark or the comment that stays. ""
	// with neither Done nor Err: the schema was there without a mark.
	Had string
	Err error
}

func marked(said partSaid, err error) Marked {
	had := ""
	one := len(said.Rows) == 1 && len(said.Rows[0]) == 1
	if one {
		had = said.Rows[0][0]
	}
	switch {
	case err != nil:
		return Marked{Err: err}
	case said.Did:
		return Marked{Done: true, Had: had}
	case one:
		return Marked{Had: had}
	}
	return Marked{Err: errors.New("dbt handed back what can't be read")}
}
