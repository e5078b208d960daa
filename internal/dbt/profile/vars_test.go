package profile

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/pyyaml"
	"dot-for-dbt/internal/testing/dbttest"
)

// varsTable maps values of --vars to their meaning in dbt, as JSON. TestVarsArePyYAMLs checks the
// table against PyYAML.
func varsTable() map[string]string {
	return map[string]string{
		`{}`:                              `{}`,
		`{b: 1, a: x}`:                    `{"a":"x","b":1}`,
		"a: 1\nb:\n  - x\n  - y: z\n":     `{"a":1,"b":["x",{"y":"z"}]}`,
		`{"a": "1", 'b': '2'}`:            `{"a":"1","b":"2"}`,
		`{a: yes, b: No, c: on, d: y}`:    `{"a":true,"b":false,"c":true,"d":"y"}`,
		`{a: ~, b: null, c: , d: ""}`:     `{"a":null,"b":null,"c":null,"d":""}`,
		`{a: 012, b: 0o12, c: 0x1F}`:      `{"a":10,"b":"0o12","c":31}`,
		`{a: 1_000, b: 0b11, c: +7}`:      `{"a":1000,"b":3,"c":7}`,
		`{a: 12:30, b: 08, c: -0}`:        `{"a":750,"b":"08","c":0}`,
		`{a: 1.10, b: 1e3, c: 1.5e+3}`:    `{"a":1.1,"b":"1e3","c":1500.0}`,
		`{a: 100.0, b: 1.0e+21}`:          `{"a":100.0,"b":1.0e+21}`,
		`{a: 123456789012345678901234}`:   `{"a":123456789012345678901234}`,
		`{a: 1.0e-7, b: .5, c: 1.}`:       `{"a":1.0e-07,"b":0.5,"c":1.0}`,
		`{a: {b: {c: [1, [2]]}}}`:         `{"a":{"b":{"c":[1,[2]]}}}`,
		`{a: "ä<>&\u2028😀", b: "\x7f"}`:   `{"a":"ä<>&\u2028😀","b":"\u007f"}`,
		`{a: "line\nline", b: 'it''s'}`:   `{"a":"line\nline","b":"it's"}`,
		`{a: &x [1], b: *x}`:              `{"a":[1],"b":[1]}`,
		`{a: b c d, e: "{{ var('x') }}"}`: `{"a":"b c d","e":"{{ var('x') }}"}`,
		`{1: a, 2.5: b}`:                  `{"1":"a","2.5":"b"}`,
		`{a: {1: x, yes: y, ~: z, b: 0}}`: `{"a":{"b":0,1: "y",null: "z"}}`,
		`{a: .inf, b: -.Inf, c: .NaN}`:    `{"a":.inf,"b":-.inf,"c":.nan}`,
		`{a: 2024-01-01, b: 2024-1-1}`:    `{"a":2024-01-01,"b":"2024-1-1"}`,
		`{a: 2024-1-2t3:04:05.6 -7}`:      `{"a":2024-01-02 03:04:05.600000-07:00}`,
		`{a: 190:20:30.15, b: 1:30.}`:     `{"a":685230.15,"b":90.0}`,
		`{a: !!str 5, b: !!str yes}`:      `{"a":"5","b":"yes"}`,
	}
}

// TestVars proves C.8.
func TestVars(t *testing.T) {
	for text, want := range varsTable() {
		vars, err := ParseVars(text)
		if err != nil {
			t.Errorf("reading %q: %v", text, err)
			continue
		}
		written, err := pyyaml.Flow(vars)
		if err != nil {
			t.Errorf("writing %q: %v", text, err)
			continue
		}
		if diff := cmp.Diff(want, written); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// dbt reads the value that dot writes like the one that the user wrote. Names of variables are
// compared as text, so 1 equals "1".
func TestVarsArePyYAMLs(t *testing.T) {
	table, err := json.Marshal(varsTable())
	if err != nil {
		t.Fatal(err)
	}
	out := dbttest.Python(t, "-c", `
import json, sys
from dbt.clients.yaml_helper import load_yaml_text
def named(value):
    return {str(k): v for k, v in value.items()}
for user, dot in json.loads(sys.argv[1]).items():
    a, b = named(load_yaml_text(user)), named(load_yaml_text(dot))
    if repr(a) != repr(b) and a != b or [type(v) for v in a.values()] != [type(b[k]) for k in a]:
        print(f"{user!r}: dbt reads {a}, and of dot's {dot!r} {b}")
`, string(table))
	if len(out) > 0 {
		t.Errorf("%s", out)
	}
}

// TestVarsFromConfiguration proves C.8.
func TestVarsFromConfiguration(t *testing.T) {
	got, err := pyyaml.Flow(map[string]any{"f": 2.0, "i": uint64(math.MaxUint64), "n": -1, "list": []any{1e21, nil, true}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"f":2.0,"i":18446744073709551615,"list":[1.0e+21,null,true],"n":-1}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("vars (-want +got):\n%s", diff)
	}
	if _, err := pyyaml.Flow(map[string]any{"bad": make(chan int)}); err == nil {
		t.Error("expected an error for a value that YAML doesn't have")
	}
}

// A value that was read can be written, and reads the same again.
func FuzzVars(f *testing.F) {
	for _, text := range slices.Sorted(maps.Keys(varsTable())) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		vars, err := ParseVars(text)
		if err != nil {
			return
		}
		first, err := pyyaml.Flow(vars)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseVars(first)
		if err != nil {
			t.Fatalf("reading %q: %v", first, err)
		}
		second, err := pyyaml.Flow(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%q changed (-first +second):\n%s", text, diff)
		}
	})
}
