package steps_test

import (
	"testing"

	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// Steps hold nothing that only planning needs: no action and no function of a
// step holds the planner.
func TestPlannerEnds(t *testing.T) {
	for _, command := range []string{"build", "compile", "deps", "clean", "docs generate", "retry"} {
		t.Run(command, func(t *testing.T) {
			b := newBench(t)
			b.command(command)
			b.specs("dev@HEAD", "prod@HEAD", "dev")
			if command == "build" { // it makes its baseline itself
				b.req.Baseline = &spec.Spec{Env: "prod", Ref: "HEAD"}
			}
			var handed *steps.Program
			b.req.Extend = func(p *steps.Program) error { handed = p; return nil }
			if steps.PlannerOutlives(t, b.world, b.req) {
				t.Error("the planner can be reached from the program")
			}
			if handed == nil {
				t.Error("the program was not extended")
			}
		})
	}
}
