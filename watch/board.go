package watch

import (
	"slices"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/steps"
)

// A board has the current state of a run.
type board struct {
	start  time.Time
	builds []*tracked // in the order of the specs
	byStep map[string]*tracked
	active []*activity
	ended  int // the number of steps that have ended
}

// tracked is a build that the command runs on, with its progress.
type tracked struct {
	*steps.Built
	number  int              // in the order of the specs, from 1
	total   int              // how many nodes dbt works on; 0 if it hasn't said so
	done    int              // how many of them have ended
	running []artifact.Event // the start events of running nodes
	nodes   []ran            // the nodes that have ended

	over   bool // the command has ended, or will not run
	failed bool // the command failed, or a step that it depends on
}

// ran is a node that has ended.
type ran struct {
	artifact.NodeRun
	thread         string
	started, ended time.Time
}

// An activity is a step that runs.
type activity struct {
	step  *graph.Step
	since time.Time
	build *tracked // the build whose command it runs; nil for other steps
	told  steps.Progress
}

// progress returns the step's progress, as far as it is known.
func (a *activity) progress() steps.Progress {
	if a.build == nil {
		return a.told
	}
	p := steps.Progress{Done: a.build.done, Total: a.build.total}
	for _, start := range a.build.running {
		p.Running = append(p.Running, start.Node.Name)
	}
	return p
}

func newBoard(builds []*steps.Built, start time.Time) *board {
	b := &board{start: start, byStep: map[string]*tracked{}}
	for i, info := range builds {
		one := &tracked{Built: info, number: i + 1}
		b.builds = append(b.builds, one)
		b.byStep[info.Step] = one
	}
	return b
}

// buildOf returns the build whose command a step runs; nil for other steps.
func (b *board) buildOf(step *graph.Step) *tracked {
	if step == nil {
		return nil
	}
	return b.byStep[step.Name]
}

// observe updates the board with an event.
func (b *board) observe(e graph.Event, now time.Time) {
	one := b.buildOf(e.Planned.Step)
	switch e.Kind {
	case graph.Decided:
		if one != nil {
			one.over = !e.Planned.Decision.Run
		}
	case graph.Beginning:
		b.active = append(b.active, &activity{step: e.Planned.Step, since: now, build: one})
	case graph.Progress:
		switch said := e.Value.(type) {
		case artifact.Event:
			if one != nil {
				one.listen(said)
			}
		case steps.Progress:
			for _, a := range b.active {
				if a.step == e.Planned.Step {
					a.told = said
				}
			}
		}
	case graph.Ended:
		b.ended++
		b.active = slices.DeleteFunc(b.active, func(a *activity) bool { return a.step == e.Planned.Step })
		if one != nil {
			one.over, one.running = true, nil
			one.failed = e.Result.Outcome != graph.OK
		}
	}
}

// listen updates the build with an event from dbt.
func (b *tracked) listen(e artifact.Event) {
	b.total = max(b.total, e.Total)
	n := e.Node
	switch {
	case n == nil:
		return
	case n.Status == "":
		b.running = append(b.running, e)
		return
	}
	ended := ran{NodeRun: *n, thread: e.Thread, started: e.Time, ended: e.Time}
	if i := slices.IndexFunc(b.running, func(start artifact.Event) bool { return start.Node.UniqueID == n.UniqueID }); i >= 0 {
		ended.started = b.running[i].Time
		b.running = slices.Delete(b.running, i, i+1)
	}
	b.nodes = append(b.nodes, ended)
	b.done++ // dbt doesn't count hooks as nodes, neither here nor in total
}

// ranNodes returns the nodes of the build's command that have ended: from dbt's events or, if nothing
// listened to dbt, from its results.
func (b *tracked) ranNodes() []ran {
	if len(b.nodes) > 0 {
		return b.nodes
	}
	results, err := b.Results()
	if err != nil {
		return nil // dbt left no results
	}
	var nodes []ran
	for _, r := range results.Results {
		nodes = append(nodes, ranOf(r))
	}
	return nodes
}

// ranOf returns a node as dbt's results describe it.
func ranOf(r artifact.Result) ran {
	kind, rest, _ := strings.Cut(r.UniqueID, ".")
	_, name, _ := strings.Cut(rest, ".") // after the package's
	n := ran{NodeRun: artifact.NodeRun{Result: r, Type: kind, Name: name}, thread: r.Thread}
	if last := len(r.Timing) - 1; last >= 0 {
		n.started, n.ended = r.Timing[0].Started, r.Timing[last].Completed
	}
	return n
}
