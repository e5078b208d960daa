package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sebdah/goldie/v2"
)

// golden compares text with a file below testdata/golden; -update rewrites the file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	dir, file := filepath.Split(name)
	goldie.New(t,
		goldie.WithFixtureDir(filepath.Join("..", "testdata", "golden", dir)),
		goldie.WithNameSuffix(".golden"), goldie.WithDiffEngine(goldie.ClassicDiff),
	).Assert(t, file, []byte(text))
}

// TestPlans fixes what a plan looks like to a person. Each case is a story and
// a command; the golden tells both.
// It proves D.10, E.4, F.3, F.4, G.1, G.2.
func TestPlans(t *testing.T) {
	vars := "environment:\n  default: dev\n  dev:\n    vars: {days: 7}\n  prod: {}\n"
	tests := []struct {
		name    string
		arrange func(s *shop)
		command string
	}{
		{"first-build", func(*shop) {}, "plan build dev@HEAD"},
		{"warm", func(s *shop) {
			s.run("build dev@HEAD")
			s.later(3 * time.Hour)
		}, "plan build dev@HEAD"},
		{"defer", func(s *shop) {
			s.run("build prod@main")
			s.later(3 * time.Hour)
		}, "plan build dev@HEAD --defer prod@main --modified"},
		{"defer-pieces", func(s *shop) {
			s.run("build prod@main")
			s.run("build dev@HEAD --defer prod@main -s orders")
			s.run("build dev@HEAD --defer prod@main -s average -s stg_payments")
			s.later(3 * time.Hour)
		}, "plan build dev@HEAD --defer prod@main -s average -s stg_payments"},
		{"defer-nothing-selected", func(s *shop) {
			s.run("build prod@main")
		}, "plan build dev@HEAD --defer prod@main"},
		{"defer-half-built", func(s *shop) {
			s.fails("build prod@main", "STANDIN_FAIL=orders")
		}, "plan build dev@HEAD --defer prod@main -s average"},
		{"missing-baseline", func(*shop) {}, "plan build dev@HEAD --defer prod@main -s orders"},
		{"vars-changed", func(s *shop) {
			s.run("build dev@HEAD")
			s.tell("the environment's days is 7 now")
			s.write("dot_environments.yml", vars)
		}, "plan build dev@HEAD"},
		{"another-commit", func(s *shop) {
			s.run("build dev@main")
		}, "plan build dev@HEAD"},
		{"another-selection", func(s *shop) {
			s.run("build dev@HEAD")
		}, "plan build dev@HEAD -s orders+"},
		{"last-run-failed", func(s *shop) {
			s.fails("build dev@HEAD", "STANDIN_FAIL=orders")
		}, "plan build dev@HEAD"},
		{"interrupted", func(s *shop) { s.interrupt("build dev@HEAD") }, "plan build dev@HEAD"},
		{"overwritten", func(s *shop) {
			s.tell("ci has the same output as dev")
			s.write("dot_environments.yml", "environment: {default: dev, dev: {}, ci: {target: dev}}\n")
			s.run("build dev@HEAD")
			s.later(time.Hour)
			s.run("build ci@HEAD")
			s.later(time.Hour)
		}, "plan build dev@HEAD"},
		{"no-environments", func(s *shop) {
			s.tell("there is no dot_environments.yml: the profile's outputs are the environments")
			s.remove("dot_environments.yml")
		}, "plan build @HEAD"},
		{"too-old", func(s *shop) {
			s.run("build dev@HEAD")
			s.later(13 * time.Hour)
		}, "plan build dev@HEAD"},
		{"forced", func(s *shop) { s.run("build dev@HEAD") }, "plan build dev@HEAD --force"},
		{"test-after-build", func(s *shop) { s.run("build dev@HEAD") }, "plan test dev@HEAD"},
		{"packages", func(s *shop) {
			s.tell("the project has a local package")
			s.write("packages.yml", "packages:\n  - local: money\n")
			s.write("money/dbt_project.yml", "name: money\n")
			s.git("add", "-A")
			s.git("commit", "-qm", "Money")
		}, "plan build dev@HEAD"},
		{"packages-changed", func(s *shop) {
			s.tell("the project has a local package")
			s.write("packages.yml", "packages:\n  - local: money\n")
			s.write("money/dbt_project.yml", "name: money\n")
			s.git("add", "-A")
			s.git("commit", "-qm", "Money")
			s.run("build dev@HEAD")
			s.tell("and somebody deletes it")
			s.remove(".dot/build/" + s.git("rev-parse", "--short", "HEAD") + "/worktree/dbt_packages/money")
		}, "plan build dev@HEAD"},
		{"worktree-gone", func(s *shop) {
			s.run("build dev@HEAD")
			s.tell("somebody deletes the worktree")
			s.remove(".dot/build/" + s.git("rev-parse", "--short", "HEAD") + "/worktree")
		}, "plan build dev@HEAD"},
		{"computed-variable", func(s *shop) {
			s.tell("a model reads an environment variable whose name is computed")
			s.write("models/average.sql", "select '{{ env_var(\"A_\" ~ target.name, \"\") }}' as a\n")
			s.git("commit", "-qam", "Read anything")
			s.run("build dev@HEAD")
		}, "plan build dev@HEAD"},
		{"working-tree", func(*shop) {}, "plan build"},
		{"several", func(s *shop) { // A.4, E.3
			s.run("build dev@main")
			s.later(time.Hour)
		}, "plan build dev@main..HEAD dev@main prod@main dev --defer prod@main -s orders"},
		{"verbose", func(*shop) {}, "plan build dev@HEAD -v -- --full-refresh"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			test.arrange(s)
			before := digestTree(s.dir)
			s.show(test.command)
			if after := digestTree(s.dir); after != before {
				t.Errorf("the plan changed something:\n%s\n%s", before, after)
			}
			golden(t, "plan/"+test.name, s.story.String())
		})
	}
}

