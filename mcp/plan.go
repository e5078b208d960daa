package mcp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// buildFields name a build, and say how it is built.
type buildFields struct {
	Spec     string `json:"spec" jsonschema:"the build: env@ref such as dev@HEAD, or dev@. for the working tree"`
	Baseline string `json:"baseline,omitempty" jsonschema:"a build, such as prod@main: nodes that this one doesn't build are read from it (dbt's --defer)"`
	Modified bool   `json:"modified,omitempty" jsonschema:"select what differs from the baseline, and what depends on it"`
	Select   string `json:"select,omitempty" jsonschema:"dbt's --select, such as orders+ or tag:daily; several are separated by blanks"`
	Exclude  string `json:"exclude,omitempty" jsonschema:"dbt's --exclude"`
	Force    bool   `json:"force,omitempty" jsonschema:"build also what is up to date"`
	Resume   bool   `json:"resume,omitempty" jsonschema:"go on with a build that failed or was stopped"`
}

// args checks the fields, and returns the arguments of dot for them. The spec is the last one.
func (f buildFields) args() ([]string, error) {
	if err := isolated("spec", f.Spec); err != nil {
		return nil, err
	}
	args := append(slices.Clone(quiet), "--isolated")
	for _, field := range []struct {
		name, flag, value string
		check             func(field, value string) error
	}{
		{"baseline", "--defer=", f.Baseline, isolated},
		{"select", "--select=", f.Select, selection},
		{"exclude", "--exclude=", f.Exclude, selection},
	} {
		if field.value == "" {
			continue
		}
		if err := field.check(field.name, field.value); err != nil {
			return nil, err
		}
		args = append(args, field.flag+field.value)
	}
	for _, field := range []struct {
		flag string
		on   bool
	}{{"--modified", f.Modified}, {"--force", f.Force}, {"--resume", f.Resume}} {
		if field.on {
			args = append(args, field.flag)
		}
	}
	return append(args, f.Spec), nil
}

// plannedJSON is what is read of a plan and of an explanation (docs/plan-json.md).
type plannedJSON struct {
	Builds []struct {
		Name   string `json:"name"`
		Schema string `json:"schema"`
		Reads  *struct {
			Unknown string `json:"unknown"`
			Total   int    `json:"total"`
			Own     int    `json:"own"`
			Below   []struct {
				Layer string `json:"layer"`
				Nodes int    `json:"nodes"`
			} `json:"below"`
			Missing int `json:"missing"`
			Nodes   []struct {
				ID    string `json:"unique_id"`
				From  string `json:"from"`
				Layer string `json:"layer"`
				Why   string `json:"why"`
			} `json:"nodes"`
		} `json:"reads"`
		Modified *struct {
			Unknown string `json:"unknown"`
			Nodes   []struct {
				ID  string   `json:"unique_id"`
				Why []string `json:"why"`
			} `json:"nodes"`
		} `json:"modified"`
	} `json:"builds"`
	Steps []struct {
		Name     string   `json:"name"`
		Decision string   `json:"decision"`
		Reason   string   `json:"reason"`
		Detail   string   `json:"detail"`
		Changed  []string `json:"changed"`
		Record   *struct {
			State    string    `json:"state"`
			Finished time.Time `json:"finished"`
			Error    string    `json:"error"`
		} `json:"record"`
		Inputs []struct {
			Label  string `json:"label"`
			Value  string `json:"value"`
			Was    string `json:"was"`
			Change string `json:"change"`
		} `json:"inputs"`
		Triggers []string `json:"triggers"`
	} `json:"steps"`
	Run      int      `json:"run"`
	Skip     int      `json:"skip"`
	Notes    []string `json:"notes"`
	Warnings []string `json:"warnings"`
}

// planAnswer is a plan in short.
type planAnswer struct {
	Build        string         `json:"build"`
	Schema       string         `json:"schema"`
	Run          int            `json:"run" jsonschema:"how many steps run"`
	UpToDate     int            `json:"up_to_date" jsonschema:"how many steps don't"`
	Steps        []plannedStep  `json:"steps"`
	MoreSteps    int            `json:"more_steps,omitempty"`
	Modified     []modifiedNode `json:"modified,omitempty" jsonschema:"the nodes that differ from the baseline"`
	MoreModified int            `json:"more_modified,omitempty"`
	Reads        string         `json:"reads,omitempty" jsonschema:"where the other nodes are read"`
	ReadNodes    []readNode     `json:"read_nodes,omitempty"`
	MoreRead     int            `json:"more_read_nodes,omitempty"`
	Warnings     []string       `json:"warnings,omitempty"`
	MoreWarnings int            `json:"more_warnings,omitempty"`
}

