//go:build unix

package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// TestReads follows what plans and explanations say of the nodes that a deferred build
// reads, and the hints about missing ones: E.2, G.2.
func TestReads(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, layered)
		s.use(dbt)
		s.mustDot("build", "prod@main")
		s.git("switch", "--quiet", "--create", "twice")
		s.write("models/a.sql", "select 2 as x\n")
		s.write("models/schema.yml", "")
		s.commit("a is 2")
		says := func(want string, args ...string) {
			t.Helper()
			if out := s.mustDot(args...); !regexp.MustCompile(`(?m)` + want).MatchString(out.stdout) {
				t.Errorf("dot %s does not say %q:\n%s", strings.Join(args, " "), want, out.stdout)
			}
		}

		s.part("nothing is known before the check", func() {
			says(`^ +reads: not known until the check has run$`, "plan", "run", "dev@HEAD", "--defer", "prod@main", "-s", "b")
		})
		s.part("own nodes and those below", func() {
			s.mustDot("run", "dev@HEAD", "--defer", "prod@main", "-s", "a")
			s.mustDot("run", "dev@HEAD", "--defer", "prod@main", "-s", "b c")
			says(`^ +reads 1 node: 1 own$`, "plan", "run", "dev@HEAD", "--defer", "prod@main", "-s", "b c")
			s.write("models/d.sql", "select b.x from {{ ref('b') }} b, {{ ref('other') }}\n")
			s.commit("d reads two")
			s.mustDot("run", "dev@HEAD", "--defer", "dev@HEAD~1", "-s", "d")
			args := []string{"run", "dev@HEAD", "--defer", "dev@HEAD~1", "-s", "d"}
			says(`^ +reads 2 nodes: 1 of dev@\w+, 1 of prod@\w+$`, append([]string{"plan"}, args...)...)
			says(`^ +other +prod@\w+ +not built here, and not changed by dev@\w+; `, append([]string{"explain"}, args...)...)
			s.wantTable("dev@HEAD", "d", "2")
		})
		s.part("a missing one, and the hints", func() {
			s.mustDot("run", "prod@HEAD", "--defer", "prod@main", "-s", "c")
			s.git("switch", "--quiet", "--create", "next")
			s.write("models/e.sql", "select x from {{ ref('a') }}\n")
			s.commit("e reads a")
			args := []string{"run", "dev@next", "--defer", "prod@twice", "-s", "e"}
			out := s.ends(2, "a is changed by prod@", args...)
			says(`^ +reads 1 node: 1 missing$`, append([]string{"plan"}, args...)...)
			hints := regexp.MustCompile(`(?m)^hint: build it in \S+: dot (.*)$`).FindStringSubmatch(out.stderr)
			if hints == nil {
				t.Fatalf("no hint builds it there:\n%s", out.stderr)
			}
			s.mustDot(strings.Fields(hints[1])...)
			s.mustDot(args...)
			says(`^ +reads 1 node: 1 of prod@\w+$`, append([]string{"plan"}, args...)...)
			s.wantTable("dev@next", "e", "2")
		})
		s.part("a selection that matches nothing", func() {
			out := s.mustDot("build", "dev@main", "-s", "nope")
			if !strings.Contains(out.stderr, ": -s nope selects nothing") || strings.Contains(out.stderr, "done ") {
				t.Errorf("said: %s", out.stderr)
			}
			s.ends(2, "there is nothing to defer to", "build", "prod@HEAD", "--defer", "dev@main", "--modified")
		})
	})
}
