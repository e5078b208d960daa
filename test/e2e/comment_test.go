//go:build unix

package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each query says which build it is of, and the ID of the run, unless the project has a comment of its own.
func TestQueryComment(t *testing.T) {
	full(t)
	onBoth(t, "", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		s.ownDBT() // in a host, and then as a process of its own
		s.write("models/alone.sql", "select 1 as one")
		s.commit("Build one")
		comments := func() []string {
			target, err := filepath.Rel(s.dir, strings.TrimSpace(s.mustDot("path", "dev@HEAD", "--target").stdout))
			if err != nil {
				t.Fatal(err)
			}
			var own []string
			for _, m := range regexp.MustCompile(`(?m)On model\.shop\.alone: (/\* .* \*/)$`).FindAllStringSubmatch(s.read(filepath.Join(target, "..", "logs", "dbt.log")), -1) {
				own = append(own, m[1])
			}
			if len(own) == 0 {
				t.Fatal("the log has no queries of the model")
			}
			return own
		}
		want := regexp.MustCompile(`^/\* \{"app": "dbt", "dbt_version": "[^"]+", "profile_name": "shop", "target_name": "dev", ` +
			`"node_id": "model\.shop\.alone", "dot": "dev@` + s.head()[:7] + `", "run": "(\w+)"\} \*/$`)
		runs := map[string]bool{}
		for i, args := range [][]string{{}, {"--force", "--no-dbt-host"}} {
			s.mustDot(append([]string{"build", "dev@HEAD", "-s", "alone"}, args...)...)
			said := comments()
			last := want.FindStringSubmatch(said[len(said)-1])
			if last == nil {
				t.Fatalf("%q says %s, want %s", args, said[len(said)-1], want)
			}
			if runs[last[1]] = true; len(runs) != i+1 {
				t.Errorf("two runs have one ID, %s", last[1])
			}
		}
		s.upToDate("build", "dev@HEAD", "-s", "alone")
		s.write("dbt_project.yml", s.read("dbt_project.yml")+"\nquery-comment: ours\n")
		s.commit("Say what is ours")
		s.mustDot("build", "dev@HEAD", "-s", "alone")
		for _, said := range comments() {
			if said != "/* ours */" {
				t.Errorf("a query says %s, and not what the project says", said)
			}
		}
	})
}

// dbt 2 has no way to add to its comments, but PostgreSQL's sessions have a name, unless the user gives one.
func TestV2SessionName(t *testing.T) {
	onOne(t, "postgres", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		s.useV2()
		s.write("models/app.sql", "{{ config(materialized='table') }} select current_setting('application_name') as app")
		s.commit("Say who asks")
		name := "select app from " + s.schema("dev@HEAD") + ".app"
		s.mustDot("build", "dev@HEAD", "-s", "app")
		said := s.rows(name)
		if want := regexp.MustCompile(`^dot dev@` + s.head()[:7] + ` \w+$`); len(said) != 1 || !want.MatchString(said[0]) {
			t.Errorf("the session is called %q, want %s", said, want)
		}
		s.setenv("PGAPPNAME=ours")
		s.mustDot("build", "dev@HEAD", "-s", "app", "--force")
		s.wantRows(name, "ours")
	})
}
