package workspace

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// A Place is where a build's tables lie. Two builds can share one; what lies
// there is whoever wrote last.
type Place struct {
	Adapter  string `json:"adapter"`
	Host     string `json:"host"` // or account, or the path of a file
	Database string `json:"database"`
	Schema   string `json:"schema"`
}

// ID is a digest of the place, for names of files and locks.
func (p Place) ID() string {
	var b strings.Builder
	for _, field := range []string{p.Adapter, p.Host, p.Database, p.Schema} {
		fmt.Fprintf(&b, "%d:%s", len(field), field)
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:10])
}

// A Ledger says, for one place, which run wrote each node, and how that ended.
// A command marks what it may write as Unknown before it starts, and settles
// it after: a kill in between leaves Unknown, which is the truth.
type Ledger struct {
	Version int              `json:"version"`
	Place   Place            `json:"place"`
	Runs    map[string]Run   `json:"runs"`  // by the ID of the build: the last of its runs
	Nodes   map[string]Entry `json:"nodes"` // by unique_id
}

// A Run is one run of a command that writes.
type Run struct {
	ID string `json:"id"`
	// Number counts the runs of the place: the clock may have been set back
	// between two of them. It is 0 for a run of a version that didn't count.
	Number  int       `json:"number,omitempty"`
	Build   string    `json:"build"` // Build.ID
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	// Nodes is how many nodes the build has that a command could write, and
	// Manifest the size in bytes of the manifest copied to Build.State; both
	// are those of the run before until the run has ended.
	Nodes    int   `json:"nodes,omitempty"`
	Manifest int64 `json:"manifest,omitempty"`
}

// A Status is what is known of a node in a place.
type Status string

// The statuses of a node.
const (
	Unknown Status = "unknown" // a run that may have written it did not say how it ended
	Written Status = "written"
	Damaged Status = "failed" // the run failed on it: it may hold anything
)

func (s Status) known() bool { return s == Unknown || s == Written || s == Damaged }

// An Entry is what a ledger says of a node.
type Entry struct {
	Relation string    `json:"relation"`
	Run      string    `json:"run"`
	Build    string    `json:"build"`
	Status   Status    `json:"status"`
	Time     time.Time `json:"time"`
	// Since is when the relation was first written, or made anew, by a run that
	// is known: what is built on top of what is there, such as a snapshot, has a
	// history from then on. It is Time where that run made it from nothing, and
	// zero where nothing is known.
	Since time.Time `json:"since,omitzero"`
	// Before is what the entry said before the run marked it as unknown, for
	// the case that the run did not come to it.
	Before *Entry `json:"before,omitempty"`
}

// BeginRun marks the nodes that a run may write as unknown, in the ledger of
// the place; nodes maps their unique_id to their relation. The caller holds
// the lock of the place. A ledger that can't be trusted is set aside: what it
// said is unknown from then on.
func (w *Workspace) BeginRun(p Place, run Run, nodes map[string]string) error {
	l, err := w.Ledger(p)
	if err != nil {
		file := w.ledgerFile(p)
		if err := os.Rename(file, file+".damaged"); err != nil {
			return fmt.Errorf("set a damaged ledger aside: %w", err)
		}
		l = emptyLedger(p)
	}
	before := l.Runs[run.Build]
	run.Nodes, run.Manifest = before.Nodes, before.Manifest
	run.Number = l.LastRun().Number + 1
	l.Runs[run.Build] = run
	for id, relation := range nodes {
		e := Entry{Relation: relation, Run: run.ID, Build: run.Build, Status: Unknown, Time: run.Time}
		if before, ok := l.Nodes[id]; ok {
			before.Before = nil
			e.Before = &before
		}
		l.Nodes[id] = e
	}
	return w.saveLedger(l)
}

// An Ending is what is known of how a run went.
type Ending struct {
	// Written and Failed are the nodes that came to their end, by unique_id,
	// with their relation.
	Written, Failed map[string]string
	// Begun are nodes that the run began, whether they came to an end or not.
	Begun []string
	// Complete is set when the run touched no nodes but these.
	Complete bool
	// Anew is set when the run made everything from nothing, whatever was there.
	Anew bool
	// Resumes is the ID of the run that this one goes on with, "" for none: what
	// that wrote and this one did not touch becomes this one's.
	Resumes string
}

