package dbt

import "testing"

func TestSwitchedOn(t *testing.T) {
	on, off := Option{Flag: "version-check"}, Option{Flag: "version-check", Negated: true}
	for _, c := range []struct {
		name    string
		options []Option
		env     map[string]string
		project bool
		want    bool
	}{
		{"nothing said", nil, nil, true, true},
		{"off in the project", nil, nil, false, false},
		{"option", []Option{off}, nil, true, false},
		{"option over all else", []Option{on}, map[string]string{"DBT_VERSION_CHECK": "0"}, false, true},
		{"variable", nil, map[string]string{"DBT_VERSION_CHECK": "false"}, true, false},
		{"variable over the project", nil, map[string]string{"DBT_VERSION_CHECK": "yes"}, false, true},
		{"empty variable", nil, map[string]string{"DBT_VERSION_CHECK": ""}, false, false},
		{"the new form wins", nil, map[string]string{"DBT_VERSION_CHECK": "1", "DBT_ENGINE_VERSION_CHECK": "0"}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			getenv := func(name string) (string, bool) { value, ok := c.env[name]; return value, ok }
			if got := SwitchedOn("version-check", c.options, getenv, c.project); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}
