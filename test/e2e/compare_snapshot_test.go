//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestCompareSnapshots compares snapshots of one source at two times. What dbt's own
// columns hold of the runs' times is left out; history is a difference.
func TestCompareSnapshots(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		snapshot := func(name, config string) string {
			return "{% snapshot " + name + " %}{{ config(unique_key='id', target_schema=target.schema, " + config + ") }}\nselect id, state, moved from {{ var('source') }}\n{% endsnapshot %}\n"
		}
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":         strings.Replace(projectFiles["dbt_project.yml"], "most: 100", "source: ext.things", 1),
			"snapshots/checked.sql":   snapshot("checked", "strategy='check', check_cols=['state'], hard_deletes='invalidate'"),
			"snapshots/renamed.sql":   snapshot("renamed", "strategy='check', check_cols='all', dbt_valid_to_current=\"cast('9999-12-31' as timestamp)\", snapshot_meta_column_names={'dbt_valid_from': 'since', 'dbt_valid_to': 'until', 'dbt_scd_id': 'version', 'dbt_updated_at': 'looked'}"),
			"snapshots/timestamp.sql": snapshot("stamped", "strategy='timestamp', updated_at='moved'"),
		})
		for _, sql := range []string{
			"create schema ext",
			"create table ext.things (id integer, state varchar(9), moved timestamp)",
			"insert into ext.things values (1, 'new', timestamp '2020-01-01 00:00:00'), (2, 'new', timestamp '2020-01-01 00:00:00')",
		} {
			s.execute(sql)
		}
		s.mustDot("build", "prod@HEAD", "-j", "1")
		s.mustDot("build", "dev@HEAD", "-j", "1")

		s.part("from scratch", func() {
			found := s.compare(0, "prod@HEAD", "dev@HEAD", "--all", "--exit-code")
			ignored := " dbt_scd_id ignored dbt_updated_at ignored dbt_valid_from ignored"
			s.wantVerdicts(found, 0, "checked: same"+ignored, "renamed: same version ignored looked ignored since ignored", "stamped: same")
			s.wantReasons(found, map[string]string{
				"checked": "not compared, since they hold times of runs: dbt_scd_id, dbt_updated_at, dbt_valid_from; of dbt_valid_to only which rows are current",
				"renamed": "not compared, since they hold times of runs: version, looked, since; of until only which rows are current",
			})
		})
		s.part("with history on one side", func() {
			s.execute("update ext.things set state = 'old', moved = timestamp '2020-02-02 00:00:00' where id = 1")
			s.execute("delete from ext.things where id = 2")
			s.mustDot("build", "dev@HEAD", "--full-refresh") // which snapshots don't heed
			found := s.compare(1, "prod@HEAD", "dev@HEAD", "--exit-code")
			for _, r := range found.Comparisons[0].Relations {
				if want := "its own code is the same, and it was built on existing data"; r.Verdict != "history differs" || !strings.HasPrefix(r.Reason, want) {
					t.Errorf("%s: %s: %s", r.Name, r.Verdict, r.Reason)
				}
			}
			// One row ended and another began; the deleted row ended where hard_deletes says so.
			for _, r := range found.Comparisons[0].Relations {
				want := map[string]int64{"checked": 3, "renamed": 2, "stamped": 2}[r.Name]
				if r.Changes == nil || r.Changes.Added+r.Changes.Changed != want {
					t.Errorf("%s: %+v, want %d rows that are new or changed", r.Name, r.Changes, want)
				}
			}
		})
		s.part("with the same history on both sides", func() {
			s.mustDot("build", "prod@HEAD", "--force")

			for _, r := range s.compare(0, "prod@HEAD", "dev@HEAD", "--exit-code").Comparisons[0].Relations {
				if r.Verdict != "same" {
					t.Errorf("%s: %s: %s", r.Name, r.Verdict, r.Reason)
				}
			}
		})
	})
}