// EndRun settles what BeginRun marked. Written and failed nodes become the
// run's. Those that it began and did not end stay unknown, and so do all others
// unless the ending is complete: then they are what they were before. A run
// whose artifacts were not copied has no Manifest. It returns how many nodes the
// run has written.
func (w *Workspace) EndRun(p Place, run Run, end Ending) (written int, err error) {
	l, err := w.Ledger(p)
	if err != nil {
		return 0, err
	}
	settle := func(nodes map[string]string, status Status) {
		for id, relation := range nodes {
			e := Entry{Relation: relation, Run: run.ID, Build: run.Build, Status: status, Time: run.Time, Since: run.Time}
			if before := l.Nodes[id].Before; before != nil && !end.Anew {
				e.Since = before.Since
			}
			l.Nodes[id] = e
		}
	}
	settle(end.Written, Written)
	settle(end.Failed, Damaged)
	if end.Complete {
		l.restore(run, end.Resumes, slices.Values(end.Begun))
	}
	before := l.Runs[run.Build]
	if run.Manifest == 0 {
		run.Nodes, run.Manifest = before.Nodes, before.Manifest
	}
	run.Number = before.Number
	if before.ID != run.ID { // nobody has begun it: another tool built what is there
		run.Number = l.LastRun().Number + 1
	}
	l.Runs[run.Build] = run
	for _, e := range l.Nodes {
		if e.Run == run.ID && e.Status == Written {
			written++
		}
	}
	return written, w.saveLedger(l)
}

// restore makes the nodes that a run marked and did not touch what they were
// before it. begun are those that it did touch.
func (l *Ledger) restore(run Run, resumes string, begun iter.Seq[string]) {
	touched := map[string]bool{}
	for id := range begun {
		touched[id] = true
	}
	for id, e := range l.Nodes {
		if e.Run != run.ID || e.Status != Unknown || touched[id] {
			continue
		}
		switch before := e.Before; {
		case before == nil:
			delete(l.Nodes, id)
		case before.Run == resumes && before.Status == Written:
			l.Nodes[id] = Entry{Relation: before.Relation, Run: run.ID, Build: run.Build, Status: Written, Time: run.Time, Since: before.Since}
		default:
			l.Nodes[id] = *before
		}
	}
}

// OverwrittenBy says whose later run wrote, failed on or may have touched any
// of the written nodes of a run (or anything at all, if it was another build's)
// in words such as "schema last written by prod@9b13827"; "" if none did.
func (l *Ledger) OverwrittenBy(build, run string, written int) string {
	mine := l.Runs[build]
	if mine.ID == "" {
		return "the ledger of the schema no longer knows of it"
	}
	if last := l.LastRun(); last.Build != build {
		return "schema last written by " + last.Build
	}
	kept := 0
	for _, e := range l.Nodes {
		if e.Run == run && e.Status == Written {
			kept++
		}
	}
	if kept < written {
		return fmt.Sprintf("%d of its %d nodes written since by dot %s", written-kept, written, mine.Command)
	}
	return ""
}

// LastRun returns the run that wrote in the place last; it is zero if none did.
func (l *Ledger) LastRun() Run {
	var last Run
	for _, r := range l.Runs {
		if cmp.Or(cmp.Compare(r.Number, last.Number), r.Time.Compare(last.Time)) > 0 {
			last = r
		}
	}
	return last
}

// A Standing is what a build has in its place.
type Standing struct {
	// Run is the build's last run there.
	Run Run
	// Nodes are the entries that are the build's, by unique_id.
	Nodes map[string]Entry
	// Foreign are the unique_ids that another build wrote, with that build.
	Foreign map[string]string
}

// Standing returns what a build has in the place; ok is false if it has
// nothing there.
func (l *Ledger) Standing(build string) (s Standing, ok bool) {
	s = Standing{Run: l.Runs[build], Nodes: map[string]Entry{}, Foreign: map[string]string{}}
	for id, e := range l.Nodes {
		if e.Build == build {
			s.Nodes[id] = e
		} else {
			s.Foreign[id] = e.Build
		}
	}
	return s, s.Run.ID != "" && len(s.Nodes) > 0
}

// Identity is a digest of what the build has in the place: of each of its
// nodes, the run that wrote it and how that ended.
func (s Standing) Identity() string {
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		e := s.Nodes[id]
		fmt.Fprintf(h, "%q %q %q\n", id, e.Run, e.Status)
	}
	return hex.EncodeToString(h.Sum(nil))
}
