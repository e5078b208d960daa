package code

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChangedStrategy: E.4: a commit that changes the macro of a strategy, or what that calls, changes the
// nodes with this strategy. dbt's state:modified misses both.
func TestChangedStrategy(t *testing.T) {
	a, b := newWorld(), newWorld()
	for _, w := range []*world{a, b} {
		w.config("stg")["materialized"], w.config("stg")["incremental_strategy"] = "incremental", "mine"
		w.config("orders")["materialized"], w.config("orders")["strategy"] = "snapshot", "slow"
		w.config("top")["materialized"], w.config("top")["incremental_strategy"] = "incremental", "other"
		w.macro("shop", "snapshot_slow_strategy", "{{ times() }}", "macro.shop.times")
		w.macro("shop", "get_incremental_other_sql", "1")
	}
	a.macro("shop", "get_incremental_mine_sql", "1")
	b.macro("shop", "get_incremental_mine_sql", "2")
	a.macro("shop", "times", "1")
	b.macro("shop", "times", "2")
	got, err := Changes(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"), Commit{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"model.shop.stg":    {"macro get_incremental_mine_sql, which dbt builds with"},
		"model.shop.orders": {"macro times, which dbt builds with"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
