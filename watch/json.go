package watch

import (
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// EventsVersion is the version of the events that --log json writes; docs/events.md describes them. It is
// raised when a field is removed or changes its meaning. Fields and kinds of events may be added at any time.
const EventsVersion = 1

// jsonEvent is an event for a program. Which fields it has depends on its kind.
type jsonEvent struct {
	Event string    `json:"event"`
	Time  time.Time `json:"time"`

	Version int         `json:"version,omitempty"` // of start
	Builds  []jsonBuild `json:"builds,omitempty"`  // of start and end

	Step    string   `json:"step,omitempty"`
	Kind    string   `json:"kind,omitempty"`
	Build   string   `json:"build,omitempty"`
	State   string   `json:"state,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Seconds *float64 `json:"seconds,omitempty"`
	Error   string   `json:"error,omitempty"`

	Node *jsonNode `json:"node,omitempty"`
	// Total is how many nodes dbt works on, or how many items a step works on.
	Total   int      `json:"total,omitempty"`
	Done    *int     `json:"done,omitempty"`
	Running []string `json:"running,omitempty"`

	Round    int               `json:"round,omitempty"`
	Saved    *[]string         `json:"saved,omitempty"`
	Verdicts map[string]string `json:"verdicts,omitempty"`

	Level string  `json:"level,omitempty"`
	Code  string  `json:"code,omitempty"`
	Name  string  `json:"name,omitempty"`
	Text  *string `json:"text,omitempty"`
}

// jsonNode is a node that starts or has ended.
type jsonNode struct {
	ID       string  `json:"unique_id"`
	Type     string  `json:"resource_type"`
	Name     string  `json:"name"`
	Relation string  `json:"relation,omitempty"`
	Status   string  `json:"status"` // dbt's, or "started"
	Seconds  float64 `json:"seconds"`
	Failures int     `json:"failures,omitempty"`
	Message  string  `json:"message,omitempty"`
}

// jsonBuild is a build, in the event end with its result.
type jsonBuild struct {
	Name    string                  `json:"name"`
	Specs   []string                `json:"specs"`
	Schema  string                  `json:"schema,omitempty"`
	Step    string                  `json:"step"`
	Status  Status                  `json:"status,omitempty"`
	Why     string                  `json:"why,omitempty"`
	Counts  map[artifact.Status]int `json:"counts,omitempty"`
	Seconds float64                 `json:"seconds,omitempty"`
	Log     string                  `json:"log,omitempty"`
}

// jsonView writes each event as a line of JSON. dot's own messages go to stderr.
type jsonView struct{ Options }

func newJSONView(o Options, builds []*steps.Built) *jsonView {
	v := &jsonView{o}
	start := jsonEvent{Event: "start", Version: EventsVersion}
	for _, b := range builds {
		start.Builds = append(start.Builds, newJSONBuild(b))
	}
	v.write(start)
	return v
}

func newJSONBuild(b *steps.Built) jsonBuild {
	return jsonBuild{Name: b.Name, Specs: b.Specs, Schema: b.Schema, Step: b.Step}
}

func (v *jsonView) write(e jsonEvent) {
	if e.Time.IsZero() {
		e.Time = v.Now()
	}
	if text, err := ui.JSON(e); err == nil { // never an error: e has only texts and numbers
		v.Out.Line(text)
	}
}

func (v *jsonView) observe(e graph.Event, b *board) {
	out := jsonEvent{}
	if e.Planned.Step != nil {
		out.Step, out.Kind = e.Planned.Step.Name, e.Planned.Step.Kind
	}
	if one := b.buildOf(e.Planned.Step); one != nil {
		out.Build = one.Name
	}
	switch e.Kind {
	case graph.Waiting:
		out.Event, out.Text = "waiting", &e.Text
	case graph.Remark:
		out.Event, out.Text = "warning", &e.Text
	case graph.Decided:
		out.Event, out.State, out.Reason = "step", "planned", e.Planned.Decision.String()
		if !e.Planned.Decision.Run {
			out.State = "skipped"
		}
	case graph.Beginning:
		out.Event, out.State = "step", "started"
	case graph.Ended:
		out.Event, out.State, out.Reason = "step", string(e.Result.Outcome), e.Result.Cause
		seconds := e.Result.Finished.Sub(e.Result.Started).Seconds()
		out.Seconds = &seconds
		if e.Result.Err != nil {
			out.Error = e.Result.Err.Error()
		}
	case graph.Progress:
		v.progress(out, e.Value)
		return
	}
	v.write(out)
}

// progress writes a program's output, or a step's progress.
func (v *jsonView) progress(out jsonEvent, value any) {
	switch said := value.(type) {
	case steps.Line:
		out.Event, out.Text = "line", (*string)(&said)
		v.write(out)
	case steps.Progress:
		out.Event, out.Done, out.Total, out.Running = "progress", &said.Done, said.Total, said.Running
		v.write(out)
	case artifact.Event:
		out.Time = said.Time
		if n := said.Node; n != nil {
			out.Event, out.Node = "node", newJSONNode(n)
			v.write(out)
			return
		}
		out.Event, out.Level, out.Name, out.Code, out.Text = "line", string(said.Level), said.Name, said.Code, &said.Message
		out.Total = said.Total
		v.write(out)
	}
}

func newJSONNode(n *artifact.NodeRun) *jsonNode {
	status := string(n.Status)
	if status == "" {
		status = "started"
	}
	return &jsonNode{
		ID: n.UniqueID, Type: n.Type, Name: n.Name, Relation: n.RelationName, Status: status,
		Seconds: n.Seconds, Failures: n.Failures, Message: n.Message,
	}
}

// end writes the builds' results.
func (v *jsonView) end(outcomes []outcome) {
	end := jsonEvent{Event: "end"}
	for _, o := range outcomes {
		b := newJSONBuild(o.Built)
		b.Status, b.Why, b.Counts, b.Log = o.status, o.why, o.report.Counts, o.Log
		b.Seconds = o.took.Seconds()
		end.Builds = append(end.Builds, b)
	}
	v.write(end)
}
