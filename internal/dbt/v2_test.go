package dbt

import (
	"strings"
	"testing"
)

// The facts about dbt 2 are read, not run: these tests hold dot to them.

func TestTakesOfDBT2(t *testing.T) {
	for _, tt := range []struct {
		command, flag string
		one, two      bool
	}{
		{"deps", "target-path", false, true},
		{"list", "threads", false, true},
		{"run-operation", "select", false, true},
		{"debug", "config-dir", true, false},
		{"debug", "connection", true, true},
		{"test", "full-refresh", false, false},
	} {
		for version, want := range map[string]bool{"1.11.16": tt.one, "2.0.0-beta.2": tt.two, "": tt.one} {
			if got := command(t, tt.command).In(version).Takes(tt.flag); got != want {
				t.Errorf("dbt %q %s takes --%s: %t, want %t", version, tt.command, tt.flag, got, want)
			}
		}
	}
}

func TestEverywhereFlagsExist(t *testing.T) {
	for _, name := range append(v2Everywhere, v2Gone...) {
		if _, ok := LookupFlag(name); !ok {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

func TestAdapterWarning(t *testing.T) {
	for _, tt := range []struct {
		name, version, adapter, allowed string
		want                            bool
	}{
		{"built in", "2.0.1", "duckdb", "", false},
		{"experimental", "2.0.1", "postgres", "", true},
		{"experimental, a beta", "2.0.0-beta.2", "postgres", "", true},
		{"experimental, allowed", "2.0.1", "postgres", "true", false},
		{"experimental, not allowed", "2.0.1", "postgres", "false", true},
		{"dbt 1", "1.11.16", "postgres", "", false},
		{"not known", "", "postgres", "", false},
	} {
		env := func(name string) (string, bool) { return tt.allowed, name == experimentalAdapters && tt.allowed != "" }
		got := Release{Version: tt.version}.AdapterWarning(tt.adapter, env)
		if tt.want != strings.Contains(got, experimentalAdapters+"=true") {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestCanRead(t *testing.T) {
	for _, tt := range []struct {
		version, manifest string
		want              bool
	}{
		{"1.11.16", "1.5.0", true},
		{"2.0.1", "1.5.11", false},
		{"2.0.1", "1.8.0", true},
		{"2.0.1", "2.0.0", true},
		{"2.0.1", "", true},
		{"", "1.5.0", true},
	} {
		err := Release{Version: tt.version}.CanRead(Metadata{DBTVersion: tt.manifest})
		if (err == nil) != tt.want {
			t.Errorf("dbt %q, manifest of %q: %v", tt.version, tt.manifest, err)
		}
	}
}
