//go:build unix

package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Texts that a terminal would obey: an escape sequence, its eight-bit form, and a
// change of direction.
const (
	escape   = "\x1b]0;owned\x07\x1b[31m"
	eightBit = "\x9b31m"
	reversed = "\u202e"
)

// steers matches characters that must not reach a terminal, except for line ends.
var steers = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\ufeff]")

// TestHostileNames puts such texts into every name that a commit can choose, and
// checks all output of dot.
func TestHostileNames(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	commit := func() {
		t.Helper()
		s.git("add", "--all")
		s.git("commit", "-q", "-m", "subject "+escape+eightBit+reversed)
	}
	seen := ""
	say := func(code int, command string, env ...string) {
		t.Helper()
		out := s.dot(strings.Fields(command), append(env, "STANDIN_FAIL=orders")...)
		if out.code != code {
			t.Errorf("dot %s: exit code %d, want %d", command, out.code, code)
		}
		for line := range strings.Lines(out.both) {
			// What dbt itself prints of a build passes through as it is.
			if text := strings.TrimSuffix(line, "\n"); steers.MatchString(text) || strings.HasPrefix(text, "error: forged") {
				t.Errorf("dot %s says %q", command, text)
			}
		}
		seen += out.both
	}
	both := escape + "\nerror: forged"

	s.git("branch", "evil"+reversed)
	s.write("models/a"+escape+".sql", "select 1")
	s.write("models/b"+eightBit+"\nerror: forged.sql", "select 2")
	commit()
	for _, command := range []string{"plan build dev@HEAD", "explain build dev@HEAD", "plan build dev@evil" + reversed + "x", "plan build dev@HEAD --format json"} {
		say(map[bool]int{true: 2}[strings.HasSuffix(command, "x")], command)
	}
	s.dot([]string{"build", "dev@HEAD"})
	s.write(".dot/build/"+s.git("rev-parse", "--short", "HEAD")+"/worktree/models/c"+both+".sql", "select 3")
	say(2, "build dev@HEAD --force") // lists the change

	// Nodes, schemas and hooks.
	s.write("models/a"+escape+".sql", "{{ config(schema='x', pre_hook='"+escape+"') }}select 1")
	s.write("macros/schema.sql", "{% macro generate_schema_name(custom, node) %}"+both+"{% endmacro %}")
	commit()
	say(2, "build dev@HEAD")

	for name, text := range map[string]string{
		"packages.yml":    "packages: [{local: \"../" + `\e[31m\nerror: forged` + "\"}]\n",
		"dbt_project.yml": "name: shop\nprofile: \"" + `\e[31m\nerror: forged` + "\"\n",
	} {
		was, err := os.ReadFile(s.file(name))
		s.write(name, text)
		commit()
		say(2, "plan build dev@HEAD")
		if s.write(name, string(was)); err != nil {
			s.remove(name)
		}
	}
	if !strings.Contains(seen, `\x1b`) {
		t.Errorf("no hostile name was shown at all:\n%s", seen)
	}
}
