//go:build unix

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// published gives the project a remote origin with an address of the internet, which git finds on this
// machine, and pushes main to it.
func (s *shop) published() {
	s.t.Helper()
	bare := filepath.Join(s.t.TempDir(), "origin.git")
	s.git("clone", "--quiet", "--bare", ".", bare)
	s.git("remote", "add", "origin", "https://example.org/team/stall.git")
	s.git("config", "url."+bare+".insteadOf", "https://example.org/team/stall.git")
	s.git("fetch", "--quiet", "origin")
}

// fresh returns a fresh clone of the project, with the same warehouse.
func (s *shop) fresh(flags ...string) *shop {
	s.t.Helper()
	clone := *s
	clone.env = slices.Clone(s.env)
	clone.dir = filepath.Join(s.t.TempDir(), "clone")
	at := strings.Fields(s.git("config", "--get-regexp", `^url\..*\.insteadof$`))[0]
	bare := strings.TrimSuffix(strings.TrimPrefix(at, "url."), ".insteadof")
	s.git(slices.Concat([]string{"clone", "--quiet"}, flags, []string{"file://" + bare, clone.dir})...)
	clone.git("remote", "set-url", "origin", "https://example.org/team/stall.git")
	clone.git("config", "url."+bare+".insteadOf", "https://example.org/team/stall.git")
	if db, ok := s.warehouse.(duckDB); ok {
		clone.setenv("SHOP_DB=" + db.path)
	}
	return &clone
}

// pruned is what dot prune --json prints.
type pruned struct {
	Builds []struct {
		Name, Result, Why, By string
		Schemas               []string
	}
}

func (s *shop) pruned(args ...string) map[string]string {
	s.t.Helper()
	var found pruned
	if err := json.Unmarshal([]byte(s.mustDot(append([]string{"prune", "--schemas", "--json"}, args...)...).stdout), &found); err != nil {
		s.t.Fatal(err)
	}
	got := map[string]string{}
	for _, b := range found.Builds {
		got[b.Name] = b.Result + " " + b.Why
	}
	return got
}

