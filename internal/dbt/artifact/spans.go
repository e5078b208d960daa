package artifact

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// dbt 2 writes a line for each node that begins and one for each that ends into a file of spans
// (DBT_OTEL_FILE_NAME, below the log path; 2.0.0-alpha.4). After a kill the file is whole up to then.
// Its run results are wrong where a run was interrupted or failed fast: they say that every selected
// node has an error.

// Spans is what the file of spans tells of a run.
type Spans struct {
	Log
	// Messages are the errors of failed nodes, by unique_id.
	Messages map[string]string
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
	} `json:"attributes"`
}

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
	s := Spans{Messages: map[string]string{}}
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
	case id == "" || !(Result{UniqueID: id}).Builds() && line.Record != "LogRecord":
	case line.Record == "LogRecord" && line.Severity == "ERROR":
		s.Messages[id] = line.Body
	case !strings.HasSuffix(line.Event, ".NodeProcessed"):
	case line.Record == "SpanStart":
		s.Begun = append(s.Begun, id)
	case line.Record == "SpanEnd":
		switch line.Attributes.Outcome {
		case "NODE_OUTCOME_SUCCESS":
			s.Written = append(s.Written, id)
		case "NODE_OUTCOME_SKIPPED":
			s.forget(id)
		default:
			s.Failed = append(s.Failed, id)
		}
	}
}

// Mend puts into the text of run results what the spans tell, where dbt 2 did not know: results
// "Compilation Error" of no thread and no time, for every selected node. A node that wasn't begun then
// has no result, as with dbt 1. Other results stay. It returns nil if nothing is to be mended.
func (s Spans) Mend(results []byte) ([]byte, error) {
	var all map[string]json.RawMessage
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(results, &all); err != nil {
		return nil, fmt.Errorf("run results: %w", err)
	}
	if err := json.Unmarshal(all["results"], &list); err != nil {
		return nil, fmt.Errorf("run results: %w", err)
	}
	mended := false
	kept := list[:0]
	for _, fields := range list {
		var r Result
		text, err := json.Marshal(fields)
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("run results: %w", err)
		}
		if r.Status != StatusError || r.Message != "Compilation Error" || r.Thread != "main" || r.Seconds != 0 {
			kept = append(kept, fields)
			continue
		}
		mended = true
		switch {
		case slices.Contains(s.Written, r.UniqueID):
			fields["status"], fields["message"] = json.RawMessage(`"success"`), json.RawMessage(`"Succeeded"`)
		case slices.Contains(s.Failed, r.UniqueID):
			if message, err := json.Marshal(s.Messages[r.UniqueID]); err == nil {
				fields["message"] = message
			}
		default:
			continue
		}
		kept = append(kept, fields)
	}
	if !mended {
		return nil, nil
	}
	var err error
	if all["results"], err = json.Marshal(kept); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}
