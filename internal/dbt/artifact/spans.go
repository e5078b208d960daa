package artifact

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"
)

// dbt 2 writes a line for each node that begins and one for each that ends into a file of spans
// (DBT_OTEL_FILE_NAME, below the log path; 2.0.0-alpha.4). A kill leaves the file whole up to that
// moment. The run results of dbt 2 are wrong if a run was interrupted or failed fast: they say that
// every selected node has an error.

// Spans is what the file of spans tells of a run.
type Spans struct {
	Log
	// Messages are the errors of failed nodes, by unique_id.
	Messages map[string]string
	// Tests are the tests that ended, by unique_id.
	Tests map[string]SpanTest
}

// A SpanTest is how a test ended.
type SpanTest struct {
	Status   Status
	Failures int // as dbt counted them
}

// The parts of a line that tell of nodes.
type spanLine struct {
	Record     string `json:"record_type"` // SpanStart, SpanEnd or LogRecord
	Event      string `json:"event_type"`
	Severity   string `json:"severity_text"`
	Body       string `json:"body"`
	Attributes struct {
		ID      string `json:"unique_id"`
		Outcome string `json:"node_outcome"`
		// Phase is how far the node came: a cancelled run "succeeds" in nodes that it only compiled.
		Phase string `json:"last_phase"`
		Test  struct {
			Outcome  string `json:"test_outcome"` // "" if it passed
			Failures int    `json:"failing_rows"`
		} `json:"node_test_detail"`
	} `json:"attributes"`
}

// ran is the phase in which dbt 2 runs a node.
const ran = "EXECUTION_PHASE_RUN"

// ReadSpans reads a file of spans that holds one run. ok is false if there is no such file, or if it
// can't be read.
func ReadSpans(file string) (spans Spans, ok bool) {
	f, err := os.Open(file)
	if err != nil {
		return Spans{}, false
	}
	defer f.Close() // only read from
	spans, err = parseSpans(f)
	return spans, err == nil
}

func parseSpans(r io.Reader) (Spans, error) {
	s := Spans{Messages: map[string]string{}, Tests: map[string]SpanTest{}}
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadBytes('\n')
		var line spanLine
		if err == nil && json.Unmarshal(text, &line) == nil { // a killed dbt may leave half a line
			s.Known = true
			s.read(line)
		}
		switch {
		case errors.Is(err, io.EOF):
			s.Silent = !s.Known
			return s, nil
		case err != nil:
			return Spans{}, err
		}
	}
}

// read takes in a line.
func (s *Spans) read(line spanLine) {
	id := line.Attributes.ID
	switch {
	case id == "":
	case line.Record == "LogRecord" && line.Severity == "ERROR":
		s.Messages[id] = line.Body
	case !strings.HasSuffix(line.Event, ".NodeProcessed"):
	case strings.HasPrefix(id, "test.") || strings.HasPrefix(id, "unit_test."):
		s.readTest(line)
	case !(Result{UniqueID: id}).Builds():
	case line.Record == "SpanStart":
		s.begin(id)
	case line.Record == "SpanEnd":
		switch outcome := line.Attributes.Outcome; {
		case outcome == "NODE_OUTCOME_SKIPPED", outcome == "NODE_OUTCOME_SUCCESS" && line.Attributes.Phase != ran:
			s.end(id, StatusSkipped)
		case outcome == "NODE_OUTCOME_SUCCESS":
			s.end(id, StatusSuccess)
		default:
			s.end(id, StatusError)
		}
	}
}

// readTest takes in a line about a test. A cancelled test counts as failed in dbt 2: nothing is known
// of it.
func (s *Spans) readTest(line spanLine) {
	id, detail := line.Attributes.ID, line.Attributes.Test
	message, broken := s.Messages[id]
	switch {
	case line.Record != "SpanEnd", line.Attributes.Outcome == "NODE_OUTCOME_SKIPPED", line.Attributes.Phase != ran:
	case strings.Contains(message, "Cancelled"):
	case broken, line.Attributes.Outcome != "NODE_OUTCOME_SUCCESS":
		s.Tests[id] = SpanTest{Status: StatusError}
	case detail.Outcome == "TEST_OUTCOME_FAILED":
		s.Tests[id] = SpanTest{StatusFail, detail.Failures}
	case detail.Outcome == "TEST_OUTCOME_WARNED":
		s.Tests[id] = SpanTest{StatusWarn, detail.Failures}
	default:
		s.Tests[id] = SpanTest{Status: StatusPass}
	}
}

// Mend completes the text of dbt 2's run results:
//
//   - What the spans tell stands where dbt 2 did not know: in results "Compilation Error" of no thread
//     and no time, for every selected node. A node that wasn't begun then is skipped if another failed
//     (--fail-fast), and else has no result, as with dbt 1. So has one that was interrupted.
//   - args are added, unless dbt says them.
//   - Fields without which dbt 1 can't read the results are null.
func (s Spans) Mend(results []byte, args map[string]any, interrupted bool) ([]byte, error) {
	var all map[string]json.RawMessage
	var list []json.RawMessage
	said := map[string]any{}
	err := json.Unmarshal(results, &all)
	if err == nil {
		err = json.Unmarshal(all["results"], &list)
	}
	if err == nil && all["args"] != nil {
		err = json.Unmarshal(all["args"], &said)
	}
	if err != nil {
		return nil, fmt.Errorf("run results: %w", err)
	}
	ended := s.ended()
	kept := []json.RawMessage{} // JSON without results has a list, too
	for _, text := range list {
		var r Result
		fields := map[string]any{}
		for _, name := range []string{"compiled", "compiled_code", "relation_name", "failures", "message", "batch_results"} {
			fields[name] = nil
		}
		err := json.Unmarshal(text, &r)
		if err == nil {
			err = json.Unmarshal(text, &fields)
		}
		if err != nil {
			return nil, fmt.Errorf("run results: %w", err)
		}
		if r.unknown() {
			right, known := ended[r.UniqueID]
			switch {
			case known:
			case interrupted || !s.failed():
				continue
			default:
				right = map[string]any{"status": StatusSkipped, "message": "Skipping due to fail_fast"}
			}
			maps.Copy(fields, right)
		}
		if text, err = json.Marshal(fields); err != nil {
			return nil, err
		}
		kept = append(kept, text)
	}
	if all["results"], err = json.Marshal(kept); err != nil {
		return nil, err
	}
	complete := map[string]any{}
	maps.Copy(complete, args)
	maps.Copy(complete, said)
	if all["args"], err = json.Marshal(complete); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}

// unknown reports whether dbt 2 does not know how the node ended.
func (r Result) unknown() bool {
	return r.Status == StatusError && r.Message == "Compilation Error" && r.Thread == "main" && r.Seconds == 0
}

// failed reports whether a node or a test failed.
func (s Spans) failed() bool {
	for _, test := range s.Tests {
		if test.Status.Failed() {
			return true
		}
	}
	return len(s.Failed) > 0
}

// ended returns the right fields of the results of nodes that ended, by unique_id.
func (s Spans) ended() map[string]map[string]any {
	ended := map[string]map[string]any{}
	for _, id := range s.Written {
		ended[id] = map[string]any{"status": StatusSuccess, "message": "Succeeded"}
	}
	for _, id := range s.Failed {
		ended[id] = map[string]any{"message": s.Messages[id]}
	}
	for id, test := range s.Tests {
		ended[id] = map[string]any{"status": test.Status, "failures": test.Failures, "message": s.Messages[id]}
	}
	return ended
}
