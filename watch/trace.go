package watch

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
)

// A Trace is a run in the Trace Event Format, which chrome://tracing and Perfetto show. Each build is a
// process, with tracks for its command and for dbt's threads. The other steps are in one more process.
// (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU)
type Trace struct {
	start  time.Time
	events []traceEvent
	tracks map[track]int // their numbers
}

// track is a track of a build, or of the other steps (build is "").
type track struct{ build, name string }

// traceEvent is one event; times are in microseconds.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"` // X is a span, M names a process or a track
	Time     int64          `json:"ts"`
	Duration int64          `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Track    int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
}

// NewTrace makes the trace of a run that began at start. said may be nil if nothing listened to dbt.
func NewTrace(start time.Time, builds []*steps.Built, said *Watcher, r *graph.Result) *Trace {
	t := &Trace{start: start, tracks: map[track]int{}}
	known := newBoard(builds, start)
	if said != nil {
		known = said.board
	}
	t.name("process_name", 0, 0, "other steps")
	for _, one := range known.builds {
		t.name("process_name", one.number, 0, one.Name)
	}
	for i, planned := range r.Plan.Steps {
		t.step(planned, r.Steps[i], known.buildOf(planned.Step))
	}
	for _, at := range slices.SortedFunc(maps.Keys(t.tracks), func(a, b track) int { return t.tracks[a] - t.tracks[b] }) {
		t.name("thread_name", t.process(at.build, known), t.tracks[at], at.name)
	}
	return t
}

// process returns the number of a build's process.
func (*Trace) process(name string, b *board) int {
	for _, one := range b.builds {
		if one.Name == name {
			return one.number
		}
	}
	return 0
}

// step adds a step that ran, and the nodes of its command.
func (t *Trace) step(planned graph.Planned, r graph.StepResult, one *tracked) {
	if r.Outcome != graph.OK && r.Outcome != graph.Broken {
		return
	}
	process, name := 0, ""
	if one != nil {
		process, name = one.number, one.Name
	}
	lane := planned.Step.Name
	if one != nil {
		lane = "command"
	}
	t.span(planned.Step.Name, "step", r.Started, r.Finished, process, track{name, lane}, map[string]any{
		"outcome": string(r.Outcome), "reason": planned.Decision.String(),
	})
	if one == nil {
		return
	}
	for _, n := range one.ranNodes() {
		t.span(n.UniqueID, n.Type, n.started, n.ended, process, track{name, n.thread}, map[string]any{
			"status": string(n.Status), "message": n.Message,
		})
	}
}

// span adds a span to a track, unless it has no start or end.
func (t *Trace) span(name, category string, from, to time.Time, process int, on track, args map[string]any) {
	if from.IsZero() || to.IsZero() {
		return
	}
	if t.tracks[on] == 0 {
		t.tracks[on] = len(t.tracks) + 1
	}
	t.events = append(t.events, traceEvent{
		Name: name, Category: category, Phase: "X", Time: from.Sub(t.start).Microseconds(),
		Duration: max(0, to.Sub(from).Microseconds()), Process: process, Track: t.tracks[on], Args: args,
	})
}

func (t *Trace) name(what string, process, track int, name string) {
	t.events = append(t.events, traceEvent{Name: what, Phase: "M", Process: process, Track: track, Args: map[string]any{"name": name}})
}

// Write writes the trace as JSON.
func (t *Trace) Write(w io.Writer) error {
	err := json.NewEncoder(w).Encode(map[string]any{"displayTimeUnit": "ms", "traceEvents": t.events})
	if err != nil {
		return fmt.Errorf("write the trace: %w", err)
	}
	return nil
}
