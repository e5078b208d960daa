package steps

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
)

// findLeftOut finds the selected unit tests that the command does not run. dbt 1's build starts a unit test
// before the model that it tests, so it never runs one whose model isn't selected (1.11.16, 1.12.6).
func (a *checkIsolation) findLeftOut(attempt *graph.Attempt, out *checkOutputs, listed []artifact.Node) error {
	if a.job.Command.Name != "build" || a.job.tool.V2() {
		return nil
	}
	var tests []string
	selected := make(map[string]bool, len(listed))
	for _, n := range listed {
		selected[n.UniqueID] = true
		if isUnitTest(n.UniqueID) {
			tests = append(tests, n.UniqueID)
		}
	}
	for _, n := range out.Stale { // dbt can't select an outdated unit test: listed lacks it
		if isUnitTest(n.ID) {
			tests = appendNew(tests, n.ID)
		}
	}
	if len(tests) == 0 {
		return nil
	}
	project, err := readGraph(filepath.Join(a.job.build.Target(), "manifest.json"))
	if err != nil {
		return err
	}
	for _, id := range tests {
		if !slices.ContainsFunc(project.Parents(id), func(id string) bool { return selected[id] }) {
			out.LeftOut = appendNew(out.LeftOut, project.Name(id))
		}
	}
	if warning := a.job.leftOut(*out); warning != "" && !a.only {
		attempt.Notef("%s", warning)
	}
	return nil
}

func isUnitTest(id string) bool { return strings.HasPrefix(id, "unit_test.") }

// leftOut says which unit tests the job's command does not run, and what runs them; "" if there are none.
func (job *job) leftOut(checked checkOutputs) string {
	names := checked.LeftOut
	if len(names) == 0 {
		return ""
	}
	var args []string
	if job.baseline != nil {
		args = append(args, "--defer", job.baseline.spec.String())
	}
	switch {
	case job.baseline != nil && job.selectsModified():
		args = append(args, "--modified")
	case len(names) <= maxMissing:
		args = append(args, "-s", joined(names))
	default:
		args = append(args, "-s", "test_type:unit")
	}
	which, are := "unit test "+names[0], "is"
	if len(names) > 1 {
		which, are = text.Plural(len(names), "unit test")+" ("+listNames(names)+")", "are"
	}
	return fmt.Sprintf("%s %s not run, since dbt build runs a unit test only with its model: %s", which, are,
		job.typed("test", job.specs[0], append(args, job.typedForDBT()...)...))
}

// LeftOut says, according to a plan, which selected unit tests the command does not run; "" if there are none,
// or if that isn't known.
func (b *Built) LeftOut(plan *graph.Plan) string {
	checked, ok := lastCheck(plan, b.job)
	if !ok {
		return ""
	}
	return b.job.leftOut(checked)
}
