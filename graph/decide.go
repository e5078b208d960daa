package graph

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// A Cause is the kind of reason for a decision, for scripts.
type Cause string

// All causes, in the order of the checks: a decision has the first that applies.
const (
	Always       Cause = "always"               // the step must always run
	NeverRun     Cause = "never-run"            // there is no record
	Unreadable   Cause = "record-unreadable"    // the record can't be read
	Busy         Cause = "busy"                 // another process is running it
	Interrupted  Cause = "interrupted"          // the last attempt was interrupted
	LastFailed   Cause = "last-run-failed"      // the last attempt failed
	Overwritten  Cause = "overwritten"          // somebody has overwritten its outputs
	InputChanged Cause = "changed"              // an input differs, see Decision.Changed
	Missing      Cause = "missing"              // an output is missing
	DepRuns      Cause = "dependency-runs"      // a step it depends on runs
	TooOld       Cause = "too-old"              // the last success is older than MaxAge
	Forced       Cause = "forced"               // asked for
	Accompanies  Cause = "accompanies"          // the step that it runs with runs
	UpToDate     Cause = "up-to-date"           // none of these: skip
	Meanwhile    Cause = "up-to-date-meanwhile" // another process ran it while this one waited: skip
)

// A Decision says whether a step runs, and why.
type Decision struct {
	Run   bool
	Cause Cause
	// Text is the reason for people.
	Text string
	// Detail is additional information, "" for none: see Step.Detail.
	Detail string
	// Changed lists the changed inputs if the cause is InputChanged.
	Changed []string
}

// String returns the reason, and the detail after it.
func (d Decision) String() string {
	if d.Detail == "" {
		return d.Text
	}
	return d.Text + "; " + d.Detail
}

func run(c Cause, format string, args ...any) Decision {
	return Decision{Run: true, Cause: c, Text: fmt.Sprintf(format, args...)}
}

// situation has the facts on which a decision about a step depends.
type situation struct {
	step    *Step
	record  Record
	loadErr error         // from loading the record
	inputs  []InputDigest // all of them; without the late ones if depRuns is set
	depRuns string        // the step below that runs, or ""
	busy    string        // who holds the step's locks, or ""
	now     time.Time
}

// decide returns the first reason to run that applies, or a skip. It fails only if ctx ends while
// the step checks its outputs.
func (s situation) decide(ctx context.Context) (Decision, error) {
	if s.step.Always != "" {
		return run(Always, "%s", s.step.Always), nil
	}
	if d := s.byRecord(); d.Run {
		return d, nil
	}
	if s.step.Missing != nil {
		gone := s.step.Missing(ctx, s.record)
		switch {
		case ctx.Err() != nil: // the answer may cover only a part of the outputs
			return Decision{}, context.Cause(ctx)
		case gone != "":
			return run(Missing, "%s", gone), nil
		}
	}
	if d := s.byOccasion(); d.Run {
		return d, nil
	}
	return s.skip(), nil
}

// unreadable reports whether there is a record that can't be read.
func (s situation) unreadable() bool {
	return s.loadErr != nil && !errors.Is(s.loadErr, fs.ErrNotExist)
}

// byRecord compares the record with the present inputs, and returns the first reason to run; the
// zero decision means none.
func (s situation) byRecord() Decision {
	step, record := s.step, s.record
	switch {
	case step.Record == "":
		return Decision{}
	case errors.Is(s.loadErr, fs.ErrNotExist):
		return run(NeverRun, "first run")
	case s.unreadable():
		return run(Unreadable, "record can't be read: %v", s.loadErr)
	case record.State == Started && s.busy != "":
		return run(Busy, "%s is running it; decided again when it ends", s.busy)
	case record.State == Started, record.State == Stopped:
		return run(Interrupted, "last run interrupted")
	case record.State == Failed:
		return run(LastFailed, "last run failed")
	}
	if step.Overwritten != nil {
		if by := step.Overwritten(record); by != "" {
			return run(Overwritten, "%s", by)
		}
	}
	if changed := changedInputs(record.Inputs, s.inputs, s.depRuns != ""); len(changed) > 0 {
		d := run(InputChanged, "changed: %s", strings.Join(changed, ", "))
		d.Changed = changed
		return d
	}
	if s.depRuns == "" && record.Key != newKey(step.Kind, step.Version, s.inputs) {
		// All inputs are the same, so the rules of the step's kind have changed.
		return run(InputChanged, "changed: dot's %s step", step.Kind)
	}
	return Decision{}
}

// byOccasion returns the first reason to run a step again whose last success is complete and has
// the present inputs; the zero decision means none.
func (s situation) byOccasion() Decision {
	step, record := s.step, s.record
	switch {
	case step.Record == "":
		return Decision{}
	case s.depRuns != "":
		return run(DepRuns, "after %s", s.depRuns)
	case step.MaxAge > 0 && s.now.Sub(record.Finished) > step.MaxAge:
		return run(TooOld, "older than %s", shortDuration(step.MaxAge))
	case step.MaxAge > 0 && s.now.Before(record.Finished): // the clock was set back: the age is unknown
		return run(TooOld, "last run has a future date")
	case step.Force:
		return run(Forced, "--force")
	}
	return Decision{}
}

func (s situation) skip() Decision {
	d := Decision{Cause: UpToDate, Text: "up to date"}
	if s.step.Summary != nil {
		if text := s.step.Summary(s.record); text != "" {
			d.Text = text
		}
	}
	return d
}

// shortDuration prints a duration without zero units: 12h, 1h30m.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
