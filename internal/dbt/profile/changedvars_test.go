package profile

import (
	"maps"
	"slices"
	"testing"
)

// TestChangedVars: the vars of a project that a commit changes, by name.
func TestChangedVars(t *testing.T) {
	for _, test := range []struct {
		name, before, after string
		want                []string
	}{
		{"no vars", "name: p\n", "name: p\nversion: 1\n", nil},
		{"the same in another order", "vars: {a: 1, b: [x, y]}\n", "vars:\n  b: [x, y]\n  a: 1\n", nil},
		{"a value", "vars: {a: 1, b: 2}\n", "vars: {a: 1, b: 3}\n", []string{"b"}},
		{"a type", "vars: {a: 1}\n", "vars: {a: '1'}\n", []string{"a"}},
		{"new and gone", "vars: {a: 1}\n", "vars: {b: 1}\n", []string{"a", "b"}},
		{"of a package", "vars: {pkg: {x: 1, y: 2}, z: 3}\n", "vars: {pkg: {x: 2, y: 2}, z: 3}\n", []string{"pkg", "x"}},
		{"all", "", "vars: {a: {b: 1}}\n", []string{"a", "b"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ChangedVars("dbt_project.yml", []byte(test.before), []byte(test.after))
			if err != nil || !slices.Equal(got, test.want) {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
	if _, err := ChangedVars("dbt_project.yml", []byte("vars: {a"), nil); err == nil {
		t.Error("broken YAML is no error")
	}
}

// TestVarsFor: the vars that a project sets for a package.
func TestVarsFor(t *testing.T) {
	for text, want := range map[string][]string{
		"":                         nil,
		"vars: {}":                 nil,
		"vars: {a: 1, b: {c: 2}}":  {"a", "b"},
		"vars: {a: 1, p: {b: }}":   {"a", "b", "p"},
		"vars: {a: 1, p: text}":    {"a", "p"},
		"name: p\nmodels: {p: {}}": nil,
	} {
		got, err := VarsFor("dbt_project.yml", []byte(text), "p")
		if names := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(names, want) {
			t.Errorf("%s: got %q, %v; want %q", text, names, err, want)
		}
	}
	if _, err := VarsFor("dbt_project.yml", []byte("vars: {a"), "p"); err == nil {
		t.Error("broken YAML is no error")
	}
}
