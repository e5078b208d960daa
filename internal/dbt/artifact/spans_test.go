package artifact

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aSpan is a line that dbt 2.0.0-alpha.4 writes about a node, without what dot doesn't read.
func aSpan(record, id, outcome string) string {
	return `{"record_type":"` + record + `","trace_id":"01","event_type":"v1.public.events.fusion.node.NodeProcessed","attributes":{"unique_id":"` + id + `","node_outcome":"` + outcome + `"}}` + "\n"
}

const anError = `{"record_type":"LogRecord","severity_text":"ERROR","body":"Database Error in model b\n  no column","event_type":"v1.public.events.fusion.log.LogMessage","attributes":{"code":1308,"unique_id":"model.p.b"}}` + "\n"

var aRun = aSpan("SpanStart", "model.p.a", "") + aSpan("SpanStart", "test.p.t", "") + aSpan("SpanEnd", "model.p.a", "NODE_OUTCOME_SUCCESS") + aSpan("SpanEnd", "test.p.t", "NODE_OUTCOME_SUCCESS") +
	aSpan("SpanStart", "model.p.b", "") + anError + aSpan("SpanEnd", "model.p.b", "NODE_OUTCOME_ERROR") +
	aSpan("SpanStart", "model.p.c", "") + aSpan("SpanEnd", "model.p.c", "NODE_OUTCOME_SKIPPED") +
	aSpan("SpanStart", "model.p.d", "") + `{"record_type":"SpanEnd","attri` // killed

func TestSpans(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spans.jsonl")
	if _, ok := ReadSpans(file); ok {
		t.Error("there is no file")
	}
	if err := os.WriteFile(file, []byte(aRun), 0o600); err != nil {
		t.Fatal(err)
	}
	got, ok := ReadSpans(file)
	want := Spans{
		Log:      Log{Known: true, Begun: []string{"model.p.a", "model.p.b", "model.p.d"}, Written: []string{"model.p.a"}, Failed: []string{"model.p.b"}},
		Messages: map[string]string{"model.p.b": "Database Error in model b\n  no column"},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("%t (-want +got):\n%s", ok, diff)
	}
}

// Where dbt 2 says that every node has an error, the spans decide. Other results stay.
func TestMend(t *testing.T) {
	const unknown = `"status":"error","message":"Compilation Error","thread_id":"main","execution_time":0.0,"adapter_response":{}}`
	results := func(ids ...string) string {
		var all []string
		for _, id := range ids {
			all = append(all, `{"unique_id":"`+id+`",`+unknown)
		}
		return `{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/run-results/v6.json","dbt_version":"2.0.0-alpha.4"},"results":[` + strings.Join(all, ",") + `],"args":{"which":"build"},"elapsed_time":1}`
	}
	spans, err := parseSpans(strings.NewReader(aRun))
	if err != nil {
		t.Fatal(err)
	}
	text, err := spans.Mend([]byte(results("model.p.a", "model.p.b", "model.p.c", "model.p.d", "model.p.e")))
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadRunResults("run_results.json", strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Result{}
	for _, r := range all.Results {
		found[r.UniqueID] = r
	}
	if len(found) != 2 || found["model.p.a"].Status != StatusSuccess || found["model.p.b"].Status != StatusError || !strings.Contains(found["model.p.b"].Message, "no column") {
		t.Errorf("got %+v", found)
	}
	sound := strings.Replace(results("model.p.e"), `"thread_id":"main"`, `"thread_id":"Thread-1"`, 1)
	if text, err := spans.Mend([]byte(sound)); err != nil || text != nil {
		t.Errorf("a node that doesn't compile: %v\n%s", err, text)
	}
	if _, err := spans.Mend([]byte("{")); err == nil {
		t.Error("half a file is no error")
	}
}

func FuzzSpans(f *testing.F) {
	f.Add(aRun)
	f.Add("")
	f.Add("{}\nnull\n[]\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := parseSpans(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Begun)+len(s.Written)+len(s.Failed) > 0 && (!s.Known || s.Silent) {
			t.Errorf("there are nodes in nothing: %+v", s)
		}
	})
}
