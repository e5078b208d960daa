package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// A plight is a situation in which dot prints an error or a warning with hints.
type plight struct {
	name    string
	arrange func(*shop)
	command string
	// commands is how many of the hints are commands or flags that can be tried.
	commands int
	// unable is the stand-in's complaint about the hint's command that it doesn't know.
	unable string
}

// plights has a situation for each kind of hint that is a command, as far as the stand-in gets into
// it. Not here: hints for dbt's own commands (pip install …), for git's (git fetch), and for a
// database that lost a relation, which TestWarehouse asks for.
var plights = []plight{
	{"a baseline that was never built", nil, "build dev@HEAD --defer prod@main -s orders", 1, ""},
	{"sides that were never built", nil, "compare prod@main dev@HEAD", 2, "dbt could not compare"},
	{"a node that nobody has", func(s *shop) {
		s.run("build prod@main -s payments")
	}, "build dev@HEAD --defer prod@main -s revenue", 2, ""},
	{"a changed node that was not built", func(s *shop) {
		s.run("build prod@main")
	}, "build dev@HEAD --defer prod@main -s average --exclude orders", 0, ""},
	{"nothing to retry", nil, "retry dev@HEAD", 1, ""},
	{"a test of nothing", func(s *shop) { s.run("build prod@main") }, "test dev@HEAD", 2, ""},
	{"a test of a piece", func(s *shop) {
		s.run("build prod@main")
		s.run("build dev@HEAD --defer prod@main -s average")
	}, "test dev@HEAD", 1, ""},
	{"no artifacts", func(s *shop) {
		s.run("build prod@main")
		s.forEach(".dot/build/*/env/prod/state/*/manifest.json", os.Remove)
	}, "build dev@HEAD --defer prod@main --modified", 1, ""},
	{"artifacts of nothing", func(s *shop) {
		s.run("build prod@main dev@HEAD")
		s.forEach(".dot/build/*/env/prod/state/*/manifest.json", func(name string) error { return os.WriteFile(name, []byte("{"), 0o600) })
	}, "build dev@HEAD --defer prod@main --modified", 1, ""},
	{"an edited ledger", func(s *shop) {
		s.run("build prod@main")
		s.forEach(".dot/places/*.json", func(name string) error { return os.WriteFile(name, []byte("{}"), 0o600) })
	}, "build dev@HEAD --defer prod@main --modified", 1, ""},
	{"an edited worktree", func(s *shop) {
		s.run("build dev@HEAD")
		s.write(".dot/build/"+s.git("rev-parse", "--short", "HEAD")+"/worktree/models/orders.sql", "select 1")
	}, "build dev@HEAD --force", 1, ""},
	{"a worktree at another commit", func(s *shop) {
		s.run("build dev@HEAD")
		s.git("-C", ".dot/build/"+s.git("rev-parse", "--short", "HEAD")+"/worktree", "checkout", "-q", "main")
	}, "build dev@HEAD", 1, ""},
	{"a path of the working tree", nil, "path dev", 2, ""},
	{"a comparison of the working tree", func(s *shop) { s.run("build prod@main dev@HEAD dev@.") }, "compare prod@main dev", 2, "dbt could not compare"},
	{"a branch as environment", nil, "build main", 1, ""},
	{"a flag of dbt's", nil, "build dev@HEAD --full-refresh --empty", 1, ""},
	{"a flag that means nothing", nil, "doctor --resume", 1, ""},
	{"an unknown flag", nil, "build --nope", 1, ""},
	{"compare alone", func(s *shop) { s.run("build prod@main dev@HEAD") }, "compare", 2, "dbt could not compare"},
	{"a macro before the --", nil, "run-operation dev@HEAD hello", 1, "No such command"},
	{"packages that are not installed", func(s *shop) {
		s.write("packages.yml", "packages:\n  - local: packages/money\n")
		s.write("packages/money/dbt_project.yml", "name: money\n")
	}, "build dev", 1, ""},
	{"a failure among several", func(s *shop) {
		if out := s.dot([]string{"build", "prod@main", "dev@HEAD"}, "STANDIN_FAIL=orders"); out.code == 0 {
			s.t.Fatal("it did not fail")
		}
	}, "build prod@main dev@HEAD", 0, ""},
	{"a protected environment", func(s *shop) {
		s.write("dot_environments.user.yml", "environment:\n  prod: {dot: {protected: true}}\n")
	}, "build prod", 2, ""},
}

