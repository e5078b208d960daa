package code

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChangedDispatch: E.4: another search order of setting dispatch changes the nodes whose macros are
// found in another package. No macro differs then, and dbt's state:modified finds nothing.
func TestChangedDispatch(t *testing.T) {
	a, b := newWorld(), newWorld()
	for w, pkg := range map[*world]string{a: "utils", b: "shop"} {
		w.macro("utils", "default__cents", "1")
		w.macro("shop", "duckdb__cents", "2")
		w.macro("utils", "whole", "3")
		w.macro("dbt", "default__dateadd", "4")
		w.macro("shop", "default__dateadd", "5")
		to := map[string]string{"utils": "macro.utils.default__cents", "shop": "macro.shop.duckdb__cents"}[pkg]
		day := map[string]string{"utils": "macro.dbt.default__dateadd", "shop": "macro.shop.default__dateadd"}[pkg]
		cents := w.macro("utils", "cents", "dispatch", to)
		dateadd := w.macro("dbt", "dateadd", "dispatch", day)
		calls := func(model string, ids ...string) { w.of(model)["depends_on"].(object)["macros"] = ids }
		calls("stg", cents)
		calls("orders", to, "macro.utils.whole") // dispatches by itself
		calls("outside", dateadd)
	}
	a.of("top")["depends_on"].(object)["macros"] = []string{"macro.utils.whole"} // dbt 2 lists fewer
	got, err := Changes(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"), Commit{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"model.shop.stg":     {"macro cents of another package"},
		"model.shop.orders":  {"macro cents of another package"},
		"model.shop.outside": {"macro dateadd of another package"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
