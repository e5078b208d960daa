//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// D.2, D.3: a project of a monorepo is built in a worktree that has only what it reads, with the result
// that a whole worktree has. A model that reads a file of another directory gets it.
func TestSparseWorktree(t *testing.T) {
	onOne(t, "duckdb", testSparse(false))
}

func testSparse(v2 bool) func(t *testing.T, adapter string) {
	return func(t *testing.T, adapter string) {
		paths, libs, rate := "macro-paths: [macros, ../libs/macros]\n", "libs/macros/, ", "libs/macros/rate.sql"
		if v2 { // it doesn't find such macros, in no worktree
			paths, libs, rate = "", "", "warehouse/macros/rate.sql"
		}
		s := newProject(t, adapter, map[string]string{
			"warehouse/dbt_project.yml":          inner + paths,
			"warehouse/packages.yml":             "packages:\n  - local: ../packages/shared\n",
			"warehouse/seeds/fruit.csv":          "fruit,cents\napple,120\npear,95\n",
			"warehouse/models/total.sql":         "select sum({{ shared.euros('cents') }}) * {{ rate() }} as euros from {{ ref('fruit') }}\n",
			rate:                                 "{% macro rate() %}2{% endmacro %}\n",
			"packages/shared/dbt_project.yml":    "name: shared\nversion: \"1.0\"\nconfig-version: 2\n",
			"packages/shared/macros/euros.sql":   "{% macro euros(c) %}{{ c }} / 100{% endmacro %}\n",
			"packages/unrelated/dbt_project.yml": "name: unrelated\n",
			"services/web/data/prices.csv":       "price\n7\n",
			"services/web/readme.md":             "not read\n",
			"warehouse/models/docs.md":           "{% docs total %}see [the service](../../services/web){% enddocs %}\n",
		})
		sparse := *s
		s = &sparse
		top := s.dir
		if v2 {
			s.useV2()
		}
		profiles := s.read("profiles.yml")
		s.dir = filepath.Join(top, "warehouse")
		s.write("profiles.yml", profiles)
		s.setenv("SHOP_DB=" + filepath.Join(top, "shop.duckdb"))
		s.commit("A monorepo")
		worktree := func() string { return filepath.Join(top, ".dot/build", s.head(), "worktree") }
		has := func(name string, want bool) {
			t.Helper()
			if _, err := os.Stat(filepath.Join(worktree(), name)); (err == nil) != want {
				t.Errorf("%s in the worktree: %v, but want %t", name, err, want)
			}
		}
		if res := s.mustDot("plan", "build", "prod@HEAD"); !strings.Contains(res.stdout, "only "+libs+"packages/shared/, warehouse/\n") {
			t.Errorf("the plan doesn't say what is checked out:\n%s", res.stdout)
		}
		s.mustDot("build", "prod@HEAD")
		s.wantRows("select euros from "+s.schema("prod@HEAD")+".total", "4.3")
		has("services", false)
		has("packages/unrelated", false)
		s.mustDot("build", "prod@HEAD", "--force") // what dbt has made there is no change
		s.mustDot("test", "prod@HEAD")

		s.write("models/price.sql", "select price from read_csv('../services/web/data/prices.csv')\n")
		s.mustDot("build", "dev@.", "--defer", "prod@HEAD", "--modified")
		s.commit("A model reads a file of a service")
		s.mustDot("build", "dev@HEAD", "-s", "price")
		s.wantRows("select price from "+s.schema("dev@HEAD")+".price", "7")
		has("services/web/data/prices.csv", true)
	}
}

// An installed package that reads a file outside of the project fails in a sparse worktree. The error says
// what to do, and that works.
func TestSparseWorktreeLacks(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newProject(t, adapter, map[string]string{
			"warehouse/dbt_project.yml":   inner,
			"warehouse/models/price.sql":  "select price from {{ far.size() }}\n",
			"services/web/data/price.csv": "price\n7\n",
		})
		far := s.newPackage("far")
		revision := far.publish("read_csv('../services/web/data/price.csv')")
		top, profiles := s.dir, s.read("profiles.yml")
		s.dir = filepath.Join(top, "warehouse")
		s.write("profiles.yml", profiles)
		s.setenv("SHOP_DB=" + filepath.Join(top, "shop.duckdb"))
		s.write("packages.yml", "packages:\n  - git: "+far.url+"\n    revision: "+revision+"\n")
		s.commit("A package that reads a file of a service")
		res := s.dot("build", "dev@HEAD")
		want := "hint: price reads ../services/web/data/price.csv, and the worktree has only warehouse/: dot: {sparse: false}"
		if res.code == 0 || !strings.Contains(res.stderr, want) {
			t.Fatalf("exit code %d, and no %q in:\n%s", res.code, want, res.stderr)
		}
		s.write("dot_environments.user.yml", "environment:\n  default: dev\n  all: {dot: {sparse: false}}\n  dev: {}\n")
		s.mustDot("build", "dev@HEAD")
		s.wantRows("select price from "+s.schema("dev@HEAD")+".price", "7")
	})
}
