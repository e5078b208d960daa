//go:build unix

package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.4: what dbt parses of a round's files is what it would make of all files, also where it parses only the
// model that was edited. After edits of other files, it parses all.
func TestRoundsParse(t *testing.T) {
	slow(t)
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		s := newShop(t, adapter)
		const model = "models/marts/revenue_by_month.sql"
		s.write("macros/plus.sql", "{% macro plus(x) %}{{ x }} + 1{% endmacro %}\n")
		s.write("models/more.md", "{% docs month %}a month{% enddocs %}\n")
		s.write("models/more.yml", `
sources:
  - {name: raw, schema: "{{ target.schema }}", tables: [{name: orders}]}
exposures:
  - {name: board, type: dashboard, owner: {name: Ada}, depends_on: [ref('fct_orders'), ref('newest')]}
models:
  - name: newest
    description: "{{ doc('month') }}"
    latest_version: 2
    versions: [{v: 1}, {v: 2}]
    columns: [{name: n, data_tests: [not_null]}]
snapshots:
  - {name: orders_then, relation: ref('fct_orders'), config: {strategy: check, unique_key: order_id, check_cols: [amount]}}
unit_tests:
  - name: counts
    model: newest
    versions: {include: [2]}
    given: [{input: ref('stg_orders'), rows: [{order_id: 1}]}]
    expect: {rows: [{n: 1}]}
`)
		s.write("models/newest_v1.sql", "select 1 as n")
		s.write("models/newest_v2.sql", "select count(*) as n from {{ ref('stg_orders') }}")
		s.write("tests/some.sql", "select * from {{ ref('newest') }} where {{ plus('n') }} < 0")
		c := s.start("build", "dev@.", "--watch", "--", "--exclude", "resource_type:unit_test")
		c.wantRound(0, "built dev@.: ", " ok")
		for i, edit := range []struct {
			file, text string
			anew       bool
		}{
			{model, "select 1 as month, {{ plus('count(*)') }} as orders from {{ ref('newest', v=1) }}", false},
			{model, "{{ config(tags=['t'], materialized='view', meta={'a': 1}) }} select n as month from {{ ref('newest') }}", false},
			{"macros/plus.sql", "{% macro plus(x) %}{{ x }} + 2{% endmacro %}\n", true},
			{"models/newest_v2.sql", "{{ config(alias='newer') }} select count(*) + 0 as n from {{ ref('stg_orders') }}", false},
			{"seeds/customers.csv", s.read("seeds/customers.csv"), true},
			{model, "{{ config(enabled=(1 == 2)) }} select 1 as month", false},
			{model, "select 1 as month", true}, // no active model had the file
		} {
			if edit.file == "seeds/customers.csv" {
				edit.text = strings.Replace(edit.text, "\n", "\n99,Zoe,FR\n", 1)
			}
			s.write(edit.file, edit.text)
			c.wantRound(i+1, "built dev@.: ", "("+filepath.Base(edit.file)+")")
			target, err := filepath.Rel(s.dir, strings.TrimSpace(s.mustDot("path", "dev@.", "--target").stdout))
			if err != nil {
				t.Fatal(err)
			}
			log := s.read(filepath.Join(target, "..", "logs", "dbt.log"))
			if anew := strings.Contains(log, "Unable to do partial parsing"); anew != edit.anew {
				t.Errorf("round %d: parsed anew %t, want %t", i+1, anew, edit.anew)
			}
			states, err := filepath.Glob(filepath.Join(s.dir, target, "..", "state-tree", "*", "manifest.json"))
			if err != nil || len(states) != 1 {
				t.Fatal(states, err)
			}
			kept, err := filepath.Rel(s.dir, states[0])
			if err != nil {
				t.Fatal(err)
			}
			got := parsedManifest(t, s.read(kept))
			s.mustDot("list", "dev@.", "--", "--no-partial-parse")
			if diff := cmp.Diff(parsedManifest(t, s.read(filepath.Join(target, "manifest.json"))), got); diff != "" {
				t.Errorf("round %d: the manifest differs from that of all files (-all +round):\n%s", i+1, diff)
			}
		}
		c.stops()
	})
}

// parsedManifest is a manifest without what differs between two parses of the same files, and without
// the order of the lists that have none.
func parsedManifest(t *testing.T, text string) (out map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	delete(out, "metadata")
	var clean func(any)
	clean = func(value any) {
		switch value := value.(type) {
		case map[string]any:
			delete(value, "created_at")
			for _, one := range value {
				clean(one)
			}
		case []any:
			for _, one := range value {
				clean(one)
			}
		}
	}
	clean(out)
	return out
}
