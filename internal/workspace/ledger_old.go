package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"strings"
	"time"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/lazy"
)

// Ledgers of versions 1 and 2 had an entry for each node, and one file for each
// profile's schema, even if the relations were in other schemas. dot still reads
// them. The first run that writes to the place converts them.

type ledgerOld struct {
	Version int    `json:"version"`
	Seal    string `json:"seal"`
	Place   Place  `json:"place"`
	Runs    map[string]struct {
		Run
		Build string `json:"build"`
	} `json:"runs"` // by the ID of the build: the last of its runs
	Nodes map[string]entryOld `json:"nodes"` // by unique_id
}

type entryOld struct {
	Relation string    `json:"relation"` // in SQL
	Run      string    `json:"run"`
	Build    string    `json:"build"`
	Status   Status    `json:"status"`
	Time     time.Time `json:"time"`
	Since    time.Time `json:"since"`
}

func parseLedgerOld(data []byte) (*ledgerOld, error) {
	l := new(ledgerOld)
	if err := json.Unmarshal(data, l); err != nil {
		return nil, fmt.Errorf("the ledger is damaged: %w", err)
	}
	if (l.Version > 1 || l.Seal != "") && !durable.Sealed(data) { // the first version had no seal
		return nil, errors.New("it was changed after it was written")
	}
	if l.Nodes == nil || l.Runs == nil {
		return nil, errors.New("the ledger is damaged")
	}
	maps.DeleteFunc(l.Nodes, func(id string, _ entryOld) bool { return isPhantom(id) })
	for id, e := range l.Nodes {
		if !e.Status.valid() {
			return nil, fmt.Errorf("%s has the unknown status %q", id, e.Status)
		}
	}
	return l, nil
}

// readOld reads the ledger of a place if it has an old version.
func (w *Workspace) readOld(p Place) (*ledgerOld, error) {
	data, err := os.ReadFile(w.ledgerFile(p))
	if err != nil {
		return nil, err
	}
	var head struct {
		Version int `json:"version"`
	}
	if json.Unmarshal(data, &head) != nil || head.Version >= ledgerVersion {
		return nil, fs.ErrNotExist
	}
	l, err := parseLedgerOld(data)
	if err == nil && l.Place != p {
		err = fmt.Errorf("%s is not the ledger of %s", w.ledgerFile(p), p.Schema)
	}
	return l, err
}

// sqlPart is one part of a relation's name in SQL: quoted, or plain.
var sqlPart = lazy.Regexp("\"((?:[^\"]|\"\")*)\"|`([^`]*)`|\\[([^\\]]*)\\]|([^.]+)")

// sqlQuoted matches a quoted part of an SQL name.
var sqlQuoted = lazy.Regexp("\"(?:[^\"]|\"\")*\"|`[^`]*`|\\[[^\\]]*\\]")

// Spell splits a relation's SQL name into its parts.
func Spell(sql string) Spelling {
	var parts []string
	for _, m := range sqlPart().FindAllStringSubmatch(sql, -1) {
		parts = append(parts, strings.ReplaceAll(m[1], `""`, `"`)+m[2]+m[3]+m[4])
	}
	s := Spelling{SQL: sql}
	if n := len(parts); n > 0 {
		s.Name = parts[n-1]
		if n > 1 {
			s.Schema = parts[n-2]
		}
		if n > 2 {
			s.Database = parts[n-3]
		}
	}
	return s
}

// relation returns an entry's relation, according to its SQL name.
func (l *ledgerOld) relation(e entryOld) (Relation, Spelling) {
	s := Spell(e.Relation)
	r := Relation{Place: l.Place, Name: s.Name}
	if s.Schema != "" {
		r.Place.Schema = s.Schema
	}
	if l.Place.Adapter == "duckdb" {
		r.Place.Schema, r.Name = strings.ToLower(r.Place.Schema), strings.ToLower(r.Name)
	} else if s.Database != "" && l.Place.Database != "" {
		r.Place.Database = s.Database
	}
	return r, s
}

func (e entryOld) entry(id string, s Spelling) Entry {
	return Entry{Node: id, Name: s, Build: e.Build, Run: e.Run, Status: e.Status, Time: e.Time, Since: e.Since}
}

// at returns the entries for one place, in the current format.
func (l *ledgerOld) at(p Place) *Ledger {
	now := emptyLedger(p)
	for id, e := range l.Nodes {
		if r, s := l.relation(e); r.Place == p {
			now.Relations[r.Name] = e.entry(id, s)
		}
	}
	return now
}

// layer returns a build's layer, made from the ledger.
func (l *ledgerOld) layer(build string) *Layer {
	layer := &Layer{Version: layerVersion, Build: build, Place: l.Place, Run: l.Runs[build].Run, Claims: map[string]Claim{}}
	for id, e := range l.Nodes {
		if e.Build == build {
			r, _ := l.relation(e)
			layer.claim(id, r)
		}
	}
	return layer
}

// standingOld returns the standing of a build that only an old ledger has.
func (w *Workspace) standingOld(b Build, p Place) (Standing, error) {
	old, err := w.readOld(p)
	if err != nil {
		return Standing{}, err
	}
	if _, ran := old.Runs[b.ID()]; !ran {
		return Standing{}, fs.ErrNotExist
	}
	s := Standing{Layer: old.layer(b.ID()), Nodes: map[string]Entry{}, Lost: map[string]string{}}
	for id, e := range old.Nodes {
		r, spelling := old.relation(e)
		entry, file := e.entry(id, spelling), w.fileOf(r.Place)
		switch {
		case e.Build != b.ID():
			s.Lost[id] = "was overwritten by " + e.Build
		case !entry.isFile(file):
			s.Lost[id] = r.Place.lostWith(file)
		default:
			s.Nodes[id] = entry
		}
	}
	return s, nil
}

// convert converts an old ledger: each relation gets an entry in the ledger of
// its schema, and each build gets a layer. Entries that exist already are newer
// and stay.
func (w *Workspace) convert(p Place) error {
	old, err := w.readOld(p)
	if err != nil {
		return nil // there is no old ledger, or edit renames it
	}
	for id := range old.Runs {
		b, ok := w.parseBuild(id)
		if !ok {
			continue
		}
		if _, err := w.Layer(b, p); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := w.saveLayer(b, old.layer(id)); err != nil {
			return err
		}
	}
	places := map[Place]bool{p: true}
	for _, e := range old.Nodes {
		r, _ := old.relation(e)
		places[r.Place] = true
	}
	delete(places, p) // comes last: it replaces the old file
	for at := range places {
		if err := w.convertAt(old, at); err != nil {
			return err
		}
	}
	return w.convertAt(old, p)
}

func (w *Workspace) convertAt(old *ledgerOld, p Place) error {
	release, err := w.guard(p)
	if err != nil {
		return err
	}
	defer release()
	return w.edit(p, func(l *Ledger) {
		for name, e := range old.at(p).Relations {
			if _, newer := l.Relations[name]; !newer {
				l.Relations[name] = e
			}
		}
	})
}

// parseBuild parses the ID of a build. ok is false if the text is not an ID, or
// if the commit has no directory.
func (w *Workspace) parseBuild(id string) (b Build, ok bool) {
	project, name, nested := strings.Cut(id, ":")
	if !nested {
		project, name = "", id
	}
	env, short, ok := strings.Cut(name, "@")
	if !ok {
		return Build{}, false
	}
	hash, err := w.owner(short)
	if err != nil || hash == "" {
		return Build{}, false
	}
	return Commit{Hash: hash, Short: short, w: w}.Build(project, env), true
}
