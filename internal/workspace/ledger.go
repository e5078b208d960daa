package workspace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/durable"
)

// ledgerVersion is the version of the ledger file's format. Earlier versions had
// an entry for each node; ledger_old.go reads them.
const ledgerVersion = 3

// A Ledger says for each relation of one place which run wrote it last, and how
// that ended. Before a run starts, it marks the relations that it may write as
// Unknown. After the run, it says how each ended. If dot is killed in between,
// they stay Unknown.
type Ledger struct {
	Version   int              `json:"version"`
	Place     Place            `json:"place"`
	Relations map[string]Entry `json:"relations"` // by name
	Marked    Marked           `json:"marked,omitzero"`
}

// A Status is the state of a relation, as far as dot knows.
type Status string

// The statuses of a relation.
const (
	Unknown Status = "unknown" // a run may have written the relation; how the run ended is not known
	Written Status = "written"
	Damaged Status = "failed" // the run failed on this node: the relation may hold anything
	Gone    Status = "gone"   // the relation was dropped: by a cascade, or by another program
	Cloned  Status = "cloned" // a copy of a lower layer's relation: the build has not built the node
)

// valid reports whether a status is one that dot writes.
func (s Status) valid() bool {
	switch s {
	case Unknown, Written, Damaged, Gone, Cloned:
		return true
	}
	return false
}

// An Entry is a ledger's entry for a relation.
type Entry struct {
	Node   string   `json:"node"` // dbt's unique_id
	Name   Spelling `json:"name"`
	Build  string   `json:"build"` // Build.ID
	Run    string   `json:"run"`
	Status Status   `json:"status"`
	// Time is when the run started.
	Time time.Time `json:"time"`
	// Since is when the history of the relation starts: when a run first wrote
	// it or rebuilt it from scratch. Snapshots and incremental models have a
	// history. Since equals Time if the last run built the relation from scratch.
	// It is zero if the start is not known.
	Since time.Time `json:"since,omitzero"`
	// Unfinished is set if only runs that did not succeed have added to the
	// relation since it was made: they failed, on whichever node, or were
	// interrupted. So its history counts for nothing.
	Unfinished bool `json:"only_unfinished,omitempty"`
	// Partial names the flag, such as "--empty", that left the relation with only
	// some of its rows; "" for none. A run that only adds rows doesn't add those.
	Partial string `json:"partial,omitempty"`
	// Touched names a later command that may have changed the relation; dot
	// can't check that. "" for none.
	Touched string `json:"touched,omitempty"`
	// Note says what happened to a relation that is Gone.
	Note string `json:"note,omitempty"`
	// File identifies the database file that the run wrote to. It is "" if the
	// database is not a file, or if the system can't identify files.
	File string `json:"file,omitempty"`
	// On are the relations of other builds that a view reads: when one of them
	// is replaced, the view is dropped.
	On []Relation `json:"on,omitempty"`
	// Kept is set, while the status is Unknown, if the run continues one that has
	// written the relation: the run leaves it as it is.
	Kept bool `json:"kept,omitempty"`
	// Clone says what the relation is a copy of, or was until runs of the build added to it; nil
	// for a relation that the build made itself.
	Clone *Clone `json:"clone,omitempty"`
	// Before is the entry before the run marked it as Unknown. It applies again
	// if the run does not reach the relation.
	Before *Entry `json:"before,omitempty"`
}

// A Clone is a copy of a relation of a lower layer.
type Clone struct {
	From string `json:"from"` // the ID of the layer's build
	Run  string `json:"run"`  // the run that wrote the relation there
	// View is set for a view on that relation; otherwise the clone is a table with the same rows.
	View bool `json:"view,omitempty"`
	// Since is when the history of the rows starts; see Entry.
	Since time.Time `json:"since,omitzero"`
	// Grown is set once a run of the build has added to the rows. Until then, the build doesn't have
	// the node: what reads it reads the lower layer.
	Grown bool `json:"grown,omitempty"`
}

// IsClone reports whether the relation is, or was when it was last there, only a copy of a lower layer's.
func (e Entry) IsClone() bool { return e.Clone != nil && !e.Clone.Grown }

// NodeName returns a node's display name: dbt's unique_id without the type and the
// package. That of a versioned model has a dot: dim.v1.
func NodeName(id string) string {
	parts := strings.SplitN(id, ".", 3)
	return cmp.Or(parts[len(parts)-1], id)
}

func (w *Workspace) ledgerFile(p Place) string { return w.file("places", p.ID()+".json") }

// Ledger reads the ledger of a place; it is empty if there is no file. A ledger
// that can't be trusted is an error.
func (w *Workspace) Ledger(p Place) (*Ledger, error) {
	file := w.ledgerFile(p)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return emptyLedger(p), nil
	}
	if err != nil {
		return nil, err
	}
	l, err := parseLedger(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if l.Place != p {
		return nil, fmt.Errorf("%s is not the ledger of %s", file, p.Schema)
	}
	return w.revealed(l), nil
}

// Views returns the entries of all ledgers for views on relations of other builds.
// Ledgers that can't be read are left out.
func (w *Workspace) Views() []Entry {
	files, _ := filepath.Glob(w.file("places", "*.json"))
	var views []Entry
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(data, []byte(`"on"`)) {
			continue
		}
		if l, err := parseLedger(data); err == nil {
			for _, name := range slices.Sorted(maps.Keys(l.Relations)) {
				if e := l.Relations[name]; len(e.On) > 0 && (e.Status == Written || e.Status == Cloned) {
					views = append(views, e)
				}
			}
		}
	}
	return views
}

func emptyLedger(p Place) *Ledger {
	return &Ledger{Version: ledgerVersion, Place: p, Relations: map[string]Entry{}}
}

// parseLedger reads a ledger of any version that dot has written.
func parseLedger(data []byte) (*Ledger, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("the ledger is damaged: %w", err)
	}
	switch head.Version {
	case ledgerVersion:
	case 1, 2:
		old, err := parseLedgerOld(data)
		if err != nil {
			return nil, err
		}
		return old.at(old.Place), nil
	default:
		return nil, fmt.Errorf("ledger version %d, this dot reads %d", head.Version, ledgerVersion)
	}
	l := new(Ledger)
	if err := durable.Unmarshal(data, l); err != nil {
		return nil, err
	}
	if l.Relations == nil {
		return nil, errors.New("the ledger is damaged")
	}
	maps.DeleteFunc(l.Relations, func(_ string, e Entry) bool { return isPhantom(e.Node) })
	for name, e := range l.Relations {
		if !e.Status.valid() {
			return nil, fmt.Errorf("%s has the unknown status %q", name, e.Status)
		}
	}
	return l, nil
}

func (w *Workspace) saveLedger(l *Ledger) error {
	data, err := durable.Marshal(w.concealed(l))
	if err != nil {
		return err
	}
	return durable.Write(w.ledgerFile(l.Place), data, 0o600)
}

// edit changes the ledger of a place; the caller holds its lock. A ledger that
// can't be trusted is renamed, and a new one starts empty.
func (w *Workspace) edit(p Place, change func(*Ledger)) error {
	l, err := w.Ledger(p)
	if err != nil {
		file := w.ledgerFile(p)
		if err := os.Rename(file, file+".damaged"); err != nil {
			return fmt.Errorf("set a damaged ledger aside: %w", err)
		}
		l = emptyLedger(p)
	}
	change(l)
	return w.saveLedger(l)
}