// A.5: a plan for scripts: every field is there, and the text is JSON and nothing
// else.
func TestPlanJSON(t *testing.T) {
	s := newShop(t)
	s.run("build prod@main")
	s.later(3 * time.Hour)
	out := s.dot(strings.Fields("plan build dev@HEAD --defer prod@main --format json"))
	if !json.Valid([]byte(out.stdout)) {
		t.Errorf("not JSON:\n%s", out.stdout)
	}
	golden(t, "plan/json", out.stdout)
}

// TestReadsJSON compares what a plan and an explanation tell scripts of the nodes
// that a deferred build reads. docs/plan-json.md describes it.
func TestReadsJSON(t *testing.T) {
	s := newShop(t)
	s.run("build prod@main")
	s.run("build dev@HEAD --defer prod@main -s orders")
	s.run("build dev@HEAD --defer prod@main -s average -s stg_payments")
	for _, word := range []string{"plan", "explain"} {
		out := s.dot(strings.Fields(word + " build dev@HEAD --defer prod@main -s average -s stg_payments --format json"))
		var said struct {
			Builds []struct{ Reads json.RawMessage }
		}
		if err := json.Unmarshal([]byte(out.stdout), &said); err != nil || len(said.Builds) != 1 {
			t.Fatalf("%v in\n%s", err, out.stdout)
		}
		golden(t, "plan/reads-"+word, runID.ReplaceAllString(string(said.Builds[0].Reads), `"run": "RUN"`)+"\n")
	}
}

// TestPlanJSONIsDescribed looks for each field of an explanation in docs/plan-json.md.
func TestPlanJSONIsDescribed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "plan-json.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	s.run("build prod@main")
	s.run("build dev@HEAD --defer prod@main -s orders")
	var said any
	out := s.dot(strings.Fields("explain build dev@HEAD --defer prod@main -s orders --vars {\"days\":7} --format json"))
	if err := json.Unmarshal([]byte(out.stdout), &said); err != nil {
		t.Fatal(err)
	}
	described(t, "docs/plan-json.md", string(page), said, "adapters", "outputs") // whose fields are names, or may change
}

// described fails for each field of a JSON value that a page doesn't describe. Fields of those called except
// don't count.
func described(t *testing.T, name, page string, v any, except ...string) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			described(t, name, page, item, except...)
		}
	case map[string]any:
		for field, value := range v {
			if !strings.Contains(page, "`"+field+"`") {
				t.Errorf("%s doesn't describe %q", name, field)
			}
			if !slices.Contains(except, field) {
				described(t, name, page, value, except...)
			}
		}
	}
}

// runID matches the ID of a run, which is random.
var runID = regexp.MustCompile(`"run": "\w+"`)
