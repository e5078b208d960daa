package code

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// releases are dbts with what each wrote of one commit: manifests of a project with each kind of
// node, without dbt's own macros and with the fields that are compared.
var releases = []struct{ name, version string }{{"v11", "1.11.16"}, {"v12", "1.12.6"}, {"v2", "2.0.0-alpha.4"}}

// releaseSide is the side of a release. edits are pairs of texts in its manifest.
func releaseSide(t *testing.T, name string, edits ...string) Side {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "releases", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for pair := range slices.Chunk(edits, 2) {
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("%s has no %q", name, pair[0])
		}
		text = strings.ReplaceAll(text, pair[0], pair[1])
	}
	file := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Side{Manifest: file, Suffix: name + "_4159a8a"}
}

// Of one commit, two releases of dbt differ in nothing but the release, except in a model that
// asks for it, and in those that dbt didn't reach.
func TestReleases(t *testing.T) {
	for _, a := range releases {
		for _, b := range releases {
			if a == b {
				continue
			}
			t.Run(a.name+" → "+b.name, func(t *testing.T) {
				found := compared(t, releaseSide(t, a.name), releaseSide(t, b.name))
				dbt := "dbt: " + a.version + " → " + b.version
				for name, differences := range found {
					want := []string{dbt}
					switch {
					case name == "stamped":
						want = []string{"compiled SQL", dbt}
					case name == "total" && b.name == "v2":
						want = []string{"the candidate's code is not known: it was not in the last run", dbt}
					case name == "total" && a.name == "v2":
						want = []string{"the baseline's code is not known: it was not in the last run", dbt}
					}
					if diff := cmp.Diff(want, differences); diff != "" {
						t.Errorf("%s (-want +got):\n%s", name, diff)
					}
				}
				if len(found) != 22 {
					t.Errorf("%d nodes, want 22", len(found))
				}
			})
		}
	}
}

// A true difference is told, also between releases.
func TestReleasesDiffer(t *testing.T) {
	for _, c := range []struct{ name, old, edit, node, want string }{
		{"a setting", `"on_schema_change": null`, `"on_schema_change": "fail"`, "inc", "on_schema_change: ignore → fail"},
		{"a contract", `"enforced": false`, `"enforced": true`, "custom", `contract`},
		{"a seed's delimiter", `"materialized": "table"`, `"materialized": "table", "delimiter": ";"`, "hooked", "delimiter: (none) → ;"},
		{"how dbt 2 analyses", `"static_analysis": "baseline"`, `"static_analysis": "strict"`, "custom", "static_analysis: (none) → strict"},
		{"the first day of batches", `"begin": "2026-01-01"`, `"begin": "2026-01-02"`, "batches", "begin: 2026-01-01T00:00:00 → 2026-01-02"},
		{"quoting", `"snowflake_ignore_case": false`, `"snowflake_ignore_case": true`, "custom", "quoting"},
		{"a hook", `select 1 as one`, `select 1 as two`, "hooked", "pre-hook"},
		{"a constraint", `"type": "not_null"`, `"type": "unique"`, "contracted", "columns"},
		{"a constraint that only warns", `"warn_unenforced": null`, `"warn_unenforced": false`, "contracted", "columns"},
		{"a macro", `({{ x }} / 100)`, `({{ x }} / 1000)`, "hooked", "hook: macro cents_to"},
		{"a run's hook", `"raw_code": "select 3"`, `"raw_code": "select 4"`, "custom", "on-run-end"},
		{"a seed's rows", `1397f9f07de91c7e`, `0000000000000000`, "orders", "seed's rows"},
		{"blanks in a string", `it''s void`, `it''s  void`, "inc", "compiled SQL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := compared(t, releaseSide(t, "v12"), releaseSide(t, "v2", c.old, c.edit))
			if !slices.ContainsFunc(found[c.node], func(d string) bool { return strings.HasPrefix(d, c.want) }) {
				t.Errorf("%s: got %q, want %q", c.node, found[c.node], c.want)
			}
		})
	}
}

// Blanks and line ends are folded where they mean nothing.
func TestFolded(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{
		{"blanks", "\n\nselect  a,\n\tb from t  \n", "select a, b from t"},
		{"a comment's end", "select a -- b  \n\n  from t", "select a -- b\nfrom t"},
		{"a string", "select  'a  b',  \"c  d\"", "select 'a  b', \"c  d\""},
		{"what may be a string", "select  1,  $$a  b$$", "select 1, $$a  b$$"},
		{"dbt 2's wrapper", "with e as (\n1\n)\n--EPHEMERAL-SELECT-WRAPPER-START\nselect * from (\nselect 1\n\n--EPHEMERAL-SELECT-WRAPPER-END\n)", "with e as ( 1 ) select 1"},
	} {
		if got := folded(c.a); got != c.b {
			t.Errorf("%s: got %q, want %q", c.name, got, c.b)
		}
		if got := folded(c.b); got != c.b {
			t.Errorf("%s: folded again: %q", c.name, got)
		}
	}
	for _, c := range [][2]string{{"select 1 -- a\n, 2", "select 1 -- a , 2"}, {"select 'a b'", "select 'a  b'"}, {"select ab", "select a b"}} {
		if folded(c[0]) == folded(c[1]) {
			t.Errorf("%q and %q become one", c[0], c[1])
		}
	}
}
