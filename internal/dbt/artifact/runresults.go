package artifact

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
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
	StatusPass           Status = "pass" // only of a test
	StatusWarn           Status = "warn"
	StatusFail           Status = "fail" // only of a test
	StatusError          Status = "error"
	StatusRuntimeError   Status = "runtime error"
	StatusPartialSuccess Status = "partial success" // some batches of a microbatch model failed
	StatusSkipped        Status = "skipped"
	StatusNoOp           Status = "no-op"  // nothing to do: an exposure, a saved query
	StatusReused         Status = "reused" // dbt reused an earlier result
)

// Wrote reports whether the node's relation, if it has one, was written completely. A failing test
// has stored its failures.
func (s Status) Wrote() bool {
	return slices.Contains([]Status{StatusSuccess, StatusPass, StatusWarn, StatusFail}, s)
}

// Failed reports whether the node makes dbt's command fail. Its relation may be incomplete.
func (s Status) Failed() bool {
	return slices.Contains([]Status{StatusFail, StatusError, StatusRuntimeError, StatusPartialSuccess}, s)
}

// Untouched reports whether dbt did nothing to the node's relation.
func (s Status) Untouched() bool {
	return slices.Contains([]Status{StatusSkipped, StatusNoOp, StatusReused}, s)
}

// Result is how one node ended. Hooks are nodes called "operation.…".
type Result struct {
	UniqueID     string  `json:"unique_id"`
	Status       Status  `json:"status"`
	Message      string  `json:"message"`
	RelationName string  `json:"relation_name"`  // as in SQL; "" for none
	Failures     int     `json:"failures"`       // number of failures of a test
	Seconds      float64 `json:"execution_time"` // in seconds
	Thread       string  `json:"thread_id"`      // dbt's name of the thread
	// Response comes from the adapter, or from a materialization that replaces it.
	Response Response `json:"adapter_response"`
	// Timing has the start and end of each part, compiling first. It is empty for a skipped node.
	Timing []Timing `json:"timing"`
	// Batches are those of a microbatch model.
	Batches Batches `json:"batch_results"`
}

// Batches are how the batches of a microbatch model ended.
type Batches struct {
	Successful []json.RawMessage `json:"successful"`
	Failed     []json.RawMessage `json:"failed"`
}

// InPart reports whether dbt retry runs only the batches that failed, on top of the others (dbt
// 1.11.16).
func (b Batches) InPart() bool { return len(b.Successful) > 0 && len(b.Failed) > 0 }

// Response is the adapter's response to the last statement of a node.
type Response struct {
	Code Text `json:"code"`
	// Rows is the number of rows that the statement wrote. It is 0 if the adapter doesn't report
	// it, as for a view, and with dbt-duckdb for everything but seeds.
	Rows isCount `json:"rows_affected"`
}

// Text is a JSON string. Anything else is read as "": the response has no schema.
type Text string

func (s *Text) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte{'"'}) {
		*s = ""
		return nil
	}
	return json.Unmarshal(data, (*string)(s))
}

// isCount reads a JSON number that is whole and not negative, and takes anything else for 0.
type isCount int64

func (n *isCount) UnmarshalJSON(data []byte) error {
	count, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		count = 0
	}
	*n = isCount(max(count, 0))
	return nil
}

// Timing is the start and end of a part of the work on a node.
type Timing struct {
	Name      string    `json:"name"` // compile or execute
	Started   time.Time `json:"started_at"`
	Completed time.Time `json:"completed_at"`
}

// Builds reports whether the node's result is a relation of the project. That of a test or a hook
// is not, even if the test stores its failures. (A seed has no RelationName in dbt 1.11.16.)
func (r Result) Builds() bool {
	kind, _, _ := strings.Cut(r.UniqueID, ".")
	return slices.Contains([]string{"model", "seed", "snapshot", "function"}, kind)
}

// RunArgs are the command's flags, as dbt resolved them.
type RunArgs struct {
	Which       string `json:"which"` // the command; after a retry, the command that was retried; "generate" for docs generate
	Empty       isTrue `json:"empty"`
	Defer       isTrue `json:"defer"`
	FavorState  isTrue `json:"favor_state"`
	FullRefresh isTrue `json:"full_refresh"`
	// ProjectDir is the path of the project.
	ProjectDir maybeText `json:"project_dir"`
	// EventTimeStart and EventTimeEnd limit the batches of microbatch models.
	EventTimeStart maybeText `json:"event_time_start"`
	EventTimeEnd   maybeText `json:"event_time_end"`
	// All are all of them, by name, as values of JSON.
	All map[string]any `json:"-"`
}

// isTrue reads a JSON true, and takes anything else for false: dbt writes null, too.
type isTrue bool

func (b *isTrue) UnmarshalJSON(data []byte) error {
	*b = string(data) == "true"
	return nil
}

// maybeText reads a JSON string, and takes anything else for "".
type maybeText string

func (m *maybeText) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) != nil {
		text = ""
	}
	*m = maybeText(text)
	return nil
}

// RunResults is a run_results.json.
type RunResults struct {
	Metadata Metadata
	Args     RunArgs
	Elapsed  time.Duration
	Results  []Result // only of nodes that ended: a cancelled run leaves out the others
}