// forEach calls do for each file that matches.
func (s *shop) forEach(pattern string, do func(string) error) {
	s.t.Helper()
	files, err := filepath.Glob(s.file(pattern))
	if err != nil || len(files) == 0 {
		s.t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	for _, name := range files {
		if err := do(name); err != nil {
			s.t.Fatal(err)
		}
	}
}

// hintLine matches a printed hint; problemLine, what it belongs to.
var (
	hintLine    = regexp.MustCompile(`(?m)^hint: (.*)$`)
	problemLine = regexp.MustCompile(`(?m)^(?:error|warning): (.*)$`)
	dotInHint   = regexp.MustCompile("(?:^|[ `(])(dot [a-z][^`]*)")
	specInHint  = regexp.MustCompile(`: (\w*@[.\w]+)$`)
	flagInHint  = regexp.MustCompile(`(?:^|[ ,])(--[a-z-]+(?: [a-z]+@\w+)?)`)
)

// tryable returns the command line that a hint of a failed command means; nil if it means none.
func tryable(hint, failed string) []string {
	if m := dotInHint.FindStringSubmatch(hint); m != nil {
		line, _, _ := strings.Cut(m[1], " lists ") // dot build --help lists …
		return shellWords(strings.TrimSuffix(strings.TrimSpace(strings.TrimPrefix(line, "dot ")), ")"))
	}
	if m := specInHint.FindStringSubmatch(hint); m != nil && !strings.HasPrefix(hint, "or, if") {
		words := strings.Fields(failed)
		for i, word := range words[1:] {
			if !strings.Contains(word, "@") {
				words[i+1] = m[1]
				return words
			}
		}
	}
	if m := flagInHint.FindStringSubmatch(hint); m != nil && !strings.Contains(hint, "dbt's own") {
		return append(strings.Fields(failed), strings.Fields(m[1])...)
	}
	return nil
}

// shellWords splits a line as a shell does that knows single quotes only.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// TestHintsLeadOn proves that no hint leads in a circle: the command that a hint names ends well, and
// after it the command that failed ends in another way, unless the hint's command replaces it.
func TestHintsLeadOn(t *testing.T) {
	withoutRace(t)
	for _, p := range plights {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			arranged := func() (*shop, said) {
				s := newShop(t)
				if p.arrange != nil {
					p.arrange(s)
				}
				s.now = s.now.Add(time.Minute)
				return s, s.dot(strings.Fields(p.command))
			}
			_, out := arranged()
			tried := 0
			for _, m := range hintLine.FindAllStringSubmatch(out.stderr, -1) {
				args := tryable(m[1], p.command)
				if args == nil {
					continue
				}
				tried++
				s, before := arranged()
				s.now = s.now.Add(time.Minute)
				hinted := s.dot(args)
				if hinted.code != 0 && (p.unable == "" || !strings.Contains(hinted.both, p.unable)) {
					t.Errorf("hint %q: dot %s ends with %d:\n%s", m[1], strings.Join(args, " "), hinted.code, hinted.both)
				}
				if again := s.dot(strings.Fields(p.command)); args[0] != strings.Fields(p.command)[0] && len(problems(before)) > 0 && slices.Equal(problems(again), problems(before)) {
					t.Errorf("hint %q: after dot %s the same again:\n%s", m[1], strings.Join(args, " "), again.both)
				}
			}
			if tried != p.commands {
				t.Errorf("%d hints were tried, want %d:\n%s", tried, p.commands, out.both)
			}
		})
	}
}

// problems returns the errors and warnings that dot said.
func problems(out said) []string {
	var all []string
	for _, m := range problemLine.FindAllStringSubmatch(out.stderr, -1) {
		all = append(all, m[1])
	}
	return all
}
