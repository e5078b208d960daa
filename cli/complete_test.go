package cli_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComplete(t *testing.T) {
	withoutRace(t)
	s := newShop(t)
	head := s.git("rev-parse", "HEAD")
	for _, ref := range []string{
		"refs/heads/feature/x", "refs/heads/$(reboot)", "refs/heads/a'b", "refs/heads/été",
		"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/theirs",
	} {
		s.git("update-ref", ref, head)
	}
	refs := []string{".", "HEAD", "feature/x", "main", "metrics", "v1", "été", "theirs", "origin/main", "origin/theirs"}
	after := func(env string) []string {
		var out []string
		for _, ref := range refs {
			out = append(out, env+"@"+ref)
		}
		return out
	}
	specs := []string{"dev", "dev@", "prod", "prod@"}
	for _, tt := range []struct {
		name, line string // split at spaces; the last word is what is completed
		want       []string
	}{
		{"a command", "bui", []string{"build"}},
		{"dot's own command", "expl", []string{"explain"}},
		{"not a hidden one", "__", nil},
		{"a command of a command", "docs ", []string{"generate", "serve"}},
		{"by its other name", "ls ", specs},
		{"a command to plan", "plan sour", []string{"source"}},
		{"environments", "build ", specs},
		{"an environment", "build d", []string{"dev", "dev@"}},
		{"after the command of a command", "docs generate ", specs},
		{"refs", "build dev@", after("dev")},
		{"refs for the default environment", "build @", after("")},
		{"refs of an environment that isn't there", "build qa@", after("qa")},
		{"a ref with a slash", "build dev@feature/", []string{"dev@feature/x"}},
		{"a ref of a remote", "build dev@origin/t", []string{"dev@origin/theirs"}},
		{"a second spec", "build dev@HEAD prod", []string{"prod", "prod@"}},
		{"no second spec where there is one", "path dev@HEAD ", nil},
		{"for other commands", "path pro", []string{"prod", "prod@"}},
		{"flags", "build --de", []string{"--defer"}},
		{"flags before the command", "--for", []string{"--force"}},
		{"flags of a command", "path --wo", []string{"--worktree"}},
		{"not those of another", "build --wo", nil},
		{"a baseline", "build --defer ", []string{"dev@", "prod@"}},
		{"a baseline to reuse", "build --reuse ", []string{"dev@", "prod@"}},
		{"a baseline in one word", "build --defer=p", []string{"--defer=prod@"}},
		{"a baseline's ref", "build dev@HEAD --defer prod@v", []string{"prod@v1"}},
		{"a baseline's ref in one word", "--defer=prod@v", []string{"--defer=prod@v1"}},
		{"a spec after flags with values", "--max-age 1h build --select a --color=never -s b -v d", []string{"dev", "dev@"}},
		{"a value among few", "plan --format ", []string{"airflow", "argo", "github-matrix", "gitlab", "json", "text"}},
		{"a value that anything may be", "build --vars ", nil},
		{"a value of a switch", "build --force=", nil},
		{"an unknown flag's value", "build --wat=", nil},
		{"a shell", "completion ", []string{"bash", "fish", "zsh"}},
		{"dbt's flags", "build dev@HEAD -- --full", []string{"--full-refresh"}},
		{"dbt's flags of a command of a command", "source freshness -- --output", []string{"--output"}},
		{"not those that dot sets", "build dev@HEAD -- --project", nil},
		{"not those of another command", "parse -- --full", nil},
		{"dbt's arguments", "build -- x", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := s.dot(append([]string{"__complete", "fish"}, strings.Split(tt.line, " ")...))
			if out.code != 0 || out.stderr != "" {
				t.Errorf("exit code %d, stderr %q", out.code, out.stderr)
			}
			var got []string
			for line := range strings.Lines(out.stdout) {
				word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
				got = append(got, word)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// bash passes the line up to the cursor, and the word that it will replace.
func TestCompleteForBash(t *testing.T) {
	s := newShop(t)
	for _, tt := range []struct{ name, line, replaced, want string }{
		{"a word", "dot bui", "bui", "build\n"},
		{"a flag", "dot path @HEAD --logs", "--logs", "--logs\n"},
		{"more space", "  dot   build   pr", "pr", "prod\nprod@\n"},
		{"broken at @", "dot build dev@ma", "ma", "main\n"},
		{"broken at @, which is replaced too", "dot path dev@", "@", "@.\n@HEAD\n@main\n@metrics\n@v1\n"},
		{"broken at = and @", "dot build --defer=dev@ma", "ma", "main\n"},
		{"not broken", "dot build dev@ma", "dev@ma", "dev@main\n"},
		{"in quotes", "dot build 'dev@ma", "'dev@ma", "dev@main\n"},
		{"in quotes, after others", `dot build -s "a b" --exclude 'c d' -v "dev@ma`, "dev@ma", "dev@main\n"},
		{"escaped", `dot build -s a\ b dev@ma`, "ma", "main\n"},
		{"a line that ends in a backslash", `dot build dev@\`, `\`, ".\nHEAD\nmain\nmetrics\nv1\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := s.dot([]string{"__complete", "bash", tt.line, tt.replaced}); got.stdout != tt.want || got.stderr != "" {
				t.Errorf("got %q, stderr %q; want %q", got.stdout, got.stderr, tt.want)
			}
		})
	}
}

func TestCompleteForZsh(t *testing.T) {
	s := newShop(t)
	if got, want := s.run("__complete zsh docs s").stdout, "serve:Serve the documentation until Ctrl-C\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Completion prints no errors and changes nothing.
func TestCompleteIsQuiet(t *testing.T) {
	withoutRace(t)
	for _, tt := range []struct {
		name    string
		arrange func(s *shop)
		args    []string
		want    string
	}{
		{"the profile's outputs", func(s *shop) { s.remove("dot_environments.yml") }, []string{"fish", "build", "p"}, "prod\ton the working tree\nprod@\tat a commit\n"},
		{"a broken configuration", func(s *shop) { s.write("dot_environments.yml", "environment: [") }, []string{"fish", "build", ""}, ""},
		{"refs despite it", func(s *shop) { s.write("dot_environments.yml", "environment: [") }, []string{"fish", "build", "dev@v"}, "dev@v1\n"},
		{"no profile either", func(s *shop) { s.remove("dot_environments.yml"); s.remove("profiles.yml") }, []string{"fish", "build", ""}, ""},
		{"no project", func(s *shop) { s.cwd = s.t.TempDir() }, []string{"fish", "build", ""}, ""},
		{"no repository", func(s *shop) { s.remove(".git") }, []string{"fish", "build", "dev@"}, ""},
		{"no words", func(*shop) {}, []string{"fish"}, ""},
		{"no shell", func(*shop) {}, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			tt.arrange(s)
			before := digestTree(s.dir)
			out := s.dot(append([]string{"__complete"}, tt.args...))
			if out.stdout != tt.want || out.stderr != "" || out.code != 0 {
				t.Errorf("stdout %q, stderr %q, exit code %d; want %q", out.stdout, out.stderr, out.code, tt.want)
			}
			if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}
