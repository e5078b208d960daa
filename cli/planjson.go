package cli

import (
	"fmt"
	"slices"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// planVersion is the version of the JSON plan. It is raised when a field is removed or
// changes its meaning. Fields may be added at any time.
const planVersion = 2

// jsonPlan is a plan for scripts. docs/plan-json.md describes it.
type jsonPlan struct {
	Version  int            `json:"version"`
	Builds   []jsonBuild    `json:"builds"` // in the order of the specs, each once
	Resolved []jsonResolved `json:"resolved"`
	Steps    []jsonStep     `json:"steps"` // in the order of the plan
	Run      int            `json:"run"`   // how many steps run
	Skip     int            `json:"skip"`
	Notes    []string       `json:"notes"`
	Warnings []string       `json:"warnings"`
}

type jsonBuild struct {
	Name   string   `json:"name"`  // env@short; without a ref the environment
	Specs  []string `json:"specs"` // the specs that denote it, as typed
	Schema string   `json:"schema,omitempty"`
	Step   string   `json:"step"` // the step that runs the command
	DBT    jsonDBT  `json:"dbt"`
	// Reads is for a command with a baseline.
	Reads *jsonReads `json:"reads,omitempty"`
	// Modified is for a selection that compares with a baseline.
	Modified *jsonModified `json:"modified,omitempty"`
}

type jsonDBT struct {
	Version  string            `json:"version"` // "" if not known yet
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
	// WorkingTree is set for the working tree. Commit then is one of its files on top of Base, or
	// Base itself.
	WorkingTree *jsonDraft `json:"working_tree,omitempty"`
}

type jsonDraft struct {
	Base  string `json:"base"`
	Files int    `json:"files"` // that differ from Base
}

type jsonStep struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Decision string   `json:"decision"` // run or skip
	Cause    string   `json:"cause"`    // a graph.Cause; Reason is for people
	Reason   string   `json:"reason"`
	Detail   string   `json:"detail,omitempty"`
	Changed  []string `json:"changed,omitempty"`  // the inputs that changed
	Commands []string `json:"commands,omitempty"` // quoted for a shell; of steps that run
}

// newJSONPlan makes a plan for scripts. An explanation has more about what is read.
func newJSONPlan(p *steps.Program, plan *graph.Plan, explain bool) jsonPlan {
	out := jsonPlan{
		Version:  planVersion,
		Resolved: []jsonResolved{}, Notes: orEmpty(p.Notes), Warnings: orEmpty(slices.Clone(p.Warnings)),
		Run: plan.Runs(), Skip: len(plan.Steps) - plan.Runs(),
	}
	for _, b := range p.Builds {
		out.Builds = append(out.Builds, jsonBuild{
			Name: b.Name, Specs: b.Specs, Schema: b.Schema, Step: b.Step,
			DBT:   jsonDBT{Version: b.Tool.Version, Command: b.Tool.Argv, FoundBy: b.Tool.How, Adapters: b.Tool.Adapters},
			Reads: newJSONReads(b, plan, explain), Modified: newJSONModified(b, plan),
		})
		if left := b.LeftOut(plan); left != "" {
			out.Warnings = append(out.Warnings, left)
		}
	}
	for _, r := range p.Resolved {
		resolved := jsonResolved{
			Environment: r.Env, Ref: r.Commit.Ref, Commit: r.Commit.Hash, Short: r.Short,
			Subject: r.Commit.Subject, Time: r.Commit.Time,
		}
		if draft := r.Commit.Draft; draft != nil {
			resolved.WorkingTree = &jsonDraft{Base: draft.Base.Hash, Files: draft.Files}
		}
		out.Resolved = append(out.Resolved, resolved)
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
		step.Commands = s.Describe()
	}
	return step
}

// printJSON prints a value for scripts.
func (a *app) printJSON(v any) error {
	text, err := ui.IndentedJSON(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.Stdout, text)
	return err
}

// orEmpty returns a list that JSON writes as [], not as null.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
