package graph_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// wholeRecord returns a record with all fields.
func wholeRecord() graph.Record {
	return graph.Record{
		Version: graph.RecordVersion, Step: "build dev@9b13827", State: graph.Succeeded, Key: "6b1c",
		Inputs: []graph.InputDigest{{Label: "dbt", Digest: "aa01", Show: "1.11.16"}, {Label: "vars: \xff", Digest: "aa02"}},
		PID:    7, Started: noon, Finished: noon.Add(time.Minute), Error: "<Café> \xe9", Outputs: json.RawMessage(`{"run":"1 < 2"}`),
	}
}

// sameRecord compares the meaning of records. Writing a record may change the escapes and
// indentation of its outputs; nil and empty inputs are the same.
var sameRecord = cmp.Options{
	cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Inputs" }, cmpopts.EquateEmpty()),
	cmp.Transformer("outputs", func(data json.RawMessage) any {
		if len(data) == 0 {
			return nil
		}
		var v any
		if err := json.Unmarshal(data, &v); err != nil {
			return err.Error()
		}
		return v
	}),
}

func mustMarshal(t testing.TB, r graph.Record) []byte {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A record survives writing and reading, however the store indents it, except for bytes that are
// not UTF-8.
func TestRecordRoundTrip(t *testing.T) {
	want := wholeRecord()
	want.Inputs[1].Label, want.Error = "vars: \ufffd", "<Café> \ufffd"
	var indented, compact bytes.Buffer
	data := mustMarshal(t, wholeRecord())
	if err := json.Indent(&indented, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&compact, indented.Bytes()); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"marshalled": data, "indented": append(indented.Bytes(), '\n'), "compacted": compact.Bytes(),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := graph.ParseRecord(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, sameRecord); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseRecordErrors(t *testing.T) {
	with := func(change func(*graph.Record)) string {
		r := wholeRecord()
		change(&r)
		return string(mustMarshal(t, r))
	}
	for _, tt := range []struct {
		name string
		data string
		want string // part of the error
	}{
		{"nothing", "", "not a whole record"},
		{"null", "null", "record version 0"},
		{"no object", `"succeeded"`, "not a whole record"},
		{"an empty object", "{}", "record version 0, this dot reads 1"},
		{"an older version", with(func(r *graph.Record) { r.Version = 0 }), "record version 0, this dot reads 1"},
		{"a newer version", with(func(r *graph.Record) { r.Version = 2 }), "record version 2, this dot reads 1"},
		{"a newer version that has more in it", `{"version":2,"key":{"new":"form"}}`, "not a whole record"},
		{"a state of no meaning", with(func(r *graph.Record) { r.State = "done" }), `unknown state "done"`},
		{"no state", with(func(r *graph.Record) { r.State = "" }), `unknown state ""`},
		{"edited by hand", strings.Replace(with(func(*graph.Record) {}), "1.11.16", "1.11.15", 1), "it was changed after it was written"},
		{"written by hand", `{"version":1,"step":"build","state":"succeeded"}`, "it was changed after it was written"},
		{"something after it", with(func(*graph.Record) {}) + "{}", "not a whole record"},
		{"two of them", strings.Repeat(with(func(*graph.Record) {}), 2), "not a whole record"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := graph.ParseRecord([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v; want an error with %q", r, err, tt.want)
			}
			if !cmp.Equal(r, graph.Record{}) {
				t.Errorf("with the error came %+v", r)
			}
		})
	}
}

// A record that is cut short anywhere counts as unreadable, and the reason says so.
func TestRecordCutAnywhere(t *testing.T) {
	b := newBench(t)
	whole := b.world.records["build"]
	for n := range len(whole) {
		b.world.records["build"] = whole[:n]
		if d := b.decide(t); d.Cause != graph.Unreadable || !strings.HasPrefix(d.Text, "record can't be read: not a whole record") {
			t.Errorf("cut after %d bytes: %q, %s", n, d.Cause, d)
		}
	}
	b.world.records["build"] = whole
	if d := b.decide(t); d.Cause != graph.UpToDate {
		t.Errorf("whole: %s", d)
	}
}

// A record in which any bit has changed counts as unreadable: its age and outputs can't be trusted
// either.
func TestRecordFlippedAnywhere(t *testing.T) {
	b := newBench(t)
	b.rewrite(t, func(r *graph.Record) { r.Outputs = json.RawMessage(`{"path":"target","nodes":28}`) })
	b.build.MaxAge, b.now = time.Hour, noon.Add(2*time.Hour)
	whole := b.world.records["build"]
	for i := range whole {
		for bit := range 8 {
			flipped := bytes.Clone(whole)
			flipped[i] ^= 1 << bit
			b.world.records["build"] = flipped
			d := b.decide(t)
			if !d.Run {
				t.Errorf("%s is skipped with %s in its record: %s", b.build.Name, flipped, d)
			}
		}
	}
}

func TestDecodeWithoutOutputs(t *testing.T) {
	var v struct{}
	if err := (graph.Record{}).Decode(&v); err == nil || err.Error() != "the record has no outputs" {
		t.Errorf("got %v", err)
	}
}

// Any data that ParseRecord accepts is a complete record that survives writing, and no part of
// which is accepted. The data also serves as the content of a record without a seal.
func FuzzParseRecord(f *testing.F) {
	f.Add(mustMarshal(f, wholeRecord()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := graph.ParseRecord(data); err == nil {
			checkRead(t, data, r)
		} else if !cmp.Equal(r, graph.Record{}) {
			t.Errorf("with the error %v came %+v", err, r)
		}
		var content graph.Record
		if json.Unmarshal(data, &content) != nil {
			return
		}
		data, err := json.Marshal(content)
		if err != nil {
			return // a time that JSON can't express
		}
		switch r, err := graph.ParseRecord(data); {
		case err == nil:
			checkRead(t, data, r)
			if diff := cmp.Diff(content, r, sameRecord); diff != "" {
				t.Errorf("written and read (-want +got):\n%s", diff)
			}
		case content.Version == graph.RecordVersion && content.State == graph.Succeeded:
			t.Errorf("%s was written as a record but reads as %v", data, err)
		}
	})
}

// checkRead checks a record that was read from data.
func checkRead(t *testing.T, data []byte, r graph.Record) {
	t.Helper()
	if r.Version != graph.RecordVersion || r.State == "" {
		t.Errorf("read %+v", r)
	}
	again, err := graph.ParseRecord(mustMarshal(t, r))
	if err != nil {
		t.Errorf("%+v can't be read again: %v", r, err)
	}
	if diff := cmp.Diff(r, again, sameRecord); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	whole := bytes.TrimRight(data, " \t\r\n")
	for n := range len(whole) {
		if r, err := graph.ParseRecord(whole[:n]); err == nil {
			t.Errorf("the first %d bytes alone are read as %+v", n, r)
		}
	}
}
