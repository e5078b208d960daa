package artifact

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// marked runs MarkChanged on a manifest.
func marked(t *testing.T, text string, ids ...string) string {
	t.Helper()
	changed := map[string]bool{}
	for _, id := range ids {
		changed[id] = true
	}
	var out bytes.Buffer
	if err := MarkChanged(&out, "manifest.json", strings.NewReader(text), changed); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out.String()
}

// TestAddCompiled adds the code that is missing, and alters nothing else.
func TestAddCompiled(t *testing.T) {
	text := `{"metadata":{}, "nodes": {"a": {"name": "a", "x": NaN} , "b": {"name":"b"}, "c": {"compiled_code": "old"}, "d": {"compiled_code": null}}}` + "\n"
	want := strings.Replace(text, `NaN}`, `NaN,"compiled_code":"select \"x\"\nfrom é"}`, 1)
	var out bytes.Buffer
	code := map[string]string{"a": "select \"x\"\nfrom é", "c": "new", "d": "new", "gone": "new"}
	if err := AddCompiled(&out, "manifest.json", strings.NewReader(text), code); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestMarkChanged alters only what dbt compares of the changed nodes. Every other byte stays,
// also numbers that Go can't represent.
func TestMarkChanged(t *testing.T) {
	const odd = `"meta": {"a": [NaN, Infinity , -Infinity], "big": 1e400, "long": 123456789012345678901234567890.10, "html": "<&>\u2028é"}`
	const rest = `"metadata" : {"x":` + "\t" + `NaN}, "sources": {"source.p.s.t": {` + odd + `}},` + "\n"
	node := func(fields string) string {
		return `{` + rest + ` "nodes": { "model.p.a" : {` + fields + `} , "b": {` + fields + `} } }` + "\n"
	}
	for _, tt := range []struct{ name, fields, want string }{
		{"a model", `"raw_code": "select 'é' \\ \"x\"", ` + odd, `"raw_code": "select 'é' \\ \"x\"\ndot:changed", ` + odd},
		{"no code", `"raw_code": null, ` + odd, `"raw_code": null, ` + odd},
		{"empty code", `"raw_code":"", ` + odd, `"raw_code":"\ndot:changed", ` + odd},
		{
			"a seed", odd + `, "checksum": {"checksum": "ab", "name": "sha256", "more": Infinity}, "raw_code": ""`,
			odd + `, "checksum": {"checksum": "abdot:changed", "name": "sha256", "more": Infinity}, "raw_code": "\ndot:changed"`,
		},
		{"a checksum without a name", `"checksum": {"name": "", "checksum": "x"}`, `"checksum": {"name": "", "checksum": "x"}`},
		{"no checksum", `"checksum": null, "fqn": null`, `"checksum": null, "fqn": null`},
		{"a test", `"fqn": ["p", "schema", "t" ] , ` + odd, `"fqn": ["p", "schema", "t" ,"dot:changed"] , ` + odd},
		{"an empty fqn", `"fqn": [ ]`, `"fqn": [ ]`},
		{"nested fields of that name", `"config": {"raw_code": "x", "fqn": ["y"], "checksum": {"name": "n", "checksum": "c"}}`, `"config": {"raw_code": "x", "fqn": ["y"], "checksum": {"name": "n", "checksum": "c"}}`},
		{"other types", `"raw_code": 1e400, "fqn": "x", "checksum": ["y"]`, `"raw_code": 1e400, "fqn": "x", "checksum": ["y"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := node(tt.fields)
			want := strings.Replace(text, `{`+tt.fields+`}`, `{`+tt.want+`}`, 1)
			if diff := cmp.Diff(want, marked(t, text, "model.p.a")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if got := marked(t, text, "sources", "source.p.s.t", "nodes"); got != text {
				t.Errorf("a manifest without a changed node became\n%s", got)
			}
		})
	}
	t.Run("a function", func(t *testing.T) {
		got := marked(t, `{"functions": {"function.p.f": {"raw_code": "x"}}, "macros": {"function.p.f": {"raw_code": "x"}}}`, "function.p.f")
		if want := `{"functions": {"function.p.f": {"raw_code": "x\ndot:changed"}}, "macros": {"function.p.f": {"raw_code": "x"}}}`; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
	t.Run("a unit test", func(t *testing.T) {
		got := marked(t, `{"unit_tests": {"unit_test.p.m.u": {"fqn": ["p"], "checksum": "x"}}}`, "unit_test.p.m.u")
		if want := `{"unit_tests": {"unit_test.p.m.u": {"fqn": ["p","dot:changed"], "checksum": "x"}}}`; got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	})
	t.Run("a cut manifest", func(t *testing.T) {
		if err := MarkChanged(new(bytes.Buffer), "manifest.json", strings.NewReader(`{"nodes": {"a": {`), map[string]bool{"a": true}); err == nil {
			t.Error("no error")
		}
	})
}

func FuzzMarkChanged(f *testing.F) {
	f.Add(smallManifest)
	f.Add(`{"nodes": {"model.p.a": {"raw_code": "\\", "fqn": ["a", NaN], "checksum": {"name": "x", "checksum": "y"}}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if MarkChanged(&out, "manifest.json", strings.NewReader(text), map[string]bool{"model.p.a": true}) != nil {
			return
		}
		if !json.Valid(fromPython(bytes.Clone(out.Bytes()))) {
			t.Errorf("not JSON: %s", out.Bytes())
		}
		without := strings.NewReplacer(`\n`+changedMark, "", `,"`+changedMark+`"`, "", changedMark, "")
		if without.Replace(out.String()) != without.Replace(text) {
			t.Errorf("%s\nbecame\n%s", text, out.Bytes())
		}
	})
}