type plannedStep struct {
	Step     string         `json:"step"`
	Decision string         `json:"decision" jsonschema:"run or skip"`
	Why      string         `json:"why"`
	Changed  []changedInput `json:"changed,omitempty"`
	Last     string         `json:"last,omitempty" jsonschema:"how its last attempt ended"`
	RunsIf   []string       `json:"runs_if,omitempty"`
}

type changedInput struct {
	Input  string `json:"input"`
	Change string `json:"change"`
	Was    string `json:"was,omitempty"`
	Now    string `json:"now,omitempty"`
}

type modifiedNode struct {
	Node string `json:"node"`
	Why  string `json:"why"`
}

type readNode struct {
	Node string `json:"node"`
	From string `json:"from"`
	Why  string `json:"why"`
}

func (s *server) plan(ctx context.Context, _ *sdk.CallToolRequest, in buildFields) (planAnswer, error) {
	return s.planned(ctx, "plan", in)
}

func (s *server) explain(ctx context.Context, _ *sdk.CallToolRequest, in buildFields) (planAnswer, error) {
	return s.planned(ctx, "explain", in)
}

// planned runs dot plan or dot explain.
func (s *server) planned(ctx context.Context, command string, in buildFields) (planAnswer, error) {
	args, err := in.args()
	if err != nil {
		return planAnswer{}, err
	}
	var found plannedJSON
	if err := s.read(ctx, &found, slices.Concat([]string{command, "build", "--format=json"}, args)...); err != nil {
		return planAnswer{}, err
	}
	return found.answer(), nil
}

// answer shortens a plan.
func (p plannedJSON) answer() planAnswer {
	left := room(answerRoom)
	out := planAnswer{Run: p.Run, UpToDate: p.Skip, Steps: []plannedStep{}}
	out.Warnings, out.MoreWarnings = fit(&left, clipAll(slices.Concat(p.Warnings, p.Notes), messageRoom))
	var steps []plannedStep
	for _, s := range p.Steps {
		step := plannedStep{Step: clip(s.Name, nameRoom), Decision: s.Decision, Why: clip(s.Reason, nameRoom), RunsIf: s.Triggers}
		if s.Detail != "" {
			step.Why += "; " + clip(s.Detail, nameRoom)
		}
		for _, input := range s.Inputs {
			if input.Change != "" {
				step.Changed = append(step.Changed, changedInput{clip(input.Label, nameRoom), input.Change, clip(input.Was, nameRoom), clip(input.Value, nameRoom)})
			}
		}
		if r := s.Record; r != nil {
			step.Last = r.State
			if r.Error != "" {
				step.Last += ": " + clip(r.Error, messageRoom)
			}
		}
		steps = append(steps, step)
	}
	if kept, more := fit(&left, steps); len(kept) > 0 {
		out.Steps, out.MoreSteps = kept, more
	}
	for _, b := range p.Builds { // one, since there is one spec
		out.Build, out.Schema = clip(b.Name, nameRoom), clip(b.Schema, nameRoom)
		if m := b.Modified; m != nil {
			var nodes []modifiedNode
			if m.Unknown != "" {
				nodes = []modifiedNode{{"?", clip(m.Unknown, nameRoom)}}
			}
			for _, n := range m.Nodes {
				nodes = append(nodes, modifiedNode{shortID(n.ID), clip(strings.Join(n.Why, ", "), nameRoom)})
			}
			out.Modified, out.MoreModified = fit(&left, nodes)
		}
		r := b.Reads
		if r == nil {
			continue
		}
		out.Reads = clip(r.Unknown, nameRoom)
		if r.Unknown == "" {
			parts := []string{fmt.Sprintf("%d of its own", r.Own)}
			for _, layer := range r.Below {
				parts = append(parts, fmt.Sprintf("%d of %s", layer.Nodes, clip(layer.Layer, nameRoom)))
			}
			out.Reads = fmt.Sprintf("%d nodes: %s, %d missing", r.Total, strings.Join(parts, ", "), r.Missing)
		}
		var nodes []readNode
		for _, n := range r.Nodes {
			from := n.From
			if n.From == "below" {
				from = n.Layer
			}
			nodes = append(nodes, readNode{shortID(n.ID), clip(from, nameRoom), clip(n.Why, nameRoom)})
		}
		out.ReadNodes, out.MoreRead = fit(&left, nodes)
	}
	return out
}
