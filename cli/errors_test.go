package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// TestErrors compares dot's errors for bad input with goldens. Each case ends with exit
// code 2 and changes no file.
// It proves A.3, A.6, A.7, A.8, B.3, B.4, C.5, C.7, C.10, D.2, D.4, D.5, E.2.
func TestErrors(t *testing.T) {
	profiles := func(text string) func(*shop) {
		return func(s *shop) { s.write("profiles.yml", text) }
	}
	tests := []struct {
		name    string
		arrange func(s *shop)
		command string
	}{
		{"no-repository", func(s *shop) { s.remove(".git") }, "build dev@HEAD"},
		{"no-commits", func(s *shop) {
			s.remove(".git")
			s.git("init", "-q", "--template=", "-b", "main")
		}, "build dev@HEAD"},
		{"no-project", func(s *shop) { s.cwd = filepath.Dir(s.dir) }, "build dev@HEAD"},
		{"no-project-at-commit", func(s *shop) {
			s.git("mv", "dbt_project.yml", "dbt_project.txt")
			s.git("commit", "-qm", "No project")
			s.git("mv", "dbt_project.txt", "dbt_project.yml")
		}, "build dev@HEAD"},
		{"broken-project", func(s *shop) {
			s.write("dbt_project.yml", "name: shop\nprofile: [shop\n")
			s.git("commit", "-qam", "Break the project")
		}, "build dev@HEAD"},

		{"unknown-ref", func(*shop) {}, "build dev@mian"},
		{"empty-ref", func(*shop) {}, "build dev@"},
		{"option-as-ref", func(*shop) {}, "build dev@--output=x"},
		{"no-commit", func(*shop) {}, "build dev@main:models"},
		{"unknown-environment", func(*shop) {}, "build deb@HEAD"},
		{"unknown-output-as-environment", func(s *shop) { s.remove("dot_environments.yml") }, "build qa@HEAD"},
		{"no-default-environment", func(s *shop) {
			s.write("dot_environments.yml", "environment: {dev: {}, prod: {}}\n")
		}, "build @HEAD"},
		{"broken-environments", func(s *shop) {
			s.write("dot_environments.yml", "environment:\n  dev: {vars: {days: 30}\n  prod: {}\n")
		}, "build dev@HEAD"},
		{"vars-not-allowed", func(s *shop) {
			s.write("dot_vars.yml", "vars:\n  days: {values: [7, 14], strict: true}\n")
		}, "build dev@HEAD"},
		{"vars-missing", func(s *shop) {
			s.write("dot_vars.yml", "vars:\n  region: {required: true, description: where the shop is}\n")
		}, "build dev@HEAD"},

		{"no-profiles", func(s *shop) { s.remove("profiles.yml") }, "build dev@HEAD"},
		{"broken-profiles", profiles("shop:\n  outputs: {dev: {type: duckdb\n"), "build dev@HEAD"},
		{"no-profile", profiles("store: {target: dev, outputs: {dev: {type: duckdb, path: x}}}\n"), "build dev@HEAD"},
		{"no-output", func(s *shop) {
			s.write("dot_environments.yml", "environment: {default: dev, dev: {target: qa}}\n")
		}, "build dev@HEAD"},
		{"no-default-output", profiles("shop: {outputs: {qa: {type: duckdb, path: x}}}\n"), "build dev@HEAD"},
		{"schema-and-dataset", profiles("shop: {target: dev, outputs: {dev: {type: bigquery, schema: a, dataset: b}}}\n"), "build dev@HEAD"},
		{"no-schema", profiles("shop: {target: dev, outputs: {dev: {type: postgres, host: localhost, password: hunter2}}}\n"), "build dev@HEAD"},
		{"variable-not-set", profiles("shop: {target: dev, outputs: {dev: {type: duckdb, path: \"{{ env_var('WAREHOUSE') }}\"}}}\n"), "build dev@HEAD"},

		{"workspace-is-a-file", func(s *shop) { s.write(".dot", "mine") }, "build dev@HEAD"},

		{"same-place", func(s *shop) { // D.11
			s.write("dot_environments.yml", "environment: {default: dev, dev: {}, ci: {target: dev}}\n")
		}, "build dev@HEAD ci@HEAD"},
		{"same-place-as-baseline", func(s *shop) { // D.11
			s.write("dot_environments.yml", "environment: {default: dev, dev: {}, ci: {target: dev}}\n")
		}, "build dev@HEAD --defer ci@HEAD"},
		{"many-builds", func(*shop) {}, "build dev@HEAD dev@main prod@HEAD prod@main"},
		{"many-interactive", func(*shop) {}, "docs serve dev@HEAD dev@main"},
		{"empty-range", func(*shop) {}, "build dev@HEAD..main"},
		{"range-of-nothing", func(*shop) {}, "build dev@.."},
		{"range-as-baseline", func(*shop) {}, "build dev@HEAD --defer prod@main..HEAD"},
		{"schema-of-a-range", func(*shop) {}, "schema dev@main..HEAD"},
		{"no-specs-file", func(*shop) {}, "build --specs builds.txt"},
		{"bad-specs-file", func(s *shop) { s.write("builds.txt", "# ours\ndev@main\ndev@\n") }, "build --specs builds.txt"},
		{"empty-specs-file", func(s *shop) { s.write("builds.txt", "# ours\n\n") }, "build --specs builds.txt"},
		{"keep-going-and-fail-fast", func(*shop) {}, "build dev@HEAD dev@main --keep-going --fail-fast"},
		{"flag-of-dbt", func(*shop) {}, "build dev@HEAD --fail-fast"},
		{"unknown-flag", func(*shop) {}, "build dev@HEAD --wat"},
		{"unknown-command", func(*shop) {}, "biuld dev@HEAD"},
		{"argument-breaks-isolation", func(*shop) {}, "build dev@HEAD -- --profiles-dir ."},
		{"bad-vars", func(*shop) {}, "build dev@HEAD --vars days"},
		{"modified-without-defer", func(*shop) {}, "build dev@HEAD --modified"},
		{"modified-and-select", func(*shop) {}, "build dev@HEAD --defer prod@main --modified -s orders"},
		{"clone-without-baseline", func(*shop) {}, "clone dev@HEAD"},
		{"docs-never-written", func(*shop) {}, "docs serve dev@HEAD"},
		{"packages-not-a-list", func(s *shop) {
			s.write("packages.yml", "packages:\n  local: packages/money\n")
			s.git("add", "-A")
			s.git("commit", "-qm", "Money")
		}, "build dev@HEAD"},
		{"defer-without-ref", func(*shop) {}, "build dev@HEAD --defer prod"},
		{"defer-to-itself", func(*shop) {}, "clone dev@HEAD --defer dev@metrics"},
		{"defer-to-nothing", func(*shop) {}, "build dev@HEAD --defer prod@main"},
		{"package-outside", func(s *shop) {
			s.write("packages.yml", "packages:\n  - local: ../money\n")
			s.git("add", "-A")
			s.git("commit", "-qm", "Money from outside")
		}, "build dev@HEAD"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			test.arrange(s)
			s.refuses(test.command)
			golden(t, "errors/"+test.name, s.story.String())
		})
	}
}

