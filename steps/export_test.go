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
		p := compileWith(t, world, req)
		return p.program, weak.Make(p)
	}()
	goruntime.GC()
	outlives := gone.Value() != nil
	goruntime.KeepAlive(program)
	return outlives
}

// LookUps compiles an invocation and returns the number of lookups of each kind:
// every lookup leaves an entry in the cache.
func LookUps(t *testing.T, world World, req Request) map[string]int {
	t.Helper()
	known := compileWith(t, world, req).known
	return map[string]int{
		"files of a commit": len(known.files), "directories of a commit": len(known.commits), "packages of a commit": len(known.made),
		"projects": len(known.projects), "profiles": len(known.profiles), "environments": len(known.environments),
		"outputs": len(known.outputs), "vars": len(known.vars), "dbts": len(known.tools),
	}
}

// compileWith compiles an invocation, and returns the planner that did it.
func compileWith(t *testing.T, world World, req Request) *planner {
	t.Helper()
	p, given, err := open(t.Context(), world, req)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if err := p.compile(t.Context(), given); err != nil {
		t.Fatal(err)
	}
	return p
}
