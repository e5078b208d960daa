package run

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/proc"
)

// TestRecordedEvents reads the logs of real runs of dbt 1.11.16, and of one of 1.12.6, on both databases. Nodes failed,
// were skipped or only warned, and runs were interrupted while nodes ran and while the project was
// parsed. (SQL and most other debug events were removed from testdata/events.)
func TestRecordedEvents(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".jsonl")
		t.Run(name, func(t *testing.T) {
			recording, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := readEvents(bytes.NewReader(recording), func(e artifact.Event) { describeEvent(&b, e) }); err != nil {
				t.Fatal(err)
			}
			goldie.New(t, goldie.WithFixtureDir("testdata/golden/events")).Assert(t, name, []byte(b.String()))
		})
	}
}

// describeEvent writes an event for the golden files: what dbt prints, and what is counted.
func describeEvent(b *strings.Builder, e artifact.Event) {
	if text, ok := e.Console(); ok {
		fmt.Fprintf(b, "%q\n", text)
	}
	if e.Version != "" {
		fmt.Fprintf(b, "  version %s\n", e.Version)
	}
	if e.Total > 0 {
		fmt.Fprintf(b, "  total %d\n", e.Total)
	}
	switch n := e.Node; {
	case n == nil:
	case n.Status == "":
		fmt.Fprintf(b, "  begins %s %s %s (%s) in %s on %s\n", n.Type, n.Name, n.UniqueID, n.Path, n.RelationName, e.Thread)
	default:
		fmt.Fprintf(b, "  ended %s: %s, %d failures, %q\n", n.UniqueID, n.Status, n.Failures, n.Message)
	}
	if e.Counts != nil {
		fmt.Fprintf(b, "  counts %+v\n", *e.Counts)
	}
}

func TestReadEventsTolerates(t *testing.T) {
	const node = `{"info": {"name": "NodeStart", "level": "debug", "ts": "2026-11-24T10:00:00.5Z"}, "data": {"node_info": {"unique_id": "model.shop.x"}}}`
	tests := map[string]struct {
		in   string
		want []string // what is printed; "node ID" for a node
	}{
		"nothing":              {"", nil},
		"empty lines":          {"\n\n", []string{"", ""}},
		"plain":                {"Installing money\n", []string{"Installing money"}},
		"no end":               {"Installing money", []string{"Installing money"}},
		"line ends of Windows": {"one\r\ntwo\r\n", []string{"one", "two"}},
		"JSON of another kind": {`{"unique_id": "model.shop.x"}` + "\n", []string{`{"unique_id": "model.shop.x"}`}},
		"a list":               {"[1]\n", []string{"[1]"}},
		"no level":             {`{"info": {"name": "X"}}` + "\n", []string{`{"info": {"name": "X"}}`}},
		"cut":                  {node[:40] + "\n" + node + "\n", []string{node[:40], "node model.shop.x"}},
		"binary":               {"\x00\xff\xfe{\n" + node, []string{"\x00\uFFFD{", "node model.shop.x"}},
		"no time": {
			`{"info": {"name": "Note", "level": "info", "msg": "hello", "ts": "soon"}}`, []string{"hello"},
		},
		"time": {
			`{"info": {"name": "Note", "level": "info", "msg": "hello", "ts": "2026-11-24T10:04:15.701239Z"}}`, []string{"10:04:15  hello"},
		},
		"unknown debug event": {`{"info": {"name": "Fresh", "level": "debug", "msg": "x"}}`, nil},
		"unknown level":       {`{"info": {"name": "Fresh", "level": "loud", "msg": "x"}}`, nil},
		"wrong types": {
			`{"info": {"name": "ConcurrencyLine", "level": "info", "msg": "ok", "ts": 5, "thread": []}, "data": {"node_count": "x", "node_info": 1, "stats": [1]}}`,
			[]string{"ok"},
		},
		"data is no object": {`{"info": {"name": "NodeStart", "level": "debug"}, "data": "x"}`, []string{"node "}},
		"a stack trace of something else": {
			`{"info": {"name": "MainStackTrace", "level": "error", "msg": "Traceback\nKeyError: 'a'"}, "data": {"stack_trace": "Traceback\nKeyError: 'a'"}}`,
			[]string{"Traceback\nKeyError: 'a'"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := readEvents(strings.NewReader(tt.in), func(e artifact.Event) {
				if text, ok := e.Console(); ok {
					got = append(got, text)
				}
				if e.Node != nil {
					got = append(got, "node "+e.Node.UniqueID)
				}
			})
			if err != nil || fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tt.want) {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// readEvents reads the output of dbt with --log-format json --log-level debug, and emits its events
// one by one. Anything else becomes a plain line. The error is r's.
func readEvents(r io.Reader, emit func(artifact.Event)) error {
	lines := proc.NewLines((&eventReader{emit: emit}).line)
	_, err := io.Copy(lines, r)
	lines.End()
	return err
}

// FuzzReadEvents splits and mixes dbt's output at random. It is still read, each line is at most
// one event, and the splits make no difference.
func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("Installing money\n{\"info\": {\"name\": \"NodeStart\", \"level\": \"debug\"}, \"data\": {\"node_info\": []}}\n"), 20)
	f.Add([]byte("\xff\x00\r\n{\"info\": 1}\n{\"data\": {\"stats\": {\"pass\": -1e99}}"), 7)
	f.Fuzz(func(t *testing.T, text []byte, cut int) {
		var whole, parts []string
		if err := readEvents(bytes.NewReader(text), func(e artifact.Event) { whole = append(whole, fmt.Sprintf("%+v", e)) }); err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; len(whole) > lines {
			t.Errorf("%d events in %d lines", len(whole), lines)
		}
		cut = min(max(0, cut), len(text))
		pieces := io.MultiReader(bytes.NewReader(text[:cut]), bytes.NewReader(text[cut:]))
		if err := readEvents(pieces, func(e artifact.Event) { parts = append(parts, fmt.Sprintf("%+v", e)) }); err != nil {
			t.Fatal(err)
		}
		if len(parts) != len(whole) {
			t.Errorf("cut at %d there are %d events, else %d", cut, len(parts), len(whole))
		}
	})
}
