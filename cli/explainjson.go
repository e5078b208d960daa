package cli

import (
	"encoding/json"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
)

// jsonExplanation is an explanation for scripts: a plan (with planVersion), and more
// details of each step.
type jsonExplanation struct {
	jsonPlan
	Steps []jsonExplained `json:"steps"` // replaces the plan's
}

type jsonExplained struct {
	jsonStep
	// Key is missing for a step without a key. It is also missing if a dependency
	// runs: then the key is computed when the step starts.
	Key    graph.Key   `json:"key,omitempty"`
	Record *jsonRecord `json:"record"` // null without one
	Inputs []jsonInput `json:"inputs"` // sorted by label
	// Triggers are the causes that could make the step run after it has
	// succeeded. Expires is when its last success gets too old.
	Triggers []graph.Cause `json:"triggers"`
	Expires  time.Time     `json:"expires,omitzero"`
}

type jsonRecord struct {
	File     string          `json:"file"`
	State    graph.State     `json:"state"` // started, succeeded, failed or stopped
	Key      graph.Key       `json:"key"`
	PID      int             `json:"pid"`
	Started  time.Time       `json:"started"`
	Finished time.Time       `json:"finished,omitzero"`
	Error    string          `json:"error,omitempty"`
	Outputs  json.RawMessage `json:"outputs,omitempty"` // depends on the kind, and may change at any time
}

// jsonInput is an input. It has only values that may be shown.
type jsonInput struct {
	Label  string       `json:"label"`
	Value  string       `json:"value,omitempty"`
	Was    string       `json:"was,omitempty"`    // in the record
	Change graph.Change `json:"change,omitempty"` // changed, new, gone or not known yet
}

func newJSONExplanation(p *steps.Program, plan *graph.Plan, explained []explanation) jsonExplanation {
	out := jsonExplanation{jsonPlan: newJSONPlan(p, plan, true)}
	for _, e := range explained {
		step := jsonExplained{
			jsonStep: newJSONStep(e.Planned), Key: e.Key(), Inputs: []jsonInput{},
			Triggers: []graph.Cause{}, Expires: e.expires(),
		}
		step.Triggers = append(step.Triggers, p.Graph.Triggers(e.Step)...)
		for _, in := range e.Inputs() {
			step.Inputs = append(step.Inputs, jsonInput{in.Label, in.Show, in.Was, in.Change})
		}
		if r := e.Record; r.State != "" {
			step.Record = &jsonRecord{
				File: e.file(), State: r.State, Key: r.Key, PID: r.PID,
				Started: r.Started, Finished: r.Finished, Error: r.Error, Outputs: r.Outputs,
			}
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}
