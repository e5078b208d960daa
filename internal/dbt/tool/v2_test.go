package tool

import (
	"strings"
	"testing"
)

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
		err := Release{Version: tt.version}.CanRead(tt.manifest)
		if (err == nil) != tt.want {
			t.Errorf("dbt %q, manifest of %q: %v", tt.version, tt.manifest, err)
		}
	}
}
