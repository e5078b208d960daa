package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"dot-for-dbt/internal/durable"
)

// ledgerVersion is the version of the form in which ledgers are written.
// Those before went by node; they are read by ledger_old.go.
const ledgerVersion = 3

// A Ledger says, for one place, which run wrote each relation last, and how
// that ended. A run marks what it may write as Unknown before it starts, and
// settles that after: a kill in between leaves Unknown, which is the truth.
type Ledger struct {
	Version   int              `json:"version"`
	Place     Place            `json:"place"`
	Relations map[string]Entry `json:"relations"` // by name
}

// A Status is what is known of a relation.
type Status string

// The statuses of a relation.
const (
	Unknown Status = "unknown" // a run that may have written it did not say how it ended
	Written Status = "written"
	Damaged Status = "failed" // the run failed on it: it may hold anything
	Gone    Status = "gone"   // it was dropped: by a cascade, or by somebody else
)

// valid reports whether a status is one that dot writes.
func (s Status) valid() bool {
	switch s {
	case Unknown, Written, Damaged, Gone:
		return true
	}
	return false
}

// An Entry is what a ledger says of a relation.
type Entry struct {
	Node   string   `json:"node"` // dbt's unique_id
	Name   Spelling `json:"name"`
	Build  string   `json:"build"` // Build.ID
	Run    string   `json:"run"`
	Status Status   `json:"status"`
	// Time is when the run started.
	Time time.Time `json:"time"`
	// Since is when the relation was first written, or made anew, by a run that
	// is known: what is built on top of what is there, such as a snapshot, has a
	// history from then on. It is Time where that run made it from nothing, and
	// zero where nothing is known.
	Since time.Time `json:"since,omitzero"`
	// Unfinished is set while the command that wrote it has not succeeded: it
	// failed on something else, or was interrupted.
	Unfinished bool `json:"unfinished,omitempty"`
	// Partial names the flag for which the relation holds only a part of its
	// rows, as "--empty"; "" for none.
	Partial string `json:"partial,omitempty"`
	// Touched names a command that may have changed the relation since, where no
	// check can see; "" for none.
	Touched string `json:"touched,omitempty"`
	// Note says what happened to it, for a relation that is Gone.
	Note string `json:"note,omitempty"`
	// File tells the database file that the run wrote to from one made later in
	// its place; "" where the database is no file, or the system can't tell.
	File string `json:"file,omitempty"`
	// On are the relations of other builds that a view is made of: it goes when
	// one of them is replaced.
	On []Relation `json:"on,omitempty"`
	// Before is what the entry said before the run marked it as unknown, for
	// the case that the run did not come to it.
	Before *Entry `json:"before,omitempty"`
}

func (w *Workspace) ledgerFile(p Place) string { return w.file("places", p.ID()+".json") }

// Ledger reads the ledger of a place. A place without one has an empty ledger;
// one that can't be trusted is an error.
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
	return l, nil
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
		return nil, fmt.Errorf("not a whole ledger: %w", err)
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
		return nil, errors.New("not a whole ledger")
	}
	for name, e := range l.Relations {
		if !e.Status.valid() {
			return nil, fmt.Errorf("%s has the unknown status %q", name, e.Status)
		}
	}
	return l, nil
}

func (w *Workspace) saveLedger(l *Ledger) error {
	data, err := durable.Marshal(l)
	if err != nil {
		return err
	}
	return durable.Write(w.ledgerFile(l.Place), data, 0o600)
}

// edit changes the ledger of a place under its lock. A ledger that can't be
// trusted is set aside: what it said is unknown from then on.
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
