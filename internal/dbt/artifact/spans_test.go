package artifact

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aSpan is a line that dbt 2.0.0-alpha.4 writes about a node, without what dot doesn't read.
func aSpan(record, id, outcome string) string {
	return `{"record_type":"` + record + `","trace_id":"01","event_type":"v1.public.events.fusion.node.NodeProcessed","attributes":{"unique_id":"` + id + `","node_outcome":"` + outcome + `","last_phase":"EXECUTION_PHASE_RUN"}}` + "\n"
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
		Log:      Log{Known: true, Begun: []string{"model.p.a", "model.p.b", "model.p.d"}, Written: []string{"model.p.a"}, Failed: []string{"model.p.b"}, Open: []string{"model.p.d"}},
		Messages: map[string]string{"model.p.b": "Database Error in model b\n  no column"},
		Tests:    map[string]SpanTest{"test.p.t": {Status: StatusPass}},
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
	text, err := spans.Mend([]byte(results("model.p.a", "model.p.b", "model.p.c", "model.p.d", "model.p.e")), nil, true)
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
	text, err = spans.Mend([]byte(results("model.p.a", "model.p.b", "model.p.e")), nil, false)
	if err != nil {
		t.Fatal(err)
	}
	if all, err = ReadRunResults("run_results.json", strings.NewReader(string(text))); err != nil || len(all.Results) != 3 || all.Results[2].Status != StatusSkipped {
		t.Errorf("--fail-fast: %+v, %v", all.Results, err)
	}
	// Tests say more than that they ended.
	for said, want := range map[string]SpanTest{
		`{}`: {StatusPass, 0}, `{"failing_rows":2,"test_outcome":"TEST_OUTCOME_FAILED"}`: {StatusFail, 2},
		`{"failing_rows":1,"test_outcome":"TEST_OUTCOME_WARNED"}`: {StatusWarn, 1},
	} {
		one := strings.Replace(aSpan("SpanEnd", "test.p.u", "NODE_OUTCOME_SUCCESS"), `"unique_id"`, `"node_test_detail":`+said+`,"unique_id"`, 1)
		ended, err := parseSpans(strings.NewReader(one))
		if err != nil {
			t.Fatal(err)
		}
		text, err := ended.Mend([]byte(results("test.p.u")), nil, true)
		if err != nil {
			t.Fatal(err)
		}
		all, err := ReadRunResults("run_results.json", strings.NewReader(string(text)))
		if err != nil || len(all.Results) != 1 || all.Results[0].Status != want.Status || all.Results[0].Failures != want.Failures {
			t.Errorf("%s: %+v, %v, want %v", said, all.Results, err, want)
		}
	}
	// A cancelled run only compiled some nodes, and counts cancelled tests as failed.
	cancelled := aSpan("SpanStart", "model.p.x", "") + strings.Replace(aSpan("SpanEnd", "model.p.x", "NODE_OUTCOME_SUCCESS"), "PHASE_RUN", "PHASE_RENDER", 1) +
		strings.Replace(aSpan("SpanEnd", "test.p.y", "NODE_OUTCOME_SUCCESS"), "PHASE_RUN", "PHASE_RENDER", 1) +
		strings.NewReplacer("model.p.b", "test.p.z", "no column", "Cancelled: SQL statement execution was cancelled").Replace(anError) +
		strings.Replace(aSpan("SpanEnd", "test.p.z", "NODE_OUTCOME_SUCCESS"), `"unique_id"`, `"node_test_detail":{"failing_rows":1,"test_outcome":"TEST_OUTCOME_FAILED"},"unique_id"`, 1)
	stopped, err := parseSpans(strings.NewReader(cancelled))
	if err != nil || len(stopped.Begun)+len(stopped.Written)+len(stopped.Failed)+len(stopped.Tests) != 0 {
		t.Errorf("a cancelled run: %+v, %v", stopped, err)
	}
	sound := strings.Replace(results("model.p.e"), `"thread_id":"main"`, `"thread_id":"Thread-1"`, 1)
	text, err = spans.Mend([]byte(sound), map[string]any{"which": "retry", "empty": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	// Without the null fields, dbt 1 can't read them.
	want := []any{map[string]any{
		"unique_id": "model.p.e", "status": "error", "message": "Compilation Error", "thread_id": "Thread-1", "execution_time": 0.0, "adapter_response": map[string]any{},
		"compiled": nil, "compiled_code": nil, "relation_name": nil, "failures": nil, "batch_results": nil,
	}}
	if diff := cmp.Diff(want, got["results"]); diff != "" {
		t.Errorf("a node that doesn't compile (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"which": "build", "empty": true}, got["args"]); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	if _, err := spans.Mend([]byte("{"), nil, false); err == nil {
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
