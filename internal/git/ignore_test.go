package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"dot-for-dbt/internal/git"
)

func TestIgnores(t *testing.T) {
	const none = ""
	tests := map[string]struct {
		gitignore, exclude, within, global string
		want                               bool
	}{
		"nothing says so":             {},
		"a line":                      {gitignore: "target/\n.dot/\n", want: true},
		"without its slash":           {gitignore: ".dot\n", want: true},
		"anchored":                    {gitignore: "/.dot/\n", want: true},
		"CRLF":                        {gitignore: "target/\r\n.dot/\r\n", want: true},
		"no last line end":            {gitignore: "target/\n.dot/", want: true},
		"byte order mark":             {gitignore: "\ufeff.dot/\n", want: true},
		"its contents":                {gitignore: ".dot/*\n", want: true},
		"a pattern":                   {gitignore: ".d?t/\n", want: true},
		"taken back":                  {gitignore: ".dot/\n!.dot/\n"},
		"another one taken back":      {gitignore: ".dot/\n!target/\n", want: true},
		"taken back, then said again": {gitignore: ".dot/\n!.dot/\n.dot/\n", want: true},
		"a comment":                   {gitignore: "# .dot/\n"},
		"a longer name":               {gitignore: ".dotty/\n"},
		"info/exclude":                {exclude: ".dot/\n", want: true},
		"its own .gitignore":          {within: "*\n"},
		"its own and the root's":      {within: "*\n", gitignore: ".do*/\n", want: true},
		"only the user's":             {global: ".dot/\n"},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			dir := t.TempDir()
			runGit(t, dir, "init", "-q", "--template=")
			global := filepath.Join(t.TempDir(), "ignore")
			for file, text := range map[string]string{
				filepath.Join(dir, ".gitignore"):         tt.gitignore,
				filepath.Join(dir, ".git/info/exclude"):  tt.exclude,
				filepath.Join(dir, ".dot", ".gitignore"): tt.within,
				global:                                   tt.global,
			} {
				if text == none {
					continue
				}
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			runGit(t, dir, "config", "core.excludesFile", global)
			repo, err := git.Open(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := repo.Ignores(t.Context(), ".dot"); err != nil || got != tt.want {
				t.Errorf("got %v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestIgnoresNothingToIgnoreIn(t *testing.T) {
	dir := t.TempDir()
	runGit(t, dir, "init", "-q", "seed")
	runGit(t, dir, "-C", "seed", "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "--allow-empty", "-m", "x")
	for name, bare := range map[string]string{"named": "shop.git", "hidden": "shop/.bare", "as .git": "other/.git"} {
		t.Run("H.1 bare repository "+name, func(t *testing.T) {
			runGit(t, dir, "clone", "-q", "--bare", "seed", bare)
			tree := filepath.Join(dir, "tree "+name)
			runGit(t, filepath.Join(dir, bare), "worktree", "add", "-q", "--detach", tree)
			repo, err := git.Open(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := repo.Ignores(t.Context(), ".dot"); err != nil || !got {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

// A usual run starts no git for this: dot itself has written the line.
func TestIgnoresRunsNoGit(t *testing.T) {
	dir := t.TempDir()
	runGit(t, dir, "init", "-q")
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("target/\n.dot/\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	repo, err := git.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	if got, err := repo.Ignores(t.Context(), ".dot"); err != nil || !got {
		t.Errorf("got %v, %v", got, err)
	}
}

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
}
