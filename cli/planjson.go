package cli

import (
	"encoding/json"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/steps"
)

// planVersion is the version of the JSON plan. It is raised when a field
// changes its meaning or goes away; fields may be added at any time.
const planVersion = 1

// jsonPlan is a plan for scripts.
type jsonPlan struct {
	Version  int            `json:"version"`
	DBT      jsonDBT        `json:"dbt"`
	Build    string         `json:"build"`            // env@short; without a ref the environment
	Schema   string         `json:"schema,omitempty"` // of an isolated build
	Resolved []jsonResolved `json:"resolved"`
	Steps    []jsonStep     `json:"steps"` // in the order of the plan
	Run      int            `json:"run"`   // how many steps run
	Skip     int            `json:"skip"`
	Notes    []string       `json:"notes"`
	Warnings []string       `json:"warnings"`
}

type jsonDBT struct {
	Version  string            `json:"version"` // "" is not known yet
	Command  []string          `json:"command"` // the words that start dbt
	FoundBy  string            `json:"found_by"`
	Adapters map[string]string `json:"adapters,omitempty"`
}

type jsonResolved struct {
	Environment string    `json:"environment"`
	Ref         string    `json:"ref"`
	Commit      string    `json:"commit"`
	Short       string    `json:"short"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
}

type jsonStep struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Decision string   `json:"decision"` // run or skip
	Cause    string   `json:"cause"`    // one of a fixed set; the reason is for people
	Reason   string   `json:"reason"`
	Detail   string   `json:"detail,omitempty"`
	Changed  []string `json:"changed,omitempty"`  // the inputs that changed
	Commands []string `json:"commands,omitempty"` // quoted for a shell; of steps that run
}

// newJSONPlan makes a plan for scripts.
func newJSONPlan(p *steps.Program, plan *graph.Plan) jsonPlan {
	out := jsonPlan{
		Version: planVersion, Build: p.Build, Schema: p.Schema,
		DBT:      jsonDBT{Version: p.Tool.Version, Command: p.Tool.Argv, FoundBy: p.Tool.How, Adapters: p.Tool.Adapters},
		Resolved: []jsonResolved{}, Notes: orEmpty(p.Notes), Warnings: orEmpty(p.Warnings),
		Run: plan.Runs(), Skip: len(plan.Steps) - plan.Runs(),
	}
	for _, r := range p.Resolved {
		out.Resolved = append(out.Resolved, jsonResolved{
			Environment: r.Env, Ref: r.Commit.Ref, Commit: r.Commit.Hash, Short: r.Short,
			Subject: r.Commit.Subject, Time: r.Commit.Time,
		})
	}
	for _, s := range plan.Steps {
		out.Steps = append(out.Steps, newJSONStep(s))
	}
	return out
}

func newJSONStep(s graph.Planned) jsonStep {
	step := jsonStep{
		Name: s.Step.Name, Kind: s.Step.Kind, Decision: verb(s),
		Cause: string(s.Decision.Cause), Reason: s.Decision.Text, Detail: s.Decision.Detail, Changed: s.Decision.Changed,
	}
	if s.Decision.Run {
		step.Commands = describe(s.Step)
	}
	return step
}

// printJSON prints a value for scripts.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// orEmpty makes a list that JSON writes as [].
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
