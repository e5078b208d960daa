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
		s.Begun = append(s.Begun, id)
	case line.Record == "SpanEnd":
		switch outcome := line.Attributes.Outcome; {
		case outcome == "NODE_OUTCOME_SKIPPED", outcome == "NODE_OUTCOME_SUCCESS" && line.Attributes.Phase != ran:
			s.forget(id)
		case outcome == "NODE_OUTCOME_SUCCESS":
			s.Written = append(s.Written, id)
		default:
			s.Failed = append(s.Failed, id)
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

// Mend puts into the text of run results what the spans tell, where dbt 2 did not know: results
// "Compilation Error" of no thread and no time, for every selected node. A node that wasn't begun then
// has no result, as with dbt 1. Other results stay. It returns nil if nothing is to be mended.
func (s Spans) Mend(results []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	var list []json.RawMessage
	err := json.Unmarshal(results, &all)
	if err == nil {
		err = json.Unmarshal(all["results"], &list)
	}
	if err != nil {
		return nil, fmt.Errorf("run results: %w", err)
	}
	ended := map[string]map[string]any{} // the right fields, by unique_id
	for _, id := range s.Written {
		ended[id] = map[string]any{"status": StatusSuccess, "message": "Succeeded"}
	}
	for _, id := range s.Failed {
		ended[id] = map[string]any{"message": s.Messages[id]}
	}
	for id, test := range s.Tests {
		ended[id] = map[string]any{"status": test.Status, "failures": test.Failures, "message": s.Messages[id]}
	}
	mended := false
	kept := []json.RawMessage{} // JSON without results has a list, too
	for _, text := range list {
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("run results: %w", err)
		}
		if r.Status != StatusError || r.Message != "Compilation Error" || r.Thread != "main" || r.Seconds != 0 {
			kept = append(kept, text)
			continue
		}
		mended = true
		right, known := ended[r.UniqueID]
		if !known {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			return nil, fmt.Errorf("run results: %w", err)
		}
		maps.Copy(fields, right)
		if text, err = json.Marshal(fields); err != nil {
			return nil, err
		}
		kept = append(kept, text)
	}
	if !mended {
		return nil, nil
	}
	if all["results"], err = json.Marshal(kept); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}
