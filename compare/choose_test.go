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