// refuses runs a dot that must end with exit code 2, print to stderr only and change
// nothing.
func (s *shop) refuses(command string, env ...string) {
	s.t.Helper()
	before := digestTree(filepath.Dir(s.dir))
	out := s.show(command, env...)
	if out.code != 2 {
		s.t.Errorf("exit code %d, want 2\n%s", out.code, out.both)
	}
	if out.stdout != "" {
		s.t.Errorf("on stdout:\n%s", out.stdout)
	}
	if after := digestTree(filepath.Dir(s.dir)); after != before {
		s.t.Errorf("something was changed, from\n%s\nto\n%s", before, after)
	}
}

// A.9: there is no dbt. The test is not parallel, since PATH belongs to the process.
func TestErrorNoDBT(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		t.Skip("git can't be linked to on Windows")
	}
	s := newShop(t)
	bin := t.TempDir()
	if err := os.Symlink(git, filepath.Join(bin, "git")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	s.refuses("build dev@HEAD")
	golden(t, "errors/no-dbt", s.story.String())
}

// TestErrorDBT sets DOT_DBT to a program that is missing or not dbt.
// It proves A.9.
func TestErrorDBT(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no shell scripts on Windows")
	}
	for name, script := range map[string]string{
		"dbt-cloud":       "echo 'dbt Cloud CLI - 0.38.22 (0123abc 2026-01-01T00:00:00Z)'",
		"dbt-fails":       "echo 'No module named dbt' >&2; exit 1",
		"dbt-is-not-dbt":  "echo 'Database Tool 3.0'",
		"dbt-not-a-thing": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			tool := filepath.Join(filepath.Dir(s.dir), "dbt-of-mine")
			if script != "" {
				if err := os.WriteFile(tool, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			s.refuses("build dev@HEAD", "DOT_DBT="+tool)
			golden(t, "errors/"+name, s.story.String())
		})
	}
}

// TestErrorsOfSteps compares errors of steps with goldens: earlier steps may have run,
// the command has not.
// It proves D.3, D.8.
func TestErrorsOfSteps(t *testing.T) {
	tests := []struct {
		name    string
		arrange func(s *shop)
		command string
		code    int
	}{
		{"not-isolated", func(s *shop) {
			s.tell("seeds have a schema without the suffix")
			s.write("dbt_project.yml", "name: shop\nprofile: shop\n")
			s.write("macros/generate_schema_name.sql",
				"{% macro generate_schema_name(custom_schema_name, node) %}"+
					"{% if node.resource_type == 'seed' %}raw{% else %}{{ target.schema }}{% endif %}{% endmacro %}")
			s.git("add", "-A")
			s.git("commit", "-qm", "Raw seeds")
		}, "build dev@HEAD", 2},
		{"worktree-changed", func(s *shop) {
			s.run("build dev@HEAD")
			s.tell("somebody edits a file in the worktree")
			s.write(".dot/build/"+s.git("rev-parse", "--short", "HEAD")+"/worktree/models/orders.sql", "select 1")
		}, "build dev@HEAD --force", 2},
		{"worktree-at-another-commit", func(s *shop) {
			s.run("build dev@HEAD")
			s.tell("somebody checks another commit out in the worktree")
			s.git("-C", ".dot/build/"+s.git("rev-parse", "--short", "HEAD")+"/worktree", "checkout", "-q", "main")
		}, "build dev@HEAD", 2},
		{"retry-of-nothing", func(*shop) {}, "retry dev@HEAD", 2},
		{"broken-model", func(s *shop) {
			s.write("models/average.sql", "select * from {{ ref('nowhere') }}")
			s.git("commit", "-qam", "Break a model")
		}, "build dev@HEAD", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			test.arrange(s)
			if out := s.show(test.command); out.code != test.code {
				t.Errorf("exit code %d, want %d", out.code, test.code)
			}
			golden(t, "errors/"+test.name, s.story.String())
		})
	}
}

// D.3: a worktree deleted by hand is no error: it is made again.
func TestWorktreeGone(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.run("build dev@HEAD")
	s.tell("somebody deletes the worktree")
	s.remove(fmt.Sprintf(".dot/build/%s/worktree", s.git("rev-parse", "--short", "HEAD")))
	s.show("build dev@HEAD")
	golden(t, "errors/worktree-gone", s.story.String())
}
