package dbt

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

// clickOption is an option as testdata/click/flags.py prints it.
type clickOption struct {
	Names    []string `json:"names"`
	Negative []string `json:"negative"`
	Letters  []string `json:"letters"`
	Arity    Arity    `json:"arity"`
	Default  bool     `json:"default"`
	Env      []string `json:"env"`
}

// A.2, C.8: the flag table against the click definitions of the installed dbt.
func TestFlagTable(t *testing.T) {
	var installed map[string][]clickOption
	if err := json.Unmarshal(dbttest.Python(t, "testdata/click/flags.py"), &installed); err != nil {
		t.Fatal(err)
	}
	version := strings.TrimSpace(string(dbttest.Python(t, "-c", "from importlib.metadata import version; print(version('dbt-core'))")))

	seen := map[string]bool{}
	for name, options := range installed {
		c, ok := LookupCommand(name)
		if !ok {
			t.Errorf("dbt has a command %q that the table lacks", name)
			continue
		}
		c = c.In(version)
		seen[c.Name] = true
		taken := map[string]bool{"help": true}
		for _, o := range options {
			f, ok := LookupFlag(strings.TrimPrefix(o.Names[0], "--"))
			if !ok || !c.Takes(f.Name) {
				t.Errorf("dbt %s takes %s, and by the table it does not", name, o.Names[0])
				continue
			}
			taken[f.Name] = true
			compareOption(t, c.Name, f, o)
		}
		for _, f := range flagTable {
			if c.Takes(f.Name) && !taken[f.Name] {
				t.Errorf("by the table dbt %s takes --%s, and it does not", name, f.Name)
			}
		}
	}
	for _, c := range Commands() {
		if !seen[c.Name] {
			t.Errorf("the table has a command %q that dbt lacks", c.Name)
		}
	}
}

func compareOption(t *testing.T, command string, f Flag, o clickOption) {
	t.Helper()
	for _, name := range o.Names {
		if found, negated, _ := flagByName(strings.TrimPrefix(name, "--")); found.Name != f.Name || negated {
			t.Errorf("dbt %s: %s should be a name of --%s", command, name, f.Name)
		}
	}
	for _, name := range o.Negative {
		if found, negated, _ := flagByName(strings.TrimPrefix(name, "--")); found.Name != f.Name || !negated {
			t.Errorf("dbt %s: %s should be the negative form of --%s", command, name, f.Name)
		}
	}
	for _, letter := range o.Letters {
		if found, _ := flagByLetter(command, letter[0]); found.Name != f.Name {
			t.Errorf("dbt %s: -%s should be --%s, is %q", command, letter, f.Name, found.Name)
		}
	}
	if f.HasNo != (len(o.Negative) > 0) || f.Arity != o.Arity {
		t.Errorf("dbt %s --%s: HasNo %t, arity %d, found %+v", command, f.Name, f.HasNo, f.Arity, o)
	}
	if f.HasNo && f.Default != o.Default {
		t.Errorf("dbt %s --%s: the default is %t", command, f.Name, o.Default)
	}
	// Before 1.11 there is no ENGINE form.
	if len(o.Env) == 1 && len(f.variables()) == 2 {
		o.Env = append([]string{f.variables()[0]}, o.Env...)
	}
	if !slices.Equal(f.variables(), o.Env) {
		t.Errorf("dbt %s --%s: variables %v, found %v", command, f.Name, f.variables(), o.Env)
	}
}

// Names in the table are unique, or a lookup would find the wrong one.
func TestFlagNamesAreUnique(t *testing.T) {
	owner := map[string]string{}
	for _, f := range flagTable {
		names := append([]string{f.Name}, f.Aliases...)
		if f.HasNo {
			names = append(names, f.negative())
		}
		for _, name := range names {
			if other, ok := owner[name]; ok {
				t.Errorf("--%s is a name of --%s and --%s", name, other, f.Name)
			}
			owner[name] = f.Name
		}
		for _, name := range slices.Concat(f.commands, slices.Collect(maps.Keys(f.since))) {
			if _, ok := LookupCommand(name); !ok && name != "*" {
				t.Errorf("--%s: there is no command %q", f.Name, name)
			}
		}
	}
	for _, name := range listed {
		if _, ok := LookupFlag(name); !ok {
			t.Errorf("there is no flag %q to keep in a list", name)
		}
	}
}

// TestTakes proves C.8.
func TestTakes(t *testing.T) {
	tests := []struct {
		command, version, flag string
		want                   bool
	}{
		{"build", "", "full-refresh", true},
		{"test", "", "full-refresh", false},
		{"build", "", "no-defer", true},
		{"build", "", "models", true},
		{"build", "", "no-such-flag", false},
		{"list", "", "threads", false},
		{"ls", "", "target-path", true},
		{"deps", "", "target-path", false},
		{"source freshness", "", "select", true},
		{"seed", "", "empty", false},
		{"seed", "1.11.16", "empty", false},
		{"seed", "1.12.0b1", "empty", true},
		{"seed", "2.0.0", "empty", true},
		{"run", "1.9.0", "empty", true},
		{"run", "1.9.11", "sample", false},
		{"run", "1.10.23", "sample", true},
		{"run", "1.10.23", "sqlparse", false},
		{"run", "1.11.16", "sqlparse", true},
		{"build", "1.11.16", "hints-enabled", false},
		{"build", "1.12.6", "hints-enabled", true},
		{"build", "1.12.6", "manage-state", false},
		{"build", "1.13.0b1", "manage-state", true},
	}
	for _, tt := range tests {
		if got := command(t, tt.command).In(tt.version).Takes(tt.flag); got != tt.want {
			t.Errorf("dbt %q %s takes --%s: %t, want %t", tt.version, tt.command, tt.flag, got, tt.want)
		}
	}
}

// TestNearestFlag proves C.8.
func TestNearestFlag(t *testing.T) {
	got := map[string]string{}
	for _, name := range []string{"full_refesh", "targett", "thread", "no-deffer", "materialized", "excludes", "x"} {
		got[name] = NearestFlag(name)
	}
	want := map[string]string{
		"full_refesh": "full-refresh", "targett": "target", "thread": "threads", "no-deffer": "no-defer",
		"materialized": "", "excludes": "exclude", "x": "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nearest flags (-want +got):\n%s", diff)
	}
}
