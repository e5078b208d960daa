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

// TestDispatchSetting: E.4: what the setting dispatch finds elsewhere is changed, also if no manifest says
// so: those of dbt 2 don't, and those of dbt 1 don't for macros that dbt's own macros call.
func TestDispatchSetting(t *testing.T) {
	type orders = map[string][2][]string
	builds := []string{"macro create_table_as of another package, which dbt builds with"}
	for _, test := range []struct {
		name   string
		change orders
		want   map[string][]string
	}{
		{"the package comes first", orders{"utils": {nil, {"utils"}}}, map[string][]string{
			"model.shop.stg": {"macro cents of another package"}, "model.shop.orders": {"macro cents of another package"},
		}},
		{"what dbt does without it", orders{"utils": {nil, {"shop", "utils"}}}, map[string][]string{}},
		{"another package comes first, which has no such macro", orders{"utils": {nil, {"dbt_other", "shop", "utils"}}}, map[string][]string{}},
		{"another package comes later", orders{"utils": {nil, {"shop", "other", "utils"}}, "dbt": {nil, {"shop", "utils", "dbt"}}}, map[string][]string{}},
		{"a package with a macro for an adapter, which may be the project's", orders{"utils": {nil, {"other", "shop"}}}, map[string][]string{
			"model.shop.stg": {"macro cents of another package"}, "model.shop.orders": {"macro cents of another package"},
		}},
		{"a namespace without such a macro", orders{"far": {nil, {"other"}}}, map[string][]string{
			"model.shop.top": {"macro dollars of another package"},
		}},
		{"dbt's own", orders{"dbt": {{"utils", "shop", "dbt"}, {"utils", "dbt", "shop"}}}, map[string][]string{
			"seed.shop.raw": builds, "model.shop.stg": builds, "model.shop.orders": builds, "model.shop.top": builds, "model.shop.outside": builds,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, b := newWorld(), newWorld()
			for _, w := range []*world{a, b} {
				w.macro("utils", "default__cents", "1")
				w.macro("shop", "default__cents", "2")
				w.macro("utils", "cents", "{{ adapter.dispatch('cents', 'utils')() }}", "macro.utils.default__cents")
				w.macro("utils", "caller", "{{ utils.cents() }}")
				w.macro("other", "default__dollars", "5")
				w.macro("shop", "default__dollars", "5")
				w.macro("shop", "dollars", "{{ adapter.dispatch('dollars', 'far')() }}")
				w.of("top")["raw_code"] = "select {{ dollars() }}"
				w.macro("other", "snowflake__cents", "5")
				w.macro("dbt", "default__create_table_as", "3")
				w.macro("shop", "duckdb__create_table_as", "4")
				w.of("stg")["raw_code"] = "select {{ utils.cents() }}"
				w.of("orders")["raw_code"] = "select {{ utils.caller() }}"
			}
			got, err := Changes(a.build(t, "prod_4521a86", "4521a86"), b.build(t, "dev_9b13827", "9b13827"), Commit{Dispatch: test.change})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
