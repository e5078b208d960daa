package steps

import (
	"encoding/json"
	"fmt"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
)

// A baseline is the build that is deferred to. The jobs that defer to it share it,
// and nothing changes it after planning.
type baseline struct {
	build *build
	spec  spec.Spec
	// state is dbt's --state.
	state string
	// nodes is how many nodes it has; 0 if that isn't known yet.
	nodes int
	// within is the step of this invocation that builds it first; "" if it stands
	// already.
	within string
}

// step names the step that stands for the baseline.
func (base *baseline) step() string { return "baseline " + base.build.String() }

// isOf reports whether a job is on the baseline itself.
func (base *baseline) isOf(job *job) bool {
	return job.build != nil && job.build.ID() == base.build.ID()
}

// noneOf names what isn't read of a baseline.
func (base *baseline) noneOf() string {
	if base.nodes == 0 {
		return "nothing of the baseline"
	}
	return fmt.Sprintf("none of the baseline's %s", text.Plural(base.nodes, "node"))
}

// baselineStep stands for the baseline in the plan: there is nothing to run. What
// the baseline built is part of the key of the steps that defer to it, read when
// such a step is decided upon. A baseline that is itself among the builds of the
// invocation is built first. Its key is not an input of the builds that defer to
// it, so their keys match those of a run where it already existed.
func (rt *runtime) baselineStep(base *baseline) *graph.Step {
	b := base.build
	if base.within != "" {
		return &graph.Step{
			Name: base.step(), Kind: "baseline", Version: 1,
			Deps:    []string{base.within},
			Summary: func(graph.Record) string { return "as " + base.within + " leaves it" },
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
				text += ", as dbt's run_results.json says"
			}
			return text
		},
		Locks: []graph.Lock{shared(b.buildLock()), shared(b.placeLock())},
	}
}

// baselineInput is what a job reads of its baseline, for its key: each node with
// the run that wrote it. A state: selector depends on the whole of it.
func (rt *runtime) baselineInput(job *job) (graph.Input, error) {
	base := job.baseline
	s, err := rt.standing(base.build, base.spec, toDefer)
	if err != nil {
		return graph.Input{}, err
	}
	identity := []string{base.build.ID()}
	if job.selectsByState() {
		identity = append(identity, s.Run.ID)
	}
	if res, err := rt.resolve(job); err == nil { // else the check has not run yet, and the command will
		identity = append(identity, res.digest())
	}
	value, err := json.Marshal(identity)
	return graph.Input{Label: "baseline", Value: string(value), Show: base.build.String()}, err
}

// checkedBaseline is the baseline in the key of a job's check, which finds out
// what the job reads of it.
func checkedBaseline(job *job) graph.Input {
	return graph.Input{Label: "baseline", Value: job.baseline.build.ID(), Show: job.baseline.build.String()}
}
