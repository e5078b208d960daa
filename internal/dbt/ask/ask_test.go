package ask

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReason(t *testing.T) {
	tests := []struct{ message, want string }{
		{"Database Error in model chunk_0000 (models/chunk_0000.sql)\n  permission denied for table x\n  compiled code at target/run/x.sql", "permission denied for table x"},
		{"Runtime Error in model chunk_0000 (models/chunk_0000.sql)\n  Binder Error: no x\n  \n  LINE 4: select x\n   ^", "Binder Error: no x"},
		{"", "dbt gave no reason"},
		{"Database Error in model chunk_0000 (models/chunk_0000.sql)", "dbt gave no reason"},
		{strings.Repeat("ä", 400), strings.Repeat("ä", 300) + "…"},
	}
	for _, tt := range tests {
		if got := Reason(tt.message); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.message, got, tt.want)
		}
	}
}

// Any text in a name or a condition passes through Jinja and JSON unchanged.
func TestPlain(t *testing.T) {
	in := "a {% endraw %} {{ b }} {# c #} 'd' \"e\" \\ %s ä 大 😀 \x00 \u2028 -- <&>"
	text, err := plain(in)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(string(text), '%') || slices.ContainsFunc([]rune(string(text)), func(r rune) bool { return r > 0x7e }) {
		t.Errorf("%s has a percent sign, or is not ASCII", text)
	}
	var out string
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("%q came back as %q: %v", in, out, err)
	}
}

// dbt 2 drops the answers from its results, and has them in its log: as text or as JSON.
func TestLoggedAnswers(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"target/run_results.json": `{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/run-results/v6.json","dbt_version":"2.0.0-alpha.4"},"results":[
{"unique_id":"model.p.chunk_0000","status":"success","adapter_response":{"rows_affected":1}},{"unique_id":"model.p.chunk_0001","status":"success","adapter_response":{}},{"unique_id":"model.p.chunk_0002","status":"error","adapter_response":{}}],"args":{"which":"run"}}`,
		"logs/dbt.log": "04:14:07.201380 [info ]: dot_answer model.p.chunk_0000 {\"a\": \"x\\ny\"}\n" +
			`{"info":{"name":"PrintEvent","msg":"dot_answer model.p.chunk_0001 {\"b\": 1}"},"data":{}}` + "\nhalf a li",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	results, err := Results(dir)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{"model.p.chunk_0000": `{"a": "x\ny"}`, "model.p.chunk_0001": `{"b": 1}`, "model.p.chunk_0002": ""} {
		if got := string(results[id].Response.Code); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}
