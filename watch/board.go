package watch

import (
	"slices"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/steps"
)

// A board is what is known of a run by now.
type board struct {
	start  time.Time
	builds []*build // in the order of the specs
	byStep map[string]*build
	active []*activity
	ended  int // how many steps have
}

// A build is one of those that the command runs on.
type build struct {
	*steps.Built
	number  int              // in the order of the specs, from 1
	total   int              // how many nodes dbt works on; 0 if it hasn't said
	done    int              // of these
	running []artifact.Event // of the nodes that run, as they started
	nodes   []ran            // that have ended

	over   bool // it has ended, or is not to run
	failed bool // it, or something that it needs
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
	build *build // whose command it is; nil for other steps
	told  steps.Progress
}

// progress is how far it has got, as far as that is known.
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
	b := &board{start: start, byStep: map[string]*build{}}
	for i, info := range builds {
		one := &build{Built: info, number: i + 1}
		b.builds = append(b.builds, one)
		b.byStep[info.Step] = one
	}
	return b
}

// buildOf returns the build whose command a step runs, nil if it is one of the steps before.
func (b *board) buildOf(step *graph.Step) *build {
	if step == nil {
		return nil
	}
	return b.byStep[step.Name]
}

// observe takes in what happens at a time.
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

// listen takes in what dbt says of the build.
func (b *build) listen(e artifact.Event) {
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
	b.done++ // hooks are no nodes to dbt: neither here nor in total
}

// ranNodes are the nodes of a build's command that have ended: as dbt told or, if it wasn't listened to,
// as it left them in its results.
func (b *build) ranNodes() []ran {
	if len(b.nodes) > 0 {
		return b.nodes
	}
	results, err := b.Results()
	if err != nil {
		return nil // it did not get that far
	}
	var nodes []ran
	for _, r := range results.Results {
		nodes = append(nodes, ranOf(r))
	}
	return nodes
}

// ranOf is a node of which only dbt's results tell.
func ranOf(r artifact.Result) ran {
	kind, rest, _ := strings.Cut(r.UniqueID, ".")
	_, name, _ := strings.Cut(rest, ".") // after the package's
	n := ran{NodeRun: artifact.NodeRun{Result: r, Type: kind, Name: name}, thread: r.Thread}
	if last := len(r.Timing) - 1; last >= 0 {
		n.started, n.ended = r.Timing[0].Started, r.Timing[last].Completed
	}
	return n
}