// A.13: schemas of builds elsewhere are dropped by mark and rule, and nothing else.
func TestPruneSchemas(t *testing.T) {
	onBothAny(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{"models/apart.sql": "{{ config(schema='apart') }}\nselect * from {{ ref('cheap') }}\n"})
		s.use(dbt)
		s.published()
		first := s.head()
		s.mustDot("build", "prod@HEAD")
		s.git("checkout", "--quiet", "-b", "topic")
		s.write("models/cheap.sql", "select fruit, cents from {{ ref('prices') }} where cents < 100\n")
		second := s.commit("Cheaper")
		s.mustDot("build", "dev@HEAD", "--defer", "prod@"+first, "--modified")
		dev, prod := "dev_"+second, "prod_"+first
		all := []string{"bi", dev, dev + "_apart", prod, prod + "_apart"}
		s.execute("create schema bi")
		s.execute("create schema dev_0000000")
		all = append(all, "dev_0000000")
		slices.Sort(all)
		s.wantSchemas(all...)

		// A mark with a commit that is none is not dot's.
		junk := `{"dot":1,"project":"stall","repository":"example.org/team/stall","commit":"abc","env":"dev","at":"2026-01-01T00:00:00Z","relations":[]}`
		for _, sql := range (&dropCase{adapter: adapter}).mark("dev_0000000", junk) {
			s.execute(sql)
		}

		clone := s.fresh()
		s.part("what must stay", func() {
			clone.refused([]string{"prune", "--schemas"}, "", "needs a limit", "dot prune ci --schemas")
			clone.refused([]string{"prune", "--schemas", "--keep", "3"}, "", "can't be combined with --keep")
			if got := s.pruned("dev", "prod", "--yes"); len(got) > 0 {
				t.Errorf("where the builds are: %v", got)
			}
			if got := clone.pruned("--older", "1d", "--yes"); len(got) > 0 {
				t.Errorf("marked just now: %v", got)
			}
			got := clone.pruned("--gone", "--yes") // main leads to prod's commit, and nobody knows dev's
			if len(got) != 1 || !strings.Contains(got["dev@"+second], "stays") || !strings.Contains(got["dev@"+second], "has not pushed it") {
				t.Errorf("gone: %v", got)
			}
			shallow := s.fresh("--depth", "1")
			shallow.refused([]string{"prune", "--schemas", "dev", "--gone", "--yes"}, "", "shallow", "git fetch --unshallow")
			if got := shallow.pruned("dev@"+s.git("rev-parse", second), "--dry-run")["dev@"+second]; got != "would be dropped " {
				t.Errorf("a commit by name, which git doesn't have: %q", got)
			}
			s.git("push", "--quiet", "origin", second+":refs/pull/1/merge")
			if got := clone.pruned("dev", "--gone", "--yes"); len(got) > 0 {
				t.Errorf("a merge that the remote tries: %v", got)
			}
			s.git("push", "--quiet", "origin", "topic", ":refs/pull/1/merge")
			clone.refused([]string{"prune", "--schemas", "dev", "--gone", "--yes"}, "", "origin has branches", "git fetch --tags origin")
			clone.git("fetch", "--quiet")
			if got := clone.pruned("dev", "prod", "--gone", "--yes"); len(got) > 0 {
				t.Errorf("a living branch: %v", got)
			}
			s.execute("create table " + dev + "_apart.mine as select 1 as x")
			if got := clone.pruned("dev", "--yes")["dev@"+second]; !strings.Contains(got, "stays") || !strings.Contains(got, dev+"_apart.mine (table)") {
				t.Errorf("a person's table: %s", got)
			}
			s.execute("drop table " + dev + "_apart.mine")
			s.execute("create view bi.dash as select * from " + dev + "_apart.apart")
			if got := clone.pruned("dev", "--yes")["dev@"+second]; !strings.Contains(got, "stays") || !strings.Contains(got, "bi.dash (view)") {
				t.Errorf("a view elsewhere: %s", got)
			}
			s.execute("drop view bi.dash")
			got = clone.pruned("prod", "--yes") // dev's views read it
			if len(got) != 1 || !strings.Contains(got["prod@"+first], "these read its schema") {
				t.Errorf("read by another build: %v", got)
			}
			clone.git("remote", "set-url", "origin", "https://example.org/another/stall.git")
			if got := clone.pruned("dev", "prod", "--yes"); len(got) > 0 {
				t.Errorf("another repository: %v", got)
			}
			clone.git("remote", "set-url", "origin", "https://example.org/team/stall.git")
			s.wantSchemas(all...)
		})
		s.part("a directory of builds that can't be read", func() {
			env := ".dot/build/" + second + "/env"
			clone.write(env, "") // root can read any directory, but not list a file
			clone.refused([]string{"prune", "--schemas", "dev", "--yes"}, "question", env, "can't be read")
			s.wantSchemas(all...)
			if err := os.RemoveAll(filepath.Join(clone.dir, ".dot", "build")); err != nil {
				t.Fatal(err)
			}
		})
		s.part("without a question", func() {
			clone.refused([]string{"prune", "--schemas", "dev"}, "question question", "can't ask", "--yes drops it", "no build of it here; 2 schemas "+dev)
			if got := clone.pruned("dev@"+second, "--dry-run")["dev@"+second]; got != "would be dropped " {
				t.Errorf("--dry-run: %q", got)
			}
			s.wantSchemas(all...)
		})
		s.part("dropped", func() {
			s.git("push", "--quiet", "origin", ":topic")
			clone.git("fetch", "--quiet", "--prune")
			if got := clone.pruned("--gone", "--yes")["dev@"+second]; got != "dropped " {
				t.Errorf("gone: %q", got)
			}
			s.wantSchemas("bi", "dev_0000000", prod, prod+"_apart")
			if got := clone.pruned("prod@"+first, "--yes")["prod@"+first]; got != "dropped " {
				t.Errorf("named: %q", got)
			}
			s.wantSchemas("bi", "dev_0000000")
		})
		s.part("built again", func() {
			s.mustDot("build", "dev@HEAD", "--check-warehouse")
			s.wantSchemas("bi", "dev_0000000", dev, dev+"_apart")
		})
	})
}

