package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// An Answer is what the warehouse said to a question.
type Answer struct {
	// SearchPath are the schemas in which SQL finds what it names without a schema, as the
	// server has set them for the connection. nil: it isn't known.
	SearchPath []string

	kinds map[Relation]string
	rows  map[Relation]int64
	graph graph
}

// Kind is what a relation of the question's Exist is: table, view, materialized
// view, function, or what else the database calls it. It is false if the relation
// isn't there.
func (a Answer) Kind(r Relation) (string, bool) {
	kind, ok := a.kinds[r]
	return kind, ok
}

// Rows is about how many rows a relation of the question's Exist has, by the statistics of the
// database. It is false if it has none: for a view, or a table that PostgreSQL hasn't analyzed.
func (a Answer) Rows(r Relation) (int64, bool) {
	n, ok := a.rows[r]
	return n, ok
}

// Dependents are what else goes when relations of the question's Dependents are
// dropped with cascade: nearest first, then by name. Parts of the relations
// themselves, such as indexes, are none.
func (a Answer) Dependents(relations ...Relation) []Dependent { return a.graph.dependents(relations) }

// Read returns what the run of the question's project in a directory found.
func Read(dir string, q Question) (Answer, error) {
	results, err := ask.Results(dir)
	if err != nil {
		return Answer{}, fmt.Errorf("asking the warehouse: %w", err)
	}
	answer, err := read(results[ask.ModelID(projectName, 0)], q)
	if err != nil {
		return Answer{}, fmt.Errorf("asking the warehouse: %w", err)
	}
	return answer, nil
}

// read returns the answer of the project's model.
func read(r artifact.Result, q Question) (Answer, error) {
	if err := ended(r, "asked"); err != nil {
		return Answer{}, err
	}
	said, err := parse(string(r.Response.Code))
	if err != nil {
		return Answer{}, fmt.Errorf("dbt handed back what can't be read: %w", err)
	}
	return said.checked(q)
}

// elsewhere is an error if a relation is in another database than the one that was
// asked: it isn't known whether it is there.
func elsewhere(database string, q Question) error {
	for _, relations := range [][]Relation{q.Exist, q.Dependents} {
		for _, r := range relations {
			if err := inDatabase(database, r.Database, r.Schema+"."+r.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// inDatabase is an error if what was asked for is in another database than dbt's.
func inDatabase(dbts, database, what string) error {
	if !strings.EqualFold(database, dbts) {
		return fmt.Errorf("%s is in the database %s, and dbt connects to %s", what, database, dbts)
	}
	return nil
}

// ended is an error if a model of a project of dot's did not end well. did is what dbt may not have
// come to.
func ended(r artifact.Result, did string) error {
	switch {
	case r.UniqueID == "" || r.Status.Untouched():
		return errors.New("dbt ended before it " + did)
	case r.Status != artifact.StatusSuccess:
		return errors.New(ask.Reason(r.Message))
	}
	return nil
}

// answerVersion is the version of the macros' answers.
const answerVersion = 1

// said is what the macros hand back.
type said struct {
	Version    int        `json:"version"`
	Database   string     `json:"database"`   // the target's
	Exist      [][]string `json:"exist"`      // number, kind, rows or ""
	Dependents [][]string `json:"dependents"` // see dependents.go
	SearchPath []string   `json:"search_path"`
}

func parse(text string) (said, error) {
	var out said
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return said{}, err
	}
	return out, checkVersion(out.Version)
}

func checkVersion(found int) error {
	if found != answerVersion {
		return fmt.Errorf("expected version %d, found %d", answerVersion, found)
	}
	return nil
}

// checked returns the answer to a question, unless another database was asked.
func (s said) checked(q Question) (Answer, error) {
	if dialects[q.Adapter].oneDatabase {
		if err := elsewhere(s.Database, q); err != nil {
			return Answer{}, err
		}
	}
	answer, err := s.answer(q)
	if err != nil {
		return Answer{}, fmt.Errorf("dbt handed back what can't be read: %w", err)
	}
	return answer, nil
}

func (s said) answer(q Question) (Answer, error) {
	a := Answer{SearchPath: s.SearchPath, kinds: map[Relation]string{}, rows: map[Relation]int64{}}
	for _, row := range s.Exist {
		if len(row) != 3 {
			return Answer{}, fmt.Errorf("expected a number, a kind and rows, found %d values", len(row))
		}
		r, err := numbered(q.Exist, row[0])
		if err != nil {
			return Answer{}, err
		}
		// A function may have the name of a relation, which is what counts then.
		if kind, ok := a.kinds[r]; !ok || kind == "function" {
			a.kinds[r] = strings.ReplaceAll(row[1], "_", " ")
		}
		if row[2] != "" {
			if a.rows[r], err = strconv.ParseInt(row[2], 10, 64); err != nil {
				return Answer{}, fmt.Errorf("expected a number of rows, found %q", row[2])
			}
		}
	}
	var err error
	a.graph, err = newGraph(s.Dependents, q.Dependents)
	return a, err
}

// numbered returns the relation of a number.
func numbered(relations []Relation, number string) (Relation, error) {
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(relations) {
		return Relation{}, fmt.Errorf("there is no relation %q", number)
	}
	return relations[i], nil
}
