package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// plainLine returns the event for a line that is no event of dbt's.
func plainLine(text []byte) artifact.Event {
	return artifact.Event{Message: strings.ToValidUTF8(string(text), "\uFFFD")}
}

// logLine is a line of dbt's JSON log. info has all fields that dot uses, data those of the events
// in decodeEvent. If another event has a field of the same name but of another type, the field is
// ignored.
type logLine struct {
	Info struct {
		Name       string         `json:"name"`
		Code       string         `json:"code"`
		Level      artifact.Level `json:"level"`
		Message    string         `json:"msg"`
		Time       string         `json:"ts"`
		Thread     string         `json:"thread"`
		Invocation string         `json:"invocation_id"`
	} `json:"info"`
	Data struct {
		Version string `json:"version"`
		Nodes   int    `json:"node_count"`
		Node    struct {
			ID       string `json:"unique_id"`
			Type     string `json:"resource_type"`
			Name     string `json:"node_name"`
			Path     string `json:"node_path"`
			Relation struct {
				Name string `json:"relation_name"`
			} `json:"node_relation"`
		} `json:"node_info"`
		Result struct {
			Status   artifact.Status `json:"status"`
			Message  string          `json:"message"`
			Seconds  float64         `json:"execution_time"`
			Failures int             `json:"num_failures"`
		} `json:"run_result"`
		Stats      map[string]int `json:"stats"`
		Exception  string         `json:"exc"`
		StackTrace string         `json:"stack_trace"`
	} `json:"data"`
}

// An eventReader reads the events of one run.
type eventReader struct {
	emit func(artifact.Event)
	// errors are dbt 2's messages about nodes, by unique_id. dbt 2 writes a message before the event
	// NodeFinished, which has none (2.0.0-alpha.4).
	errors map[string]string
}

// line passes on the event in a line, unless it has nothing to show or to count.
func (r *eventReader) line(text []byte) {
	emit := r.emit
	var l logLine
	if !l.decode(text) {
		emit(plainLine(text))
		return
	}
	at, _ := time.Parse(time.RFC3339, l.Info.Time) // zero if it is invalid
	e := artifact.Event{
		Time: at, Level: l.Info.Level, Name: l.Info.Name, Code: l.Info.Code, Message: l.Info.Message,
		Invocation: l.Info.Invocation, Thread: l.Info.Thread,
	}
	switch e.Name {
	case "MainReportVersion":
		e.Version = strings.TrimPrefix(l.Data.Version, "=")
	case "ConcurrencyLine":
		e.Total = max(0, l.Data.Nodes)
	case "NodeStart":
		e.Node = l.node()
	case "NodeFinished":
		e.Node = l.node()
		e.Node.Status, e.Node.Message = l.Data.Result.Status, l.Data.Result.Message
		e.Node.Seconds, e.Node.Failures = l.Data.Result.Seconds, l.Data.Result.Failures
		if e.Node.Message == "" && e.Node.Status.Failed() {
			e.Node.Message = r.errors[e.Node.UniqueID]
		}
	case "StatsLine":
		e.Counts = l.counts()
	case "Generic":
		if id := l.Data.Node.ID; id != "" && e.Level == artifact.LevelError {
			if r.errors == nil {
				r.errors = map[string]string{}
			}
			r.errors[id] = v2Label().ReplaceAllString(e.Message, "")
		}
	case "MainEncounteredError", "MainStackTrace":
		if l.interrupted() {
			return
		}
	}
	if _, prints := e.Console(); prints || e.Node != nil {
		emit(e)
	}
}

// v2Label matches what dbt 2 puts before a message: "[error] [DbDriverFailed (dbt1308)]: ".
var v2Label = lazy.Regexp(`^(\[error\] )?\[\w+ \(dbt\d+\)\]: `)

// decode reads the line, and reports whether it is an event.
func (l *logLine) decode(text []byte) bool {
	if !bytes.HasPrefix(text, []byte("{")) {
		return false
	}
	err := json.Unmarshal(text, l) // it continues after a field of the wrong type
	if wrong := (*json.UnmarshalTypeError)(nil); err != nil && !errors.As(err, &wrong) {
		return false
	}
	return l.Info.Name != "" && l.Info.Level != ""
}

func (l *logLine) node() *artifact.NodeRun {
	n := l.Data.Node
	return &artifact.NodeRun{
		Result: artifact.Result{UniqueID: n.ID, RelationName: n.Relation.Name},
		Type:   n.Type, Name: n.Name, Path: n.Path,
	}
}

func (l *logLine) counts() *artifact.RunCounts {
	s := l.Data.Stats
	return &artifact.RunCounts{
		Pass: s["pass"], Warn: s["warn"], Error: s["error"], Skip: s["skip"], NoOp: s["noop"], Total: s["total"],
	}
}

// interrupted reports whether the event is dbt 1.x's reaction to Ctrl-C: an error without a text,
// and the stack trace of a KeyboardInterrupt. Other errors without a text have a stack trace that
// explains them.
func (l *logLine) interrupted() bool {
	if l.Info.Name == "MainEncounteredError" {
		return l.Data.Exception == "" && artifact.Unlabelled(l.Info.Message) == "Encountered an error:"
	}
	return strings.HasSuffix(strings.TrimSpace(l.Data.StackTrace), "\nKeyboardInterrupt")
}
