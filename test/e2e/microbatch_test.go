//go:build unix

package e2e

import (
	"strings"
	"testing"
)

// TestResumeMicrobatch proves that the batches that were done stay when the others run again.
func TestResumeMicrobatch(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newProject(t, adapter, map[string]string{
			"models/days.sql": `{{ config(materialized='table', event_time='day') }}
select 1 as id, cast('2026-01-10' as timestamp) as day union all select 2, cast('2026-02-10' as timestamp) union all select 3, cast('2026-03-10' as timestamp)
`,
			"models/batches.sql": `{{ config(materialized='incremental', incremental_strategy='microbatch', unique_key='id' if target.type == 'postgres' else none, event_time='day', begin='2026-01-01', batch_size='month') }}
select id, day from {{ ref('days') }}{% if model.batch and model.batch.event_time_start.month == 2 %} join late.arrival on true{% endif %}
`,
			"models/last.sql": "select count(*) as n from {{ ref('batches') }}\n",
		})
		dot := func(command ...string) []string {
			return append(command, "--", "--event-time-start", "2026-01-01", "--event-time-end", "2026-04-01")
		}
		s.ends(1, "1 partial success", dot("build", "dev@HEAD")...)
		s.execute("create schema late; create table late.arrival as select 1 as one")
		goOn := map[string][]string{"duckdb": dot("build", "dev@HEAD", "--resume"), "postgres": {"retry", "dev@HEAD"}}
		if out := s.mustDot(goOn[adapter]...); strings.Contains(out.stdout, "2026-01") {
			t.Error("a batch that was done ran again")
		}
		s.wantRows("select id from "+s.schema("dev@HEAD")+".batches order by 1", "1", "2", "3")
		s.wantTable("dev@HEAD", "last", "3")
	})
}
