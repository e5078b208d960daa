package compare

import (
	"strings"
	"testing"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/steps"
)

// TestKey: the command line's key overrides the environment's, which overrides the
// project's. A node may be named by its unique_id.
func TestKey(t *testing.T) {
	how := How{
		Keys:       map[string][]string{"given": {"a"}},
		configured: map[string][]string{"given": {"b"}, "model.shop.configured": {"b", "c"}},
	}
	v := newVerdicts(steps.Side{}, steps.Side{}, how, nil)
	for _, test := range []struct{ name, want string }{
		{"given", "a from --key"},
		{"configured", "b,c from dot_environments.yml"},
		{"own", "d from unique test"},
	} {
		columns, from := v.key(code.Node{ID: "model.shop." + test.name, Name: test.name, Key: []string{"d"}, KeyFrom: "unique test"})
		if got := strings.Join(columns, ",") + " from " + from; got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestCalled: a key's name may leave out the version and the package, if it is clear
// which model it means.
func TestCalled(t *testing.T) {
	nodes := []code.Node{
		{ID: "model.shop.orders", Name: "orders"},
		{ID: "model.shop.dim.v1", Name: "dim.v1"},
		{ID: "model.shop.dim.v2", Name: "dim.v2"},
		{ID: "model.shop.common", Name: "shop.common"},
		{ID: "model.utils.common", Name: "utils.common"},
		{ID: "snapshot.shop.history", Name: "history"},
	}
	for name, want := range map[string]string{
		"orders": "orders", "model.shop.orders": "orders", "shop.orders": "shop.orders",
		"dim": "shop.dim", "dim.v1": "dim.v1", "model.shop.dim.v2": "dim.v2",
		"common": "shop.common utils.common", "utils.common": "utils.common",
		"history": "history", "rders": "", "dim.v3": "",
	} {
		if got := strings.Join(called(nodes, name), " "); got != want {
			t.Errorf("%s is called %q, want %q", name, got, want)
		}
	}
	v := newVerdicts(steps.Side{}, steps.Side{}, How{Keys: map[string][]string{"dim": {"id"}, "utils.common": {"x"}}}, nil)
	for id, want := range map[string]string{"model.shop.dim.v1": "id", "model.shop.dim.v2": "id", "model.utils.common": "x", "model.shop.common": ""} {
		columns, _ := v.key(code.Node{ID: id, Name: strings.TrimPrefix(id, "model.")})
		if got := strings.Join(columns, ","); got != want {
			t.Errorf("the key of %s is %q, want %q", id, got, want)
		}
	}
}
