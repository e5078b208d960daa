//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// A selection that only one side has is expected, even where a selection that matches nothing is an
// error: by a flag of the project, or of the user.
func TestCompareSelectionOfOneSide(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml": strings.Replace(tables, "flags:", "flags:\n  warn_error_options: {error: [NoNodesForSelectionCriteria]}", 1),
			"models/a.sql":    "select 1 as x\n",
		})
		s.write("models/m.sql", "select 2 as x\n")
		s.commit("One more")
		s.mustDot("build", "prod@HEAD~", "dev@HEAD")
		s.wantVerdicts(s.compare(0, "prod@HEAD~", "dev@HEAD", "-s", "m"), 0, "m: added")
		s.refused([]string{"compare", "prod@HEAD~", "dev@HEAD", "-s", "nope"}, "list list list list", "the selection matches no relation of either build")
		s.during([]string{"DBT_WARN_ERROR_OPTIONS={error: [NoNodesForSelectionCriteria]}"}, func() {
			s.mustDot("build", "prod@HEAD~", "dev@HEAD") // the variable is an input of theirs
			s.wantVerdicts(s.compare(0, "prod@HEAD~", "dev@HEAD", "-s", "m"), 0, "m: added")
		})
	})
}
