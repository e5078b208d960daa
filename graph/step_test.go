package graph_test

import (
	"fmt"
	"strings"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// parseSteps makes steps of lines such as "c: a b > d": c depends on a and b and comes after d.
func parseSteps(lines ...string) []*graph.Step {
	var steps []*graph.Step
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, ":")
		deps, after, _ := strings.Cut(rest, ">")
		steps = append(steps, &graph.Step{
			Name: name, Kind: "made up", Record: name, Action: nothing,
			Deps: strings.Fields(deps), After: strings.Fields(after),
		})
	}
	return steps
}

func TestNewOrder(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []string
		want  string
	}{
		{"none", nil, ""},
		{"as given where nothing is asked", []string{"c", "a", "b"}, "c a b"},
		{"as given where that is an order already", []string{"b", "a: b", "d", "c: a d"}, "b a d c"},
		{"a dependency moves up to before its first use", []string{"c: b", "a", "b"}, "b c a"},
		{"dependencies keep the order in which they are named", []string{"z: y x", "x", "y"}, "y x z"},
		{"after moves up too", []string{"c: > b", "a", "b"}, "b c a"},
		{"after a step that isn't in the graph", []string{"c: > gone", "a"}, "c a"},
		{"a chain given backwards", []string{"d: c", "c: b", "b: a", "a"}, "a b c d"},
		{"a diamond", []string{"d: b c", "c: a", "b: a", "a"}, "a b c d"},
		{"named as dependency and as after", []string{"b: a > a", "a"}, "a b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGraph(t, parseSteps(tt.steps...)...)
			var order []string
			for _, s := range mustPlan(t, g, newWorld().env()).Steps {
				order = append(order, s.Step.Name)
			}
			if diff := cmp.Diff(tt.want, strings.Join(order, " ")); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewErrors(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []string
		want  string
	}{
		{"two steps of a name", []string{"a", "b", "a"}, `two steps are named "a"`},
		{"a dependency that isn't there", []string{"a", "b: a gone"}, `step "b" depends on "gone", which is not in the graph`},
		{"on itself", []string{"a: a"}, `step "a" depends on itself`},
		{"after itself", []string{"a: > a"}, `step "a" depends on itself`},
		{"a cycle", []string{"x", "a: b", "b: c", "c: a"}, `step "a" depends on itself`},
		{"a cycle through after", []string{"a: b", "b: > a"}, `step "a" depends on itself`},
		{"a missing dependency of a later step", []string{"a: b", "b: gone"}, `step "b" depends on "gone", which is not in the graph`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, err := graph.New(parseSteps(tt.steps...)...)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, %v; want the error %q", g, err, tt.want)
			}
		})
	}
}

// A step that can run needs an action. A step that never runs doesn't.
func TestNewWithoutAction(t *testing.T) {
	const want = `step "a" can run, but has no action`
	for _, tt := range []struct {
		name string
		step graph.Step
		want string
	}{
		{"with a record", graph.Step{Record: "a"}, want},
		{"with outputs", graph.Step{Missing: gone("it is gone")}, want},
		{"one that always runs", graph.Step{Always: "asked for"}, want},
		{"one that never runs", graph.Step{Force: true}, "<nil>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.step.Name = "a"
			if _, err := graph.New(&tt.step); fmt.Sprint(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
