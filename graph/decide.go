package graph

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// A Cause is the sort of reason behind a decision, in a form for scripts.
type Cause string

// The causes, in the order in which they are looked for: a decision gives the
// first that holds.
const (
	Always       Cause = "always"               // the step must always run
	NeverRun     Cause = "never-run"            // there is no record
	Unreadable   Cause = "record-unreadable"    // there is one that can't be read
	Busy         Cause = "busy"                 // another process is at it
	Interrupted  Cause = "interrupted"          // the last attempt did not get to its end
	LastFailed   Cause = "last-run-failed"      // the last attempt failed
	Overwritten  Cause = "overwritten"          // somebody wrote over what it made
	InputChanged Cause = "changed"              // an input differs, see Decision.Changed
	Missing      Cause = "missing"              // what it made is gone
	DepRuns      Cause = "dependency-runs"      // a step it depends on runs
	TooOld       Cause = "too-old"              // the last success is older than MaxAge
	Forced       Cause = "forced"               // asked for
	UpToDate     Cause = "up-to-date"           // none of these: skip
	Meanwhile    Cause = "up-to-date-meanwhile" // another process did it while this one waited: skip
)

// A Decision says whether a step runs, and why.
type Decision struct {
	Run   bool
	Cause Cause
	// Text is the reason as a person reads it.
	Text string
	// Detail is what there is to know besides, "" for nothing: see
	// Step.Detail.
	Detail string
	// Changed names the inputs behind InputChanged.
	Changed []string
}

// String returns the reason, and the detail after it.
func (d Decision) String() string {
	if d.Detail == "" {
		return d.Text
	}
	return d.Text + " · " + d.Detail
}

func run(c Cause, format string, args ...any) Decision {
	return Decision{Run: true, Cause: c, Text: fmt.Sprintf(format, args...)}
}

// situation is what a decision about a step rests on.
type situation struct {
	step    *Step
	record  Record
	loadErr error         // of the record
	inputs  []InputDigest // all of them, or without the late ones where depRuns
	depRuns string        // the step below that runs, or ""
	busy    string        // who holds the step's locks, or ""
	now     time.Time
}

// decide gives the first reason to run that holds, or skips. It fails only when
// ctx ends while the step looks for its outputs.
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
		case ctx.Err() != nil: // the answer may be about half of the outputs
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

// byRecord gives the first reason to run that the record gives, beside the
// inputs of now; the zero decision is none.
func (s situation) byRecord() Decision {
	step, record := s.step, s.record
	switch {
	case step.Record == "":
		return Decision{}
	case errors.Is(s.loadErr, fs.ErrNotExist):
		return run(NeverRun, "never run")
	case s.loadErr != nil:
		return run(Unreadable, "record can't be read: %v", s.loadErr)
	case record.State == Started && s.busy != "":
		return run(Busy, "%s is at it; decided again when it ends", s.busy)
	case record.State == Started, record.State == Stopped:
		return run(Interrupted, "interrupted")
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
		// Every input is as it was, so it is the kind's own rules that differ.
		return run(InputChanged, "changed: dot's %s step", step.Kind)
	}
	return Decision{}
}

// byOccasion gives the first reason to run a step whose last success is whole
// and has the inputs of now; the zero decision is none.
func (s situation) byOccasion() Decision {
	step, record := s.step, s.record
	switch {
	case step.Record == "":
		return Decision{}
	case s.depRuns != "":
		return run(DepRuns, "after %s", s.depRuns)
	case step.MaxAge > 0 && s.now.Sub(record.Finished) > step.MaxAge:
		return run(TooOld, "older than %s", shortDuration(step.MaxAge))
	case step.MaxAge > 0 && s.now.Before(record.Finished): // the clock was set back: any age is possible
		return run(TooOld, "last run in the future")
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

// shortDuration prints a duration without the units that are zero: 12h, 1h30m.
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
