package dbt

import (
	"testing"
)

// The facts about dbt 2 were read, not run. These tests make sure that dot follows them.

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
