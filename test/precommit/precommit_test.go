//go:build unix

// Package precommit tests the hook of .pre-commit-hooks.yaml: pre-commit runs it for commits of the
// sample shop, with a real dbt. It needs the environment variables DOT_TEST_PRECOMMIT, the virtual
// environment of test/requirements/tools/pre-commit.txt, and DOT_TEST_VENV, that of a dbt.
package precommit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// repository is a sample shop whose commits the hook checks.
type repository struct {
	t   *testing.T
	dir string
	env []string
}

// run runs a command, and returns what it printed and whether it ended well.
func (r *repository) run(dir string, argv ...string) (said string, ok bool) {
	r.t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, r.env
	// exec looks a program up in the PATH of this process.
	for name := range strings.SplitSeq(strings.TrimPrefix(r.env[0], "PATH="), string(os.PathListSeparator)) {
		if path := filepath.Join(name, argv[0]); !strings.Contains(argv[0], "/") {
			if _, err := os.Stat(path); err == nil {
				cmd.Path, cmd.Err = path, nil
				break
			}
		}
	}
	out, err := cmd.CombinedOutput()
	return string(out), err == nil
}

// must is run for a command that must end well.
func (r *repository) must(dir string, argv ...string) {
	r.t.Helper()
	if said, ok := r.run(dir, argv...); !ok {
		r.t.Fatalf("%s failed:\n%s", strings.Join(argv, " "), said)
	}
}

func (r *repository) write(name, text string) {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// newRepository makes a shop whose hook comes from a repository with this checkout's hooks.
func newRepository(t *testing.T) *repository {
	t.Helper()
	venv, dbt := os.Getenv("DOT_TEST_PRECOMMIT"), os.Getenv("DOT_TEST_VENV")
	if venv == "" || dbt == "" {
		t.Skip("DOT_TEST_PRECOMMIT or DOT_TEST_VENV is not set: run make test-pre-commit")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	bin := filepath.Join(work, "bin")
	if out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "dot-for-dbt"), root).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r := &repository{t: t, dir: filepath.Join(work, "shop")}
	r.env = []string{
		"PATH=" + strings.Join([]string{bin, filepath.Join(dbt, "bin"), filepath.Join(venv, "bin"), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + work, "PRE_COMMIT_HOME=" + filepath.Join(work, "cache"), "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@shop.example", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@shop.example",
	}
	r.must(work, "sh", filepath.Join(root, "demo", "history.sh"), r.dir)
	hooks := filepath.Join(work, "hooks")
	r.must(work, "git", "init", "--quiet", hooks)
	text, err := os.ReadFile(filepath.Join(root, ".pre-commit-hooks.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(hooks, ".pre-commit-hooks.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	r.must(hooks, "git", "add", "--all")
	r.must(hooks, "git", "commit", "--quiet", "--message", "hooks")
	r.must(hooks, "git", "tag", "v1")
	r.write(".pre-commit-config.yaml", "repos:\n  - repo: "+hooks+"\n    rev: v1\n    hooks: [{id: dot-check}]\n")
	r.must(r.dir, "git", "add", "--all")
	r.must(r.dir, "git", "commit", "--quiet", "--message", "the hook")
	r.must(r.dir, "pre-commit", "install")
	return r
}

func TestHook(t *testing.T) {
	r := newRepository(t)
	const leak = "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}\n"
	for _, tt := range []struct {
		name    string
		write   func()
		commits bool
		says    []string
	}{
		{"another file", func() { r.write("NOTES.md", "notes\n") }, true, []string{"dot check", "Skipped"}},
		{"a model", func() { r.write("models/marts/one.sql", "select 1 as one\n") }, true, []string{"dot check", "Passed"}},
		{"a mistake in the configuration", func() { r.write("dot_environments.yml", "environment:\n  dev:\n    dot: {max_age: soon}\n") }, false, []string{"dot check", "Failed", "dot_environments.yml:3:20: "}},
		{"a schema without the suffix", func() {
			r.write("macros/generate_schema_name.sql", leak)
			r.write("models/marts/two.sql", "{{ config(schema='reports') }} select 2 as two\n")
		}, false, []string{"dot check", "Failed", "dev@. is not isolated", "model.shop.two  schema reports"}},
		{"what dbt can't parse", func() { r.write("models/marts/three.sql", "select {{ 3 \n") }, false, []string{"Failed", "models/marts/three.sql", "dbt list failed on dev@."}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r.t = t
			tt.write()
			r.must(r.dir, "git", "add", "--all")
			said, ok := r.run(r.dir, "git", "commit", "--message", tt.name)
			if ok != tt.commits {
				t.Errorf("the commit was made: %t", ok)
			}
			for _, want := range tt.says {
				if !strings.Contains(said, want) {
					t.Errorf("it doesn't say %q", want)
				}
			}
			if t.Failed() {
				t.Log(said)
			}
			r.must(r.dir, "git", "reset", "--quiet", "--hard", "HEAD")
			r.must(r.dir, "git", "clean", "--quiet", "-d", "--force")
		})
	}
	// Only what is staged counts: pre-commit puts other edits aside.
	r.t = t
	r.write("models/marts/one.sql", "select 11 as one\n")
	r.must(r.dir, "git", "add", "--all")
	r.write("models/marts/one.sql", "select {{ 12\n")
	if said, ok := r.run(r.dir, "git", "commit", "--message", "staged"); !ok || !strings.Contains(said, "Passed") {
		t.Errorf("an edit that isn't staged counts:\n%s", said)
	}
	if files, err := filepath.Glob(filepath.Join(r.dir, "*.duckdb")); err != nil || len(files) > 0 {
		t.Errorf("the hook has made a warehouse: %v, %v", files, err)
	}
}
