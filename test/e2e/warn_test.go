//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// typo names a model and a column's test that aren't there.
var typo = map[string]string{
	"models/typo.yml": "models:\n  - name: prizes\n    columns: [{name: id, data_tests: [unique]}]\n",
}

// The warnings of dbt about typo.
const (
	noModel = "Did not find matching node for patch with name 'prizes'"
	noNode  = "depends on a node named 'prizes' in package '' which was not found"
)

// warns fails the test unless dot says each of dbt's warnings this many times.
func (s *shop) warns(res result, times int) {
	s.t.Helper()
	for _, warning := range []string{noModel, noNode} {
		if got := strings.Count(res.stdout+res.stderr, warning); got != times {
			s.t.Errorf("said %d times, want %d: %s", got, times, warning)
		}
	}
}

// fails fails the test unless dot ends with dbt's exit code for a parse warning as an error, and
// says the warning.
func (s *shop) fails(args ...string) {
	s.t.Helper()
	res := s.dot(args...)
	if res.code != 2 || !strings.Contains(res.stdout+res.stderr, noModel) {
		s.t.Errorf("dot %s: exit code %d, want 2, and dbt's warning", strings.Join(args, " "), res.code)
	}
}

// D.8: dbt's warnings about the project's files are said once, though the check parses first;
// with --warn-error they are errors.
func TestParseWarnings(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, typo)
		s.unhosted()
		s.warns(s.mustDot("build", "dev@HEAD", "-s", "prices"), 1)
		s.warns(s.mustDot("build", "dev@HEAD", "-s", "prices", "--force"), 0) // as dbt, which reuses its parse
		s.fails("compile", "dev@HEAD", "--", "--warn-error")
		s.setenv("DBT_WARN_ERROR_OPTIONS={error: [NoNodeForYamlKey]}")
		s.fails("build", "dev@HEAD", "-s", "prices")
		s.setenv("DBT_WARN_ERROR_OPTIONS=")

		s.setenv("DOT_DBT_HOST=")
		s.write("README.md", "words\n")
		s.commit("Add words")
		// Nothing is changed, which --warn-error makes an error of, too.
		options := `{error: all, warn: [NoNodeForYamlKey, NodeNotFoundOrDisabled, NoNodesForSelectionCriteria, NothingToDo]}`
		s.mustDot("build", "dev@HEAD~1")
		s.warns(s.mustDot("build", "dev@HEAD", "--defer", "dev@HEAD~1", "--modified", "--", "--warn-error-options", options), 1)
		s.warns(s.mustDot("test", "prod@HEAD~1", "prod@HEAD", "-s", "nope", "--log", "quiet"), 2)
		s.fails("run", "prod@HEAD", "--", "--warn-error")
	})
}
