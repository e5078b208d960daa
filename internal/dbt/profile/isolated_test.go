package profile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/pyyaml"
)

// TestIsolated proves D.5.
func TestIsolated(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []string // the output's lines
		want   []string
	}{
		{
			"text and Jinja stay as written",
			[]string{"type: postgres", "host: db.example.com", "port: 5432", "user: \"{{ env_var('PGUSER') }}\"", `password: '{{ env_var("PGPASSWORD") }}'`, "threads: 4", "schema: analytics"},
			[]string{"type: postgres", "host: db.example.com", "port: 5432", `user: "{{ env_var('PGUSER') }}"`, `password: "{{ env_var(\"PGPASSWORD\") }}"`, "threads: 4", `"schema": "analytics_abc1234"`},
		},
		{
			"plain scalars keep their text, whatever they mean",
			[]string{"type: x", "schema: s", "a: yes", "b: 0o14", "c: 1_000", "d: ~", "e:", "f: 12:30:45", "g: 2024-01-01", "h: 1e5", "i: .inf", "j: 0x1F"},
			[]string{"type: x", "a: yes", "b: 0o14", "c: 1_000", "d: ~", "e:", "f: 12:30:45", "g: 2024-01-01", "h: 1e5", "i: .inf", "j: 0x1F", `"schema": "s_abc1234"`},
		},
		{
			"quoted, block and folded texts come out in double quotes",
			[]string{"type: x", "schema: s", "'a': 'it''s'", `"b": "\x41\t\u263a"`, "c: |", "  one", "  two", "d: >-", "  one", "  two", "e: one", "  two"},
			[]string{"type: x", `"a": "it's"`, `"b": "A\t☺"`, `c: "one\ntwo\n"`, `d: "one two"`, "e: one two", `"schema": "s_abc1234"`},
		},
		{
			"tags stay",
			[]string{"type: x", "schema: !!str 5", "a: !!str 5", "b: !!int '5'", "c: !!set {x, y}"},
			[]string{"type: x", "a: !!str 5", `b: !!int "5"`, "c: !!set", "  x:", "  y:", `"schema": "5_abc1234"`},
		},
		{
			"anchors and merges are resolved, written keys win",
			[]string{"<<: [*one, *two]", "type: x", "b: mine", "l: *list"},
			[]string{"a: 2", "b: mine", "c: 1", "type: x", "l:", "  - 1", "  -", "    k: v", `"schema": "hidden_abc1234"`},
		},
		{
			"a number for a schema becomes a name",
			[]string{"type: x", "schema: 2024"},
			[]string{"type: x", `"schema": "2024_abc1234"`},
		},
		{
			"the suffix stands outside Jinja",
			[]string{"type: x", `schema: "{% if target %}a{% endif %}{{ env_var('S') | lower }}"`},
			[]string{"type: x", `"schema": "{% if target %}a{% endif %}{{ env_var('S') | lower }}_abc1234"`},
		},
		{
			"the line break of a block is none of the name",
			[]string{"type: x", "schema: |", "  main"},
			[]string{"type: x", `"schema": "main_abc1234"`},
		},
		{
			"the last of two equal keys counts",
			[]string{"type: x", "schema: a", "a: 1", "a: 2", "schema: b"},
			[]string{"type: x", "a: 2", `"schema": "b_abc1234"`},
		},
		{
			"dataset stays dataset",
			[]string{"type: bigquery", "project: p", "dataset: d"},
			[]string{"type: bigquery", "project: p", `"dataset": "d_abc1234"`},
		},
		{
			"DuckDB's default",
			[]string{"type: duckdb"},
			[]string{"type: duckdb", `"schema": "main_abc1234"`},
		},
		{
			"empty collections",
			[]string{"type: duckdb", "a: []", "b: {}", "c: [[], {}]"},
			[]string{"type: duckdb", "a: []", "b: {}", "c:", "  - []", "  - {}", `"schema": "main_abc1234"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			const anchors = "one: &one {schema: hidden, a: 2}\ntwo: &two {a: 1, b: 1, c: 1}\nlist: &list [1, {k: v}]\n"
			out := chosen(t, anchors+shopOutput(c.output...), Choice{Target: "dev"})
			got, err := out.Isolated("abc1234", "", "")
			if err != nil {
				t.Fatal(err)
			}
			want := "\"shop\":\n  \"target\": \"dev\"\n  \"outputs\":\n    \"dev\":\n      " + strings.Join(c.want, "\n      ") + "\n"
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestIsolatedTakesOnlyTheChosenAndRenames proves D.4.
func TestIsolatedTakesOnlyTheChosenAndRenames(t *testing.T) {
	const profiles = "config: {x: 1}\nother: {outputs: {a: {password: hunter2}}}\nshop:\n  target: dev\n  outputs:\n    prod: {type: duckdb}\n    dev: {password: hunter2}\n"
	got, err := chosen(t, profiles, Choice{Environment: "prod"}).Isolated("x-1.2_3", "ci", "")
	if err != nil {
		t.Fatal(err)
	}
	want := "\"shop\":\n  \"target\": \"ci\"\n  \"outputs\":\n    \"ci\":\n      type: duckdb\n      \"schema\": \"main_x-1.2_3\"\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// TestIsolatedOnWindows: line ends and a byte order mark are no part of values.
func TestIsolatedOnWindows(t *testing.T) {
	unix := shopOutput("type: duckdb", "schema: main", "a: |", "  one", "  two", "b: \"x", "  y\"")
	windows := "\ufeff" + strings.ReplaceAll(unix, "\n", "\r\n")
	var got [2][]byte
	for i, profiles := range []string{unix, windows} {
		var err error
		if got[i], err = chosen(t, profiles, Choice{Target: "dev"}).Isolated("s", "", ""); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(got[0]), string(got[1])); diff != "" {
		t.Error(diff)
	}
}

// TestIsolatedFitsNames: a name of the maximum length is fine. It proves D.5.
func TestIsolatedFitsNames(t *testing.T) {
	for adapter, limit := range map[string]int{"postgres": 63, "redshift": 127, "snowflake": 1000} {
		for length, fits := range map[int]bool{limit: true, limit + 1: adapter == "snowflake"} {
			schema := strings.Repeat("s", length-len("_abc"))
			_, err := chosen(t, shopOutput("type: "+adapter, "schema: "+schema), Choice{Target: "dev"}).Isolated("abc", "", "")
			if (err == nil) != fits {
				t.Errorf("%s, %d bytes: %v", adapter, length, err)
			}
		}
	}
}

// FuzzIsolated: the file written reads like the original, except for the schema.
func FuzzIsolated(f *testing.F) {
	f.Add(shopOutput("type: duckdb", "schema: main"))
	f.Add(shopOutput("type: x", "schema: !!str 5", "a: [1, {b: 'c'}]", "d: |", "  e"))
	for seed := range uint64(20) {
		f.Add(madeUpProfiles(rand.New(rand.NewPCG(seed, 2))))
	}
	f.Fuzz(func(t *testing.T, profiles string) {
		p, err := parse("profiles.yml", []byte(profiles))
		if err != nil {
			return
		}
		before, err := p.Choose(Choice{Profile: "shop", Target: "dev"})
		if err != nil {
			return
		}
		written, err := before.Isolated("abc1234", "", "")
		if err != nil {
			return
		}
		again, err := parse("profiles.yml", written)
		if err != nil {
			t.Fatalf("%v\n%s\nfrom\n%s", err, written, profiles)
		}
		after, err := again.Choose(Choice{Profile: "shop"})
		if err != nil {
			t.Fatalf("%v\n%s\nfrom\n%s", err, written, profiles)
		}
		if diff := cmp.Diff(withoutSchema(before.fields), withoutSchema(after.fields)); diff != "" {
			t.Fatalf("%s\n%s\nfrom\n%s", diff, written, profiles)
		}
		schema, err := before.Schema()
		if err != nil {
			t.Fatal(err)
		}
		if got := after.fields.Get(schema.Field); got == nil || got.Plain || got.Text != schema.Text+"_abc1234" {
			t.Fatalf("schema %q became %+v", schema.Text, got)
		}
	})
}

// withoutSchema lists an output's fields for comparison.
func withoutSchema(n *pyyaml.Node) []string {
	var out []string
	for _, p := range n.Pairs {
		if p.Key.Text != "schema" && p.Key.Text != "dataset" {
			out = append(out, describe(p.Key)+" = "+describe(p.Value))
		}
	}
	return out
}

func describe(n *pyyaml.Node) string {
	if n.Kind == pyyaml.Scalar {
		return fmt.Sprintf("%s %q plain %t", n.Tag, n.Text, n.Plain)
	}
	var parts []string
	for _, p := range n.Pairs {
		parts = append(parts, describe(p.Key)+": "+describe(p.Value))
	}
	for _, item := range n.Items {
		parts = append(parts, describe(item))
	}
	return fmt.Sprintf("%s %s [%s]", n.Tag, n.Kind, strings.Join(parts, "; "))
}
