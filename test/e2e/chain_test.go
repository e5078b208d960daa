//go:build unix

package e2e

import (
	"fmt"
	"testing"
)

// TestChain advances main by several commits, each built as a layer over the last. The last one's
// data is that of a whole build. DOT_TEST_LAYERS is the number of layers.
func TestChain(t *testing.T) {
	layers := int(number(t, "DOT_TEST_LAYERS", 4))
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"seeds/orders.csv":   "id,amount\n1,20\n2,30\n",
			"models/step0.sql":   "{{ config(materialized='table') }}select id, amount as n from {{ ref('orders') }}\n",
			"models/total.sql":   "select sum(n) as n from {{ ref('step0') }}\n",
			"models/unmoved.sql": "{{ config(materialized='incremental') }}select 1 as one\n",
			"tests/positive.sql": "select * from {{ ref('total') }} where n < 0\n",
		})
		s.use(dbt)
		s.mustDot("build", "prod@main")
		for i := 1; i <= layers; i++ {
			s.write(fmt.Sprintf("models/step%d.sql", i), fmt.Sprintf("{{ config(materialized='%s') }}select id, n + %d as n from {{ ref('step%d') }}\n",
				[]string{"table", "view", "incremental"}[i%3], i, i-1))
			s.write("models/total.sql", fmt.Sprintf("select sum(n) as n, (select count(*) from {{ ref('unmoved') }}) as unmoved, %d as step from {{ ref('step%d') }}\n", i, i))
			if i%5 == 4 { // in the middle of the chain, and all that depend on it
				s.write(fmt.Sprintf("models/step%d.sql", i-2), fmt.Sprintf("{{ config(materialized='table') }}select id, n + %d as n from {{ ref('step%d') }}\n", 100*i, i-3))
			}
			s.commit(fmt.Sprintf("Step %d", i))
			s.mustDot("build", "prod@HEAD", "--defer", "prod@HEAD~", "--modified")
		}
		s.mustDot("build", "dev@HEAD")
		s.wantTable("prod@HEAD", "total", s.rows("select * from "+s.schema("dev@HEAD")+".total")...)
		s.wantRows("select count(*) from information_schema.tables where table_name = 'unmoved' and table_schema = '"+s.schema("prod@HEAD")+"'", "0")
	})
}
