//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// E.2: another tool has built with the same layout and real dbt. That build can be a baseline, and
// a dot command on it takes it over.
func TestAdoptE2(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, nil)
		base := s.head()
		s.otherTool("prod")
		s.otherDbt("prod", "test") // the last run results are those of dbt test
		s.write("models/season.sql", "select 'new' as season, count(*) as fruits from {{ ref('cheap') }}\n")
		s.write("tests/new.sql", "select * from {{ ref('season') }} where season <> 'new'\n")
		s.commit("Another season")
		build := []string{"build", "dev@HEAD", "--defer", "prod@" + base, "-s", "season"}

		before := tree(t, filepath.Join(s.dir, ".dot", "build", base))
		res := s.mustDot(build...)
		if strings.Contains(res.stderr, "warning") {
			t.Error("it warns of a whole baseline")
		}
		if diff := cmp.Diff(before, tree(t, filepath.Join(s.dir, ".dot", "build", base))); diff != "" {
			t.Errorf("deferring has changed the baseline (-before +after):\n%s", diff)
		}
		s.wantRows("select season, fruits from dev_"+s.head()+".season", "new 1")
		// Only the selected table is there; the others were read from the baseline.
		if rows := s.table("dev_" + s.head()); len(rows) != 1 {
			t.Errorf("dev has %v", rows)
		}

		// The tests of both: what was adopted has its own, and the build its own and the baseline's.
		restore := s.save()
		res = s.mustDot("test", "prod@"+base, "dev@HEAD", "--defer", "prod@"+base)
		for spec, ok := range map[string]string{"prod@" + base: "1 ok", "dev@" + s.head(): "2 ok"} {
			if !regexp.MustCompile(`(?m)^done +` + spec + ` .* ` + ok + `$`).MatchString(res.stderr) {
				t.Errorf("the tests of %s don't end with %s", spec, ok)
			}
		}
		restore()

		prod := []string{"seed", "prod@" + base}
		if step := s.plan(prod...).step(t, "adopt prod@"+base); step.Decision != "run" || !strings.Contains(step.Reason, "made by another tool: 3 nodes") {
			t.Errorf("taking it over: %s: %s", step.Decision, step.Reason)
		}
		s.planIsRun(prod...)
		step := s.plan(build...).step(t, "baseline prod@"+base)
		if !strings.Contains(step.Reason, "3 of 3 nodes ok") {
			t.Errorf("after dot seed the baseline is %s", step.Reason)
		}
	})
}

// otherTool builds HEAD as an environment, with plain git and dbt, in the place that dot would use.
func (s *shop) otherTool(env string) {
	s.t.Helper()
	dir := filepath.Join(s.dir, ".dot", "build", s.head())
	at := func(name string) string { return filepath.Join(dir, name) }
	s.git("worktree", "add", "--quiet", "--detach", at("worktree"), "HEAD")
	profile := strings.ReplaceAll(s.read("profiles.yml"), "schema: "+env, "schema: "+env+"_"+s.head())
	for name, text := range map[string]string{"commit": s.git("rev-parse", "HEAD"), "env/" + env + "/profiles.yml": profile} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o777); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), 0o666); err != nil {
			s.t.Fatal(err)
		}
	}
	if _, err := os.Stat(at("worktree/packages.yml")); err == nil {
		if res := s.dbt("deps", "--project-dir", at("worktree"), "--profiles-dir", at("env/"+env)); res.code != 0 {
			s.t.Fatalf("dbt deps: exit code %d\n%s", res.code, res.stdout)
		}
	}
	s.otherDbt(env, "build")
}

// otherDbt runs dbt on the build of HEAD as another tool does, in dot's directories.
func (s *shop) otherDbt(env, command string, args ...string) {
	s.t.Helper()
	dir := filepath.Join(s.dir, ".dot", "build", s.head())
	home := filepath.Join(dir, "env", env)
	args = append(args, "--project-dir", filepath.Join(dir, "worktree"), "--profiles-dir", home,
		"--target-path", filepath.Join(home, "target"), "--log-path", filepath.Join(home, "logs"), "--target", env)
	if res := s.dbt(append([]string{command}, args...)...); res.code != 0 {
		s.t.Fatalf("dbt %s: exit code %d\n%s", command, res.code, res.stdout)
	}
}

// E.2: another tool builds what dot has built, with other vars. dot doesn't take that for its own.
func TestBothToolsE2(t *testing.T) {
	slow(t)
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		s.mustDot("build", "dev@HEAD")
		want := s.table("dev_" + s.head())
		s.upToDate("build", "dev@HEAD")

		s.otherDbt("dev", "build", "--vars", "{most: 1}")
		s.otherDbt("dev", "compile")
		if cmp.Equal(want, s.table("dev_"+s.head())) {
			t.Fatal("the other tool has built the same data, which proves nothing")
		}
		s.reason("3 of its 3 relations were changed by dbt build of another tool", "build", "dev@HEAD")
		s.mustDot("build", "dev@HEAD")
		if diff := cmp.Diff(want, s.table("dev_"+s.head())); diff != "" {
			t.Errorf("built again (-before +after):\n%s", diff)
		}
		s.upToDate("build", "dev@HEAD")

		json := "--log-format-file"
		if dbt == 2 {
			json = "--log-format"
		}
		s.otherDbt("dev", "compile", json, "json")
		s.upToDate("build", "dev@HEAD")
		s.otherDbt("dev", "run", "-s", "cheap", "--vars", "{most: 1}", json, "json")
		s.reason("1 of its 3 relations was changed by dbt build of another tool", "build", "dev@HEAD")
	})
}
