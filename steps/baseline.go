package steps

import (
	"encoding/json"
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A baseline is the build that jobs defer to. Jobs share it, and it doesn't change
// after planning.
type baseline struct {
	build *build
	spec  spec.Spec
	asked spec.Spec // as typed
	// state is dbt's --state.
	state string
	// nodes is the number of its nodes; 0 if that isn't known yet.
	nodes int
	// chain are the layers that it rests on, from the top.
	chain []workspace.LayerRef
	// within is the step of this invocation that builds the baseline first, "" for
	// none.
	within string
}

// step names the step that stands for the baseline.
func (base *baseline) step() string { return "baseline " + base.build.String() }

// isOf reports whether a job builds the baseline itself.
func (base *baseline) isOf(job *job) bool {
	return job.build != nil && job.build.ID() == base.build.ID()
}

// remedy is the hint for a baseline whose artifacts can't be used.
func (base *baseline) remedy() string {
	if base.build.Origin != "" {
		return artifactsRemedy
	}
	return buildIt(base.spec.String(), "--force")
}

// noneOf is the subject of a warning that no node of the baseline is read.
func (base *baseline) noneOf() string {
	if base.nodes == 0 {
		return "nothing of the baseline"
	}
	return fmt.Sprintf("none of the baseline's %s", text.Plural(base.nodes, "node"))
}

// baselineStep stands for the baseline in the plan. It runs nothing, but for a baseline from
// elsewhere. Jobs share it; first is the first of them. Steps that defer to the baseline have
// its runs in their keys, see baselineInput. If the invocation builds the baseline itself, it does so first. The key of that build is
// not an input of the builds that defer to it, so their keys match those of a run
// where it already existed.
func (rt *runtime) baselineStep(first *job) *graph.Step {
	base, b := first.baseline, first.baseline.build
	if b.Origin != "" {
		return rt.elsewhereStep(base, first)
	}
	if b.offered != nil {
		step := rt.receiveStep(base.step(), "baseline", b)
		if first.build != nil { // so that it runs in the order of the plan
			step.After = []string{"profiles " + first.build.String()}
		}
		return step
	}
	if base.within != "" {
		return &graph.Step{
			Name: base.step(), Kind: "baseline", Version: 1,
			Deps:    []string{base.within},
			Summary: func(graph.Record) string { return "one of this run's builds" },
		}
	}
	shared := func(l graph.Lock) graph.Lock { l.Shared = true; return l }
	return &graph.Step{
		Name: base.step(), Kind: "baseline", Version: 1,
		Summary: func(graph.Record) string {
			s, err := rt.standing(b, base.spec, toDefer)
			if err != nil {
				return err.Error()
			}
			text := fmt.Sprintf("built %s, %d of %d nodes ok", rt.ago(s.Run.Time), s.Written(""), max(s.Run.Nodes, len(s.Nodes)))
			if s.adopted {
				text += ", according to dbt's artifacts"
			}
			return text
		},
		Locks: []graph.Lock{shared(b.buildLock()), shared(b.placeLock())},
	}
}

// baselineInput is the input for the baseline's nodes that a job reads, with the run
// that wrote each. A state: selector depends on the baseline's last run, too.
func (ls *layers) baselineInput(job *job) (graph.Input, error) {
	base := job.baseline
	s, err := ls.standing(base.build, base.spec, toDefer)
	if err != nil {
		return graph.Input{}, err
	}
	identity := []string{base.build.ID()}
	if job.selectsByState() {
		identity = append(identity, s.Run.ID)
	}
	if res, err := ls.resolve(job); err == nil { // an error means that the check has not run; then the command runs
		identity = append(identity, res.digest())
	}
	value, err := json.Marshal(identity)
	return graph.Input{Label: "baseline", Value: string(value), Show: base.build.String()}, err
}

// checkedBaseline is the input for the baseline of a job's check: the check runs
// before it is known which nodes the job reads.
func checkedBaseline(job *job) graph.Input {
	return graph.Input{Label: "baseline", Value: job.baseline.build.ID(), Show: job.baseline.build.String()}
}
