package profile

import (
	"encoding/json"
	"testing"

	"dot-for-dbt/internal/testing/dbttest"
)

func TestMeets(t *testing.T) {
	scope := Scope{Env: func(name string) (string, bool) { return "<1.9.0", name == "REQUIRED" }}
	for _, c := range []struct {
		name     string
		required []string
		version  string
		ok       bool
		judged   bool
	}{
		{"nothing required", nil, "1.11.16", true, false},
		{"version not known", []string{">=1.8.0"}, "", true, false},
		{"met", []string{">=1.8.0"}, "1.11.16", true, true},
		{"too old", []string{">=1.12.0"}, "1.11.16", false, true},
		{"text with a comma", []string{">=1.8.0,<1.9.0"}, "1.11.16", false, true},
		{"list", []string{">=1.8.0", "<1.12.0"}, "1.11.16", true, true},
		{"exact without a sign", []string{"1.11.16"}, "1.11.16", true, true},
		{"exact", []string{"=1.9.1"}, "1.11.16", false, true},
		{"above itself", []string{">1.11.16"}, "1.11.16", false, true},
		{"prerelease, one way to write it", []string{">=1.10.0rc1"}, "1.10.0-rc1", true, true},
		{"prerelease before its release", []string{">=1.10.0"}, "1.10.0rc1", false, true},
		{"prerelease of what is too new", []string{"<2.0.0"}, "2.0.0-beta.2", false, true},
		{"prerelease up to a release", []string{"<=2.0.0"}, "2.0.0-beta.2", true, true},
		{"Jinja", []string{"{{ env_var('REQUIRED') }}"}, "1.11.16", false, true},
		{"Jinja that only dbt can evaluate", []string{"{{ required() }}"}, "1.11.16", true, false},
		{"two numbers are none to dbt", []string{">1.0,<1.5"}, "1.11.16", true, false},
		{"a space is none to dbt", []string{">=1.0.0, <1.5.0"}, "1.11.16", true, false},
		{"a comma in a list is none to dbt", []string{">=1.0.0", "<1.5.0,<1.4.0"}, "1.11.16", true, false},
		{"a version that dbt could not read", []string{">=1.0.0"}, "1.10.0.post1", true, false},
		{"a condition is no version", []string{">1.0.0"}, ">1.0.0", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok, judged := Project{RequireDBT: c.required}.Meets(c.version, scope)
			if ok != c.ok || judged != c.judged {
				t.Errorf("Meets(%q) of %q = %t, judged %t; want %t, %t", c.version, c.required, ok, judged, c.ok, c.judged)
			}
		})
	}
}

// pythonMeets asks dbt's own code about each pair of a version and a condition.
const pythonMeets = `
import json, sys
from dbt_common.semver import VersionSpecifier, versions_compatible
numbers = ["1.9.10", "1.10.0", "1.10.1", "2.0.0"]
tails = ["", "rc1", "-rc1", "rc2", "rc10", "b1", "-beta.2", "-beta.10", "-beta.x", "-1", "a1+build"]
versions = [n + t for n in numbers for t in tails]
answers = []
for matcher in ["", "=", ">", ">=", "<", "<="]:
    for required in versions:
        for version in versions:
            pair = [VersionSpecifier.from_version_string(v) for v in (version, matcher + required)]
            answers.append({"Version": version, "Required": matcher + required, "OK": versions_compatible(*pair)})
json.dump(answers, sys.stdout)
`

// TestMeetsAgreesWithDBT: Meets gives the same answers as dbt.
func TestMeetsAgreesWithDBT(t *testing.T) {
	var answers []struct {
		Version, Required string
		OK                bool
	}
	if err := json.Unmarshal(dbttest.Python(t, "-c", pythonMeets), &answers); err != nil {
		t.Fatal(err)
	}
	for _, a := range answers {
		ok, judged := Project{RequireDBT: []string{a.Required}}.Meets(a.Version, Scope{})
		if !judged || ok != a.OK {
			t.Errorf("version %s, required %s: %t, judged %t; dbt says %t", a.Version, a.Required, ok, judged, a.OK)
		}
	}
}

func FuzzMeets(f *testing.F) {
	f.Add(">=1.8.0,<2.0.0", "1.11.16")
	f.Add("=1.10.0-rc.1+build", "1.10.0rc1")
	f.Add("<99999999999999999999.0.0", "1.11.0")
	f.Fuzz(func(t *testing.T, required, version string) {
		own := Project{RequireDBT: []string{version}}
		if ok, judged := own.Meets(version, Scope{}); judged && !ok {
			t.Errorf("%q does not meet itself", version)
		}
		Project{RequireDBT: []string{required}}.Meets(version, Scope{})
	})
}
