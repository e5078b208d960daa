package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChangedDispatch: the search orders that a commit changes, by namespace.
func TestChangedDispatch(t *testing.T) {
	type orders = map[string][2][]string
	for _, test := range []struct {
		name, before, after string
		want                orders
	}{
		{"none", "", "name: p\n", orders{}},
		{"the same", "dispatch: [{macro_namespace: a, search_order: [p, a]}]\n", "dispatch:\n  - search_order: ['p', a]\n    macro_namespace: a\n", orders{}},
		{"new", "name: p\n", "dispatch: [{macro_namespace: a, search_order: [a]}]\n", orders{"a": {nil, {"a"}}}},
		{"gone", "dispatch: [{macro_namespace: a, search_order: [a]}]\n", "name: p\n", orders{"a": {{"a"}, nil}}},
		{
			"another order, and a second entry, which dbt doesn't read",
			"dispatch: [{macro_namespace: a, search_order: [p, a]}, {macro_namespace: b, search_order: [b]}]\n",
			"dispatch: [{macro_namespace: b, search_order: [b]}, {macro_namespace: a, search_order: [a, p]}, {macro_namespace: b, search_order: [p]}]\n",
			orders{"a": {{"p", "a"}, {"a", "p"}}},
		},
		{"no list", "dispatch: x\n", "dispatch: [x, {macro_namespace: a}, {search_order: [a]}, {macro_namespace: b, search_order: x}]\n", orders{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ChangedDispatch("dbt_project.yml", []byte(test.before), []byte(test.after))
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
	if _, err := ChangedDispatch("dbt_project.yml", []byte("vars: {a"), nil); err == nil {
		t.Error("broken YAML is no error")
	}
}
