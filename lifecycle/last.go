package lifecycle

import (
	"strconv"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/steps"
)

// A State says how a build's last command ended.
type State string

// The states of a last command.
const (
	OK          State = "ok"
	Failed      State = "failed"
	Interrupted State = "interrupted" // by Ctrl-C or a kill: --resume continues
	Running     State = "running"
	Adopted     State = "adopted" // another tool built it, and dot never ran on it
	Pulled      State = "pulled"  // another machine built it, and this one knows of it by the team's store or a file
	Never       State = "never"   // no command has run
	Unknown     State = "unknown" // its record can't be trusted
)

// Last is the last command on a build.
type Last struct {
	State   State
	Command string // as "build"; "" if it isn't known
	// Started and Finished are zero if they aren't known; Finished also if it hasn't ended.
	Started, Finished time.Time
	// Result is what came of it, in dbt's words: "13 ok, 1 warn".
	Result string
	// Error is why it failed, as dot said.
	Error string
	// Holder is who works on the build, "" for nobody: "pid 28143 (dot build dev@HEAD)". The process
	// may have been killed, and its dbt still run. PID is its process, 0 if that isn't known.
	Holder string
	PID    int
}

// last finds a build's last command, in its records.
func (r *reader) last(b *Build, standings []workspace.Standing) {
	lock := steps.BuildLock(b.Build)
	lock.Shared = true // those that only read the build don't count
	b.Last.Holder = r.ws.Locker("").Holder(lock)
	running := b.Last.Holder != ""

	var last workspace.Saved
	for _, s := range r.ws.SavedRecords(b.Build) {
		if s.Err != nil {
			b.problem(s.Err.Error())
		}
		if usedAt(s).After(usedAt(last)) {
			last = s
		}
	}
	if at := usedAt(last); at.After(b.Used) {
		b.Used = at
	}
	b.Last.set(last)
	if len(standings) > 0 && standings[0].Run.From != "" && standings[0].Run.Time.After(usedAt(last)) {
		b.Last = Last{State: Pulled, Command: standings[0].Run.Command, Started: standings[0].Run.Time, Holder: b.Last.Holder}
	}
	if b.Last.State == Never {
		b.Last.withoutRecord(b.Build, standings, len(b.Problems) > 0)
	}
	switch {
	case running:
		b.Last.run(last)
	case b.Last.State == Running:
		b.Last.State = Interrupted // started, and nobody works on it
	}
	for i := range b.Places {
		b.Places[i].Nodes = r.count(b.Places[i].standing, running)
	}
}

// usedAt returns when a record's command ended or, if it hasn't, started.
func usedAt(s workspace.Saved) time.Time {
	switch {
	case s.Err != nil:
		return s.Written
	case s.Finished.IsZero():
		return s.Started
	}
	return s.Finished
}

// set reads the last record.
func (l *Last) set(s workspace.Saved) {
	command, isCheck := s.CheckOf()
	if !isCheck {
		command = s.Slot
	}
	switch {
	case s.Slot == "":
		l.State = Never
		return
	case s.Err != nil:
		l.State, l.Command = Unknown, commandOf(command)
		return
	}
	l.Command, l.Started, l.Finished, l.Error = commandOf(command), s.Started, s.Finished, s.Error
	if report, err := steps.ParseReport(s.Record); err == nil && !isCheck {
		l.Result = report.String()
		if report.Interrupted {
			s.State = graph.Stopped
		}
	}
	switch s.State {
	case graph.Started:
		l.State = Running
	case graph.Stopped:
		l.State = Interrupted
	case graph.Failed:
		l.State = Failed
	case graph.Succeeded:
		l.State = OK
		if isCheck { // and the command never started
			l.State = Interrupted
		}
	}
}

// selection matches what a record's name has after the command, if nodes were selected.
var selection = lazy.Regexp(`-[0-9a-f]{10}$`)

// commandOf returns the command in a record's name, in which hyphens stand for spaces.
func commandOf(slot string) string {
	name := selection().ReplaceAllString(slot, "")
	if words := strings.ReplaceAll(name, "-", " "); words != name {
		if _, ok := dbt.LookupCommand(words); ok {
			return words
		}
	}
	return name
}

// withoutRecord fills in the last command of a build without a record, from its ledgers.
func (l *Last) withoutRecord(b workspace.Build, standings []workspace.Standing, damaged bool) {
	switch {
	case len(standings) > 0: // the records were removed
		l.State, l.Command, l.Started = Unknown, standings[0].Run.Command, lastRun(standings[0])
	case damaged:
		l.State = Unknown
	case b.Foreign():
		l.State = Adopted
	}
}

// pid matches the process in the text of a lock.
var pid = lazy.Regexp(`^pid (\d+) \((?:dot )?(.*)\)$`)

// run says that somebody works on the build. last is the last record, which may be of an earlier command.
func (l *Last) run(last workspace.Saved) {
	of := pid().FindStringSubmatch(l.Holder)
	if of != nil {
		l.PID, _ = strconv.Atoi(of[1])
	}
	if l.State == Running && (l.PID == 0 || l.PID == last.PID) {
		return
	}
	*l = Last{State: Running, Holder: l.Holder, PID: l.PID}
	if of != nil {
		l.Command, _, _ = strings.Cut(of[2], " ")
	}
}
