package steps

import (
	"strings"
	"testing"
)

func TestReadDBTChoice(t *testing.T) {
	for value, want := range map[string]DBTChoice{
		"dbt 1.12.6":                {Release: "1.12.6"},
		"dbt==1.12.6":               {Release: "1.12.6"},
		"dbt-core==2.0.0a4":         {Release: "2.0.0a4"},
		" 2.0.0-alpha.4 ":           {Release: "2.0.0-alpha.4"},
		"v1.11.16":                  {Release: "1.11.16"},
		"requirements/dbt-1.12.txt": {Toolchain: "requirements/dbt-1.12.txt"},
		"./dbt.txt":                 {Toolchain: "dbt.txt"},
		".venv/bin/dbt":             {Command: ".venv/bin/dbt"},
		"uv run dbt":                {Command: "uv run dbt"},
		"dbt":                       {Command: "dbt"},
		"/opt/dbt 1.12/bin/dbt":     {Command: "/opt/dbt 1.12/bin/dbt"},
	} {
		want.Flag = "--to"
		if got, err := ReadDBTChoice("--to", value); err != nil || got != want {
			t.Errorf("%q: got %+v and %v, want %+v", value, got, err, want)
		}
	}
	for value, want := range map[string]string{
		"": "--to names no dbt", "  ": "--to names no dbt",
		"dbt 1.12": "three numbers", "1": "three numbers",
	} {
		if _, err := ReadDBTChoice("--to", value); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", value, err, want)
		}
	}
}

func TestSameRelease(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1.12.6", "1.12.6", true},
		{"1.12.6", "1.12.60", false},
		{"2.0.0-alpha.4", "2.0.0a4", true},
		{"2.0.0-beta.2", "2.0.0b2", true},
		{"2.0.0-rc.1", "2.0.0rc1", true},
		{"2.0.0-alpha.4", "2.0.0", false},
		{"", "1.12.6", false},
	} {
		if got := sameRelease(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %t, want %t", c.a, c.b, got, c.want)
		}
	}
}
