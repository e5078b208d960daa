package steps

import (
	goruntime "runtime"
	"testing"
	"weak"
)

// PlannerOutlives compiles an invocation, and reports whether the planner can be
// reached from the program. A closure that holds it counts, too.
func PlannerOutlives(t *testing.T, world World, req Request) bool {
	t.Helper()
	program, gone := func() (*Program, weak.Pointer[planner]) {
		p, given, err := open(t.Context(), world, req)
		if err != nil {
			t.Fatal(err)
		}
		defer p.close()
		if err := p.compile(t.Context(), given); err != nil {
			t.Fatal(err)
		}
		return p.program, weak.Make(p)
	}()
	goruntime.GC()
	outlives := gone.Value() != nil
	goruntime.KeepAlive(program)
	return outlives
}