// Run results versions that dot reads: dbt 1.5 (v4) to 1.13 and 2.0 (v6).
const (
	oldestRunResults = 4
	newestRunResults = 6
)

// ReadRunResults reads a run_results.json. Errors name the file, as in [ReadManifest].
func ReadRunResults(file string, r io.Reader) (RunResults, error) {
	a := newStream(file, r)
	var out RunResults
	err := a.document(func(key string) error {
		switch key {
		case "metadata":
			return a.dec.Decode(&out.Metadata)
		case "args":
			var text json.RawMessage
			if err := a.dec.Decode(&text); err != nil {
				return err
			}
			if err := json.Unmarshal(text, &out.Args); err != nil {
				return err
			}
			var err error
			out.Args.All, err = values(text)
			return err
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

// values reads a JSON object. Whole numbers are of type int64.
func values(text []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var all map[string]any
	err := dec.Decode(&all)
	for name, value := range all {
		all[name] = asNumber(value)
	}
	return all, err
}

// asNumber replaces the numbers in a value of JSON.
func asNumber(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		n, _ := v.Float64() // JSON's grammar is narrower
		return n
	case []any:
		for i := range v {
			v[i] = asNumber(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = asNumber(v[name])
		}
	}
	return value
}

// Results are run results with each result as it was written, too.
type Results struct {
	RunResults
	Raw []json.RawMessage // of RunResults.Results, in the same order
}

// RawResults reads a run_results.json with its results as they were written.
func RawResults(file string) (Results, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Results{}, err
	}
	var out Results
	if out.RunResults, err = ReadRunResults(file, bytes.NewReader(data)); err != nil {
		return Results{}, err
	}
	var raw struct {
		Results []json.RawMessage `json:"results"`
	}
	err = json.Unmarshal(fromPython(data), &raw)
	out.Raw = raw.Results
	return out, err
}

// WithoutData returns run results without what only the machine that ran dbt has, such as paths, and without
// what may hold data or SQL: messages, the warehouse's own details, and compiled code.
func WithoutData(data []byte) ([]byte, error) {
	var all struct {
		Metadata map[string]any   `json:"metadata"`
		Results  []map[string]any `json:"results"`
		Elapsed  any              `json:"elapsed_time"`
		Args     map[string]any   `json:"args"`
	}
	read := json.NewDecoder(bytes.NewReader(fromPython(data)))
	read.UseNumber()
	if err := read.Decode(&all); err != nil {
		return nil, err
	}
	for _, r := range all.Results {
		r["message"], r["compiled_code"] = nil, nil
		response, _ := r["adapter_response"].(map[string]any)
		r["adapter_response"] = only(response, "code", "rows_affected")
	}
	return json.Marshal(map[string]any{
		"metadata":     only(all.Metadata, "dbt_schema_version", "dbt_version", "generated_at", "invocation_id", "invocation_started_at"),
		"results":      all.Results,
		"elapsed_time": all.Elapsed,
		"args":         only(all.Args, "which", "empty", "defer", "favor_state", "full_refresh", "event_time_start", "event_time_end"),
	})
}

// only returns some of the fields of an object.
func only(object map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if value, ok := object[name]; ok {
			out[name] = value
		}
	}
	return out
}

// Retries says whether dbt retry runs a node of that status again (dbt 1.11.16).
func Retries(s Status) bool {
	return s.Failed() || s == StatusSkipped
}

// SkippedResult is the result of a node that dbt has not come to, as dbt retry
// reads it.
func SkippedResult(id string) json.RawMessage { return plainResult(id, StatusSkipped) }

// DoneResult is the result of a node that is done. dbt retry refuses results without
// any (dbt 1.11.16: "Could not find previous run").
func DoneResult(id string) json.RawMessage { return plainResult(id, StatusSuccess) }

func plainResult(id string, status Status) json.RawMessage {
	text, err := json.Marshal(map[string]any{
		"unique_id": id, "status": status, "timing": []any{}, "thread_id": "", "execution_time": 0,
		"adapter_response": map[string]any{}, "message": nil, "failures": nil,
		"compiled": nil, "compiled_code": nil, "relation_name": nil, "batch_results": nil,
	})
	if err != nil {
		panic(err) // a map of plain values
	}
	return text
}

// noInvocation stands for the invocation of results that no dbt has written.
const noInvocation = "00000000-0000-0000-0000-000000000000"

// WriteResults writes a run_results.json of version 6 for dbt retry: dbt runs the
// nodes whose results say that they failed or were skipped, with args.
// dbt 2 reads no results without an invocation or args.command (2.0.0-alpha.4).
func WriteResults(dbtVersion string, now time.Time, args map[string]any, results []json.RawMessage) ([]byte, error) {
	args = maps.Clone(args)
	args["command"] = args["which"]
	return json.MarshalIndent(map[string]any{
		"metadata": map[string]any{
			"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json",
			"dbt_version":        dbtVersion, "generated_at": now.UTC(), "invocation_id": noInvocation, "env": map[string]any{},
		},
		"results": results, "elapsed_time": 0, "args": args,
	}, "", " ")
}
