//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareLayers compares builds that rest on others: each side has what it has by
// resolution, wherever that lies.
func TestCompareLayers(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":  tables,
			"seeds/prices.csv": "id,price\n1,20\n2,30\n",
			"models/a.sql":     "select id, price from {{ ref('prices') }}\n",
			"models/b.sql":     "select id, price from {{ ref('a') }}\n",
			"models/c.sql":     "select sum(price) as total from {{ ref('b') }}\n",
			"models/other.sql": "select count(*) as n from {{ ref('prices') }}\n",
		})
		s.use(dbt)
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/b.sql", "select id, price + 1 as price from {{ ref('a') }}\n")
		s.commit("b costs more")
		s.mustDot("build", "prod@main")
		s.mustDot("build", "dev@branch", "--defer", "prod@main", "--modified")
		changed := []string{
			"a: same relation",
			"b: differs, inputs same +2 -2 ~0",
			"c: differs +1 -1 ~0",
			"other: same relation",
			"prices: same relation",
		}

		s.part("what the branch did not build is one relation", func() {
			s.wantVerdicts(s.compare(1, "prod@main", "dev@branch", "--exit-code"), 0, changed...)
		})
		s.part("a build and itself", func() {
			s.wantVerdicts(s.compare(0, "dev@branch", "dev@branch", "--exit-code"), 0,
				"a: same relation", "b: same relation", "c: same relation", "other: same relation", "prices: same relation")
		})
		s.part("a commit that changes only the README", func() {
			s.git("switch", "--quiet", "--create", "readme", "main")
			s.write("README.md", "hello\n")
			s.commit("a readme")
			s.mustDot("build", "dev@readme", "--defer", "prod@main", "--modified")
			var res result
			dbts := s.started(func() { res = s.dot("compare", "prod@main", "dev@readme", "--exit-code") })
			if res.code != 0 || dbts != "" || !strings.Contains(res.stdout, "5 relations: 5 same relation") {
				t.Errorf("exit code %d, dot started dbt %q", res.code, dbts)
			}
		})
		s.part("a layer over a layer", func() {
			s.git("switch", "--quiet", "--create", "next", "branch")
			s.write("models/other.sql", "select count(*) + 0 as n from {{ ref('prices') }}\n")
			s.commit("other is written in another way")
			s.mustDot("build", "prod@next", "--defer", "dev@branch", "--modified")
			s.wantVerdicts(s.compare(0, "dev@branch", "prod@next", "--exit-code"), 0,
				"a: same relation", "b: same relation", "c: same relation", "other: same", "prices: same relation")
			s.wantVerdicts(s.compare(0, "prod@main", "prod@next"), 0,
				"a: same relation",
				"b: differs, inputs same +2 -2 ~0",
				"c: differs +1 -1 ~0",
				"other: same",
				"prices: same relation",
			)
		})
		s.part("a whole build has the code of the layers", func() {
			s.mustDot("build", "prod@branch")
			s.wantVerdicts(s.compare(0, "prod@branch", "dev@branch"), 0,
				"a: same code", "b: same code", "c: same code", "other: same code", "prices: same code")
		})
		s.part("what is changed and not built is not built", func() {
			s.mustDot("run", "dev@next", "--defer", "prod@main", "-s", "b")
			found := s.compare(0, "prod@main", "dev@next")
			s.wantVerdicts(found, 0,
				"a: same relation",
				"b: differs, inputs same +2 -2 ~0",
				"c: same relation",
				"other: not built",
				"prices: same relation",
			)
			for _, r := range found.Comparisons[0].Relations {
				if r.Name == "other" && !strings.Contains(r.Reason, "is changed by dev@") {
					t.Errorf("other: %s", r.Reason)
				}
			}
		})
		s.part("a node that failed, and one that was skipped for it", func() {
			s.git("switch", "--quiet", "--create", "worse", "main")
			s.write("models/b.sql", "select id, price, no_such_function(price) as x from {{ ref('a') }}\n")
			s.commit("b fails")
			s.ends(1, "dbt build failed on dev@", "build", "dev@worse", "--defer", "prod@main", "--modified")
			found := s.compare(2, "prod@main", "dev@worse")
			s.wantVerdicts(found, 0, "a: same relation", "b: unknown", "c: unknown", "other: same relation", "prices: same relation")
			for _, r := range found.Comparisons[0].Relations {
				if r.Name == "b" && !strings.HasPrefix(r.Reason, "failed in dev@") || r.Name == "c" && r.Reason != "skipped: b failed" {
					t.Errorf("%s: %s", r.Name, r.Reason)
				}
			}
		})
	})
}