// A.14: dot status --check finds what is missing in the warehouse, and what lies there without a build; it
// changes nothing, and asks once for both environments.
func TestStatusCheck(t *testing.T) {
	onBothAny(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{"models/apart.sql": "{{ config(schema='apart') }}\nselect * from {{ ref('cheap') }}\n"})
		s.use(dbt)
		s.published()
		head := s.head()
		s.mustDot("build", "prod@HEAD", "dev@HEAD")
		type checked struct {
			Builds []struct {
				Name  string
				Lacks *struct{ Schemas, Relations []string }
			}
			Orphans []struct {
				Name    string
				Schemas []string
			}
		}
		check := func(s *shop, args ...string) string {
			t.Helper()
			var found checked
			var out result
			if got := s.started(func() { out = s.mustDot(append([]string{"status", "--check", "--json"}, args...)...) }); got != "question" {
				t.Errorf("dot started dbt %q, want one question", got)
			}
			if err := json.Unmarshal([]byte(out.stdout), &found); err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, b := range found.Builds {
				line := b.Name + " not checked"
				if b.Lacks != nil {
					line = b.Name + " lacks " + strings.Join(slices.Concat(b.Lacks.Schemas, b.Lacks.Relations), " ")
				}
				lines = append(lines, strings.TrimSpace(line))
			}
			for _, o := range found.Orphans {
				lines = append(lines, "orphan "+o.Name+" "+strings.Join(o.Schemas, " "))
			}
			slices.Sort(lines)
			return strings.ReplaceAll(strings.Join(lines, "\n"), head, "H")
		}
		want := func(got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("found:\n%s\nwant:\n%s", got, want)
			}
		}
		before, tree := s.schemas(), s.dotTree()
		want(check(s), "dev@H lacks\nprod@H lacks")
		s.execute("drop view dev_" + head + "_apart.apart")
		s.execute("drop schema prod_" + head + "_apart cascade")
		want(check(s), "dev@H lacks dev_H_apart.apart\nprod@H lacks prod_H_apart")
		want(check(s, "dev"), "dev@H lacks dev_H_apart.apart")
		clone := s.fresh()
		want(check(clone), "orphan dev@H dev_H dev_H_apart\norphan prod@H prod_H")
		want(check(clone, "prod"), "orphan prod@H prod_H")
		out := s.mustDot("status", "--check")
		for _, says := range []string{"! not in the warehouse: dev_" + head + "_apart.apart", "! not in the warehouse: schema prod_" + head + "_apart"} {
			if !strings.Contains(out.stdout, says) {
				t.Errorf("it doesn't say %q:\n%s", says, out.stdout)
			}
		}
		if !strings.Contains(out.stderr, "2 builds checked in 1 database: 2 builds with something missing") {
			t.Errorf("it says:\n%s", out.stderr)
		}
		if out := clone.mustDot("status", "--check"); !strings.Contains(out.stdout, "dev_"+head+", dev_"+head+"_apart") || !strings.Contains(out.stderr, "dot prune --schemas") {
			t.Errorf("the clone says:\n%s%s", out.stdout, out.stderr)
		}
		s.wantSchemas(slices.DeleteFunc(before, func(name string) bool { return name == "prod_"+head+"_apart" })...)
		if diff := cmp.Diff(tree, s.dotTree()); diff != "" {
			t.Errorf(".dot has changed (-before +after):\n%s", diff)
		}
	})
}

// A secret in a schema's name is in nothing that dot says of what is missing or has no build.
func TestSchemasWithASecret(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		output := "{type: duckdb, path: \"{{ env_var('SHOP_DB', 'shop.duckdb') }}\", "
		if adapter == "postgres" {
			output = "{type: postgres, host: \"{{ env_var('SHOP_PG_HOST') }}\", port: 5432, user: \"{{ env_var('SHOP_PG_USER') }}\"," +
				" password: \"{{ env_var('SHOP_PG_PASSWORD') }}\", dbname: \"{{ env_var('SHOP_PG_DATABASE') }}\", "
		}
		output += "threads: 2, schema: "
		const secret = "hidden_name"
		s := newStall(t, adapter, map[string]string{
			"profiles.yml": "shop:\n  target: dev\n  outputs:\n    dev: " + output + "\"{{ env_var('DBT_ENV_SECRET_DEV') }}\"}\n    prod: " + output + "prod}\n",
		})
		s.use(dbt)
		s.setenv("DBT_ENV_SECRET_DEV=" + secret)
		s.published()
		s.mustDot("build", "dev@HEAD")
		clone := s.fresh()
		s.execute("drop view " + secret + "_" + s.head() + ".cheap")
		for _, out := range []result{
			s.mustDot("status", "--check"), s.mustDot("status", "--check", "--json"),
			clone.mustDot("status", "--check"), clone.mustDot("status", "--check", "--json"),
			clone.mustDot("prune", "--schemas", "dev", "--dry-run"), clone.mustDot("prune", "--schemas", "dev", "--yes", "--json"),
		} {
			if strings.Contains(out.stdout+out.stderr, secret) {
				t.Errorf("it says the secret:\n%s%s", out.stdout, out.stderr)
			}
		}
		if slices.Contains(s.schemas(), secret+"_"+s.head()) {
			t.Error("the schema was not dropped")
		}
	})
}
