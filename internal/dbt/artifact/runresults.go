package artifact

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is how a node ended, in dbt's words.
type Status string

// The statuses of dbt 1.x and 2.
const (
	StatusSuccess        Status = "success"
	StatusPass           Status = "pass" // a test
	StatusWarn           Status = "warn"
	StatusFail           Status = "fail" // a test
	StatusError          Status = "error"
	StatusRuntimeError   Status = "runtime error"
	StatusPartialSuccess Status = "partial success" // some batches of a microbatch model
	StatusSkipped        Status = "skipped"
	StatusNoOp           Status = "no-op"  // nothing to do: an exposure, a saved query
	StatusReused         Status = "reused" // dbt took over an earlier result
)

// Wrote says whether the node's relation was written to its end, for a node that has one: a failing test
// has stored its failures.
func (s Status) Wrote() bool {
	return slices.Contains([]Status{StatusSuccess, StatusPass, StatusWarn, StatusFail}, s)
}

// Failed says whether the node makes dbt's command fail. Its relation may be half written.
func (s Status) Failed() bool {
	return slices.Contains([]Status{StatusFail, StatusError, StatusRuntimeError, StatusPartialSuccess}, s)
}

// Untouched says whether dbt did nothing to the node's relation.
func (s Status) Untouched() bool {
	return slices.Contains([]Status{StatusSkipped, StatusNoOp, StatusReused}, s)
}

// Result is how one node ended. Hooks appear as nodes "operation.…".
type Result struct {
	UniqueID     string  `json:"unique_id"`
	Status       Status  `json:"status"`
	Message      string  `json:"message"`
	RelationName string  `json:"relation_name"`  // as it stands in SQL; "" for none
	Failures     int     `json:"failures"`       // of a test
	Seconds      float64 `json:"execution_time"` // in seconds
	Thread       string  `json:"thread_id"`      // of dbt's
	// Response is the adapter's, or what a materialization puts in its place.
	Response Response `json:"adapter_response"`
	// Timing is when its parts began and ended, compiling first; empty for a
	// node that was skipped.
	Timing []Timing `json:"timing"`
}

// Response is what an adapter has to say of the last statement of a node.
type Response struct {
	Code isText `json:"code"`
	// Rows is how many rows the statement wrote; 0 where that isn't said, as of
	// a view, and by dbt-duckdb of all but seeds.
	Rows isCount `json:"rows_affected"`
}

// isText is a JSON string, and "" for anything else: the response has no schema.
type isText string

func (s *isText) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte{'"'}) {
		*s = ""
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// isCount is a JSON number that is whole and not negative, and 0 for anything else.
type isCount int64

func (n *isCount) UnmarshalJSON(data []byte) error {
	count, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		count = 0
	}
	*n = isCount(max(count, 0))
	return nil
}

// Timing is when a part of the work on a node began and ended.
type Timing struct {
	Name      string    `json:"name"` // compile or execute
	Started   time.Time `json:"started_at"`
	Completed time.Time `json:"completed_at"`
}

// Builds says whether the node's result is a relation of the project's: not that of a test, which may store
// its failures, nor of a hook. (A seed has no RelationName in dbt 1.11.16.)
func (r Result) Builds() bool {
	kind, _, _ := strings.Cut(r.UniqueID, ".")
	return slices.Contains([]string{"model", "seed", "snapshot", "function"}, kind)
}

// RunArgs are the flags the command ran with, as dbt resolved them.
type RunArgs struct {
	Which       string `json:"which"` // the command; after a retry the retried one; "generate" for docs generate
	Empty       isTrue `json:"empty"`
	Defer       isTrue `json:"defer"`
	FavorState  isTrue `json:"favor_state"`
	FullRefresh isTrue `json:"full_refresh"`
}

// isTrue is true for a JSON true and false for anything else: dbt writes null, too.
type isTrue bool

func (b *isTrue) UnmarshalJSON(data []byte) error {
	*b = string(data) == "true"
	return nil
}

// RunResults is a run_results.json.
type RunResults struct {
	Metadata Metadata
	Args     RunArgs
	Elapsed  time.Duration
	Results  []Result // only of nodes that ended: a cancelled run leaves the others out
}

// Run results versions that dot reads: dbt 1.5 (v4) to 1.13 and 2.0 (v6).
const (
	oldestRunResults = 4
	newestRunResults = 6
)

// ReadRunResults reads a run_results.json. The file's name is for errors, as in [ReadManifest].
func ReadRunResults(file string, r io.Reader) (RunResults, error) {
	a := newStream(file, r)
	var out RunResults
	err := a.document(func(key string) error {
		switch key {
		case "metadata":
			return a.dec.Decode(&out.Metadata)
		case "args":
			return a.dec.Decode(&out.Args)
		case "elapsed_time":
			var seconds float64
			err := a.dec.Decode(&seconds)
			out.Elapsed = time.Duration(seconds * float64(time.Second))
			return err
		case "results":
			return a.list(func() error {
				var result Result
				err := a.dec.Decode(&result)
				out.Results = append(out.Results, result)
				return err
			})
		}
		return a.skip()
	})
	if err != nil {
		return RunResults{}, err
	}
	if err := a.check(out.Metadata, "run-results", oldestRunResults, newestRunResults); err != nil {
		return RunResults{}, err
	}
	return out, nil
}
