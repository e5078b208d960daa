package tool

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseVersion(t *testing.T) {
	tests := []struct {
		name, text string
		want       Release
		ok         bool
	}{
		{
			"dbt 1.11, with colours",
			"Core:\n  - installed: 1.11.16\n  - latest:    1.12.6  - \x1b[33mUpdate available!\x1b[0m\n\n  Your version of dbt-core is out of date!\n\nPlugins:\n  - duckdb:   1.11.1 - \x1b[32mUp to date!\x1b[0m\n  - postgres: 1.11.0 - \x1b[33mUpdate available!\x1b[0m\n\n",
			Release{Version: "1.11.16", Adapters: map[string]string{"duckdb": "1.11.1", "postgres": "1.11.0"}},
			true,
		},
		{
			"dbt 1.12, with its advert",
			"dbt v2 is here: dbt 2.0.1 is faster\nCore:\n  - installed: 1.12.6\n  - latest:    1.12.6 - Up to date!\n\nPlugins:\n",
			Release{Version: "1.12.6", Adapters: map[string]string{}},
			true,
		},
		{"dbt 2", "dbt 2.0.0-beta.2\n", Release{Version: "2.0.0-beta.2"}, true},
		{"dbt-core 2", "dbt-core 2.0.1\n", Release{Version: "2.0.1"}, true},
		{"the Cloud CLI", "dbt Cloud CLI - 0.38.7 (1b8f3a2 2024-07-08)\n", Release{Version: "0.38.7", Cloud: true}, true},
		{"something else", "usage: dbt\n", Release{}, false},
		{"nothing", "", Release{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ParseVersion(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("ok %t (-want +got):\n%s", ok, diff)
			}
		})
	}
}

func FuzzParseVersion(f *testing.F) {
	f.Add("Core:\n  - installed: 1.11.16\nPlugins:\n  - duckdb: 1.11.1 - x\n")
	f.Add("dbt Cloud CLI - 0.38.7\n")
	f.Add("dbt-core 2.0.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := ParseVersion(text)
		if ok != (r.Version != "") {
			t.Errorf("%q: ok %t, version %q", text, ok, r.Version)
		}
	})
}
