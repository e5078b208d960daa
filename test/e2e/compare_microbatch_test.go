//go:build unix

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestCompareMicrobatch compares microbatch and Python models: their code is known, and
// a relation that both sides read is no difference, whatever the candidate's commit
// says of it.
func TestCompareMicrobatch(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		files := map[string]string{
			"dbt_project.yml":  tables,
			"models/ev.sql":    "{{ config(event_time='moment') }}\nselect 1 as id, timestamp '2026-01-05 10:00:00' as moment\n",
			"models/mb.sql":    "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='moment', batch_size='year', begin='2026-01-01', unique_key='id') }}\nselect id, moment from {{ ref('ev') }}\n",
			"models/told.sql":  "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='moment', batch_size='year', begin='2026-01-01', unique_key='id') }}\nselect id, moment, {{ var('most') }} as most from {{ ref('ev') }}\n",
			"models/plain.sql": "select id from {{ ref('ev') }}\n",
		}
		python := adapter == "duckdb"
		if python {
			files["models/py.py"] = "def model(dbt, session):\n    return dbt.ref('ev')\n"
		}
		s := newProject(t, adapter, files)
		code := func(found compared) map[string]string {
			out := map[string]string{}
			for _, r := range found.Comparisons[0].Relations {
				out[r.Name] = r.Verdict + ": " + strings.Join(r.Code, ", ")
			}
			return out
		}
		check := func(found compared, want ...string) {
			t.Helper()
			got := code(found)
			for i := 0; i < len(want); i += 2 {
				if want[i] == "py" && !python {
					continue
				}
				if got[want[i]] != want[i+1] {
					t.Errorf("%s is %q, want %q", want[i], got[want[i]], want[i+1])
				}
			}
		}
		s.mustDot("build", "prod@main", "dev@main")
		s.git("switch", "--quiet", "--create", "branch")
		s.write("models/ev.sql", "{{ config(event_time='moment') }}\nselect 2 as id, timestamp '2026-01-05 10:00:00' as moment\n")
		if python {
			s.write("models/py.py", "def model(dbt, session):\n    # as it was\n    return dbt.ref('ev')\n")
		}
		s.commit("another event")

		s.part("one commit", func() {
			check(s.compare(0, "prod@main", "dev@main", "--exit-code"), "ev", "same code: ", "mb", "same code: ", "plain", "same code: ", "py", "same code: ",
				"told", "same: it reads variables, the target or the warehouse, so its code is not known")
		})
		s.part("the whole branch", func() {
			s.mustDot("build", "dev@branch")
			check(s.compare(0, "prod@main", "dev@branch"), "ev", "differs: SQL", "mb", "differs: upstream: ev", "plain", "differs: upstream: ev", "py", "differs: Python, upstream: ev")
		})
		s.part("models that read the baseline's relation", func() {
			names := []string{"mb", "plain"}
			if python {
				names = append(names, "py")
			}
			s.mustDot(slices.Concat([]string{"run", "prod@branch", "--defer", "prod@main", "-s"}, []string{strings.Join(names, " ")})...)
			check(s.compare(0, "prod@main", "prod@branch"), "mb", "same code: ", "plain", "same code: ", "py", "same: Python", "told", "same relation: ")
		})
		s.part("other batches", func() {
			s.git("switch", "--quiet", "--create", "readme", "main")
			s.write("README.md", "hello\n")
			s.commit("a readme")
			s.mustDot("build", "dev@readme", "--", "--event-time-start", "2026-01-01", "--event-time-end", "2026-02-01")
			check(s.compare(0, "prod@main", "dev@readme"), "mb", "same: batches: all → from 2026-01-01T00:00:00 to 2026-02-01T00:00:00")
		})
	})
}
