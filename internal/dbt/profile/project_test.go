package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

func TestParseProject(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		want Project
	}{
		"least":                       {"name: shop\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target"}},
		"all":                         {"name: 'shop'\nprofile: \"{{ env_var('P') }}\"\npackages-install-path: \"{{ env_var('X', 'lib') }}\"\ntarget-path: out\nrequire-dbt-version: [\">=1.8.0\", \"<2.0.0\"]\n", Project{Name: "shop", Profile: "{{ env_var('P') }}", PackagesPath: "{{ env_var('X', 'lib') }}", TargetPath: "out", RequireDBT: []string{">=1.8.0", "<2.0.0"}}},
		"one text":                    {"name: shop\nrequire-dbt-version: '>=1.8.0'\nprofile: ~\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target", RequireDBT: []string{">=1.8.0"}}},
		"no partial parse":            {"name: shop\nflags:\n  partial_parse: false\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target", ParsesAnew: true}},
		"no check of the version":     {"name: shop\nflags:\n  version_check: false\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target", NoCheck: true}},
		"checked as by default":       {"name: shop\nflags: {version_check: true}\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target"}},
		"flags as they like":          {"name: shop\nflags: [version_check]\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target"}},
		"paths":                       {"name: shop\nseed-paths: [data, '{{ var(\"s\") }}']\nmodel-paths: [sql]\nmacro-paths: ~\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target", Paths: []string{"sql", "data", "{{ var(\"s\") }}"}}},
		"the rest may be as it likes": {"name: shop\nmodels: {a: {b: \"{{ broken\"}}\nvars: *nowhere\nseeds:\n", Project{Name: "shop", PackagesPath: "dbt_packages", TargetPath: "target"}},
		"windows":                     {"\ufeffname: shop\r\nprofile: p\r\n", Project{Name: "shop", Profile: "p", PackagesPath: "dbt_packages", TargetPath: "target"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseProject("dbt_project.yml", []byte(c.yaml))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseProjectErrors(t *testing.T) {
	var report dbttest.Errors
	for _, c := range []struct{ name, yaml string }{
		{"empty", ""},
		{"a list", "- a\n"},
		{"no name", "profile: p\n"},
		{"name is nothing", "name:\n"},
		{"name is a mapping", "name: {a: b}\n"},
		{"profile is a list", "name: a\nprofile: [b]\n"},
		{"broken", "name: a\nprofile: \"b\n"},
		{"Jinja without quotes", "name: a\nprofile: {{ env_var('P') }}\n"},
		{"paths are mappings", "name: a\nmodel-paths: [{a: b}]\n"},
		{"versions are mappings", "name: a\nrequire-dbt-version: [{a: b}]\n"},
	} {
		_, err := ParseProject("dbt_project.yml", []byte(c.yaml))
		report.Add(t, c.name, err)
	}
	report.Compare(t, "project-errors")
}

func FuzzParseProject(f *testing.F) {
	f.Add("name: shop\nprofile: p\nrequire-dbt-version: ['>=1', \"<2\"]\n")
	f.Add("a: &a [1]\n<<: {name: x}\nprofile: *a\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParseProject("dbt_project.yml", []byte(text))
		if err == nil && p.Name == "" {
			t.Error("a project without a name")
		}
	})
}
