package workspace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"dot-for-dbt/internal/durable"
)

// How ledgers are kept in files.

// ledgerVersion is the version of the form in which ledgers are written. Those
// of the version before have no seal and no numbers of runs. They are read as
// they are, and the next run writes them in the new form.
const (
	ledgerVersion   = 2
	unsealedLedgers = 1
)

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

// parseLedger reads a ledger. Anything but a whole one, unchanged since it was
// written, is an error.
func parseLedger(data []byte) (*Ledger, error) {
	var file struct {
		Seal string `json:"seal"`
		Ledger
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("not a whole ledger: %w", err)
	}
	l := &file.Ledger
	sealed := file.Seal != ""
	switch {
	case l.Version != ledgerVersion && l.Version != unsealedLedgers:
		return nil, fmt.Errorf("ledger version %d, this dot reads %d and %d", l.Version, unsealedLedgers, ledgerVersion)
	case l.Version == ledgerVersion && !durable.Sealed(data), l.Version == unsealedLedgers && sealed:
		return nil, errors.New("it was changed after it was written")
	case l.Nodes == nil || l.Runs == nil:
		return nil, errors.New("not a whole ledger")
	}
	for id, e := range l.Nodes {
		for e := &e; e != nil; e = e.Before {
			if !e.Status.known() {
				return nil, fmt.Errorf("unknown status %q of %s", e.Status, id)
			}
		}
	}
	return l, nil
}

func emptyLedger(p Place) *Ledger {
	return &Ledger{Place: p, Runs: map[string]Run{}, Nodes: map[string]Entry{}}
}

func (w *Workspace) saveLedger(l *Ledger) error {
	l.Version = ledgerVersion
	object, err := json.Marshal(l)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, durable.Seal(object), "", " "); err != nil {
		return err
	}
	text.WriteByte('\n')
	return durable.Write(w.ledgerFile(l.Place), text.Bytes(), 0o600)
}
