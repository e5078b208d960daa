package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// explain prints the details of a plan's decisions: for each step its inputs, its
// record, the differences, and what would make it run.
func (a *app) explain(ctx context.Context, p *steps.Program, format string) error {
	plan, err := p.Graph.Plan(ctx, a.engine(p))
	if err != nil {
		return err
	}
	a.remarks(p)
	explained := make([]explanation, len(plan.Steps))
	for i, s := range plan.Steps {
		explained[i] = explanation{s, p, plan, a.Now()}
	}
	if format == "json" {
		return a.printJSON(newJSONExplanation(p, plan, explained))
	}
	out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
	for _, line := range toolLines(p) {
		out.Line(line)
	}
	for _, e := range explained {
		style := ui.Faint
		if e.Decision.Run {
			style = ui.Busy
		}
		out.Line("")
		out.Line(fmt.Sprintf("%s %s (%s)", out.Paint(style, fmt.Sprintf("%-4s", verb(e.Planned))), text.Visible(e.Step.Name), text.Visible(e.Decision.String())))
		for _, line := range ui.Columns(e.rows(), nil) {
			out.Line("     " + line)
		}
	}
	return nil
}

// explanation explains one step.
type explanation struct {
	graph.Planned
	program *steps.Program
	plan    *graph.Plan
	now     time.Time
}

// rows returns the lines of a step, each with a heading and a text.
func (e explanation) rows() [][]string {
	var rows [][]string
	add := func(about string, lines ...string) {
		for i, line := range lines {
			if i > 0 {
				about = ""
			}
			rows = append(rows, []string{about, text.Visible(line)})
		}
	}
	if e.Step.Record != "" {
		add("record", e.record()...)
		add("key", e.key())
		if outputs := e.outputs(); outputs != "" {
			add("outputs", outputs)
		}
		add("inputs", e.inputs()...)
	}
	if b, ok := e.program.BuildOf(e.Step.Name); ok {
		if modified, ok := b.Modified(e.plan); ok {
			lines := modifiedLines(modified, len(modified.Nodes))
			lines[0] = strings.TrimPrefix(lines[0], "modified: ")
			add("modified", lines...)
		}
		if left := b.LeftOut(e.plan); left != "" {
			add("left out", left)
		}
		if reads, ok := b.Reads(e.plan); ok {
			add("reads", e.reads(reads)...)
			add("layers", layerLines(reads)...)
		}
	}
	if e.Decision.Run {
		add("command", e.Planned.Describe()...)
	} else {
		add("runs if", e.triggers()...)
	}
	return rows
}

// record describes the record of the last attempt.
func (e explanation) record() []string {
	r := e.Record
	if r.State == "" {
		return []string{"none: " + e.file()}
	}
	when, at := r.Finished, "ended"
	if when.IsZero() {
		when, at = r.Started, "started"
	}
	text := fmt.Sprintf("%s, %s %s (%s)", r.State, at, humanize.RelTime(when, e.now, "ago", "from now"), when.UTC().Format(time.DateTime+" MST"))
	if !r.Finished.IsZero() {
		text += fmt.Sprintf(", took %s", r.Finished.Sub(r.Started).Round(100*time.Millisecond))
	}
	lines := []string{fmt.Sprintf("%s, pid %d", text, r.PID), e.file()}
	if r.Error != "" {
		first, _, more := strings.Cut(r.Error, "\n")
		if more {
			first += " …"
		}
		lines = append(lines, "error: "+first)
	}
	return lines
}

// file returns the path of the record.
func (e explanation) file() string {
	file, err := e.program.Workspace.RecordFile(e.Step.Record)
	if err != nil {
		return err.Error()
	}
	return file
}

func (e explanation) key() string {
	now, was := shortKey(e.Key()), shortKey(e.Record.Key)
	switch {
	case now == "" && was == "":
		return "not known yet: computed when the step starts"
	case now == "":
		return "not known yet: computed when the step starts; was " + was
	case was == "" || now == was:
		return now
	}
	return now + ", was " + was
}

// shortKey returns the part of a key that is shown.
func shortKey(k graph.Key) string { return string(k[:min(len(k), 12)]) }

// shown is the number of characters of a step's outputs that are shown.
const shown = 100

// outputs returns the start of the last attempt's outputs.
func (e explanation) outputs() string {
	var compact bytes.Buffer
	if len(e.Record.Outputs) == 0 || json.Compact(&compact, e.Record.Outputs) != nil {
		return ""
	}
	text := []rune(compact.String())
	if len(text) > shown {
		return string(text[:shown-1]) + "…"
	}
	return string(text)
}

// inputs returns a line for each input.
func (e explanation) inputs() []string {
	var rows [][]string
	for _, in := range e.Inputs() {
		value := in.Show
		switch {
		case in.Show == "":
			value = in.Was
		case in.Was != "" && in.Was != in.Show:
			value = in.Was + " → " + in.Show
		}
		rows = append(rows, []string{in.Label, value, string(in.Change)})
	}
	return ui.Columns(rows, nil)
}

// reads returns the plan's line about a command's reads, and a line for each node.
func (e explanation) reads(r steps.Reads) []string {
	if r.Unknown != "" {
		return []string{r.Unknown}
	}
	var rows [][]string
	for _, n := range r.Nodes {
		from, why := n.From, n.Why
		if n.From == "below" {
			from = n.Layer
		}
		if !n.Built.IsZero() {
			why += fmt.Sprintf("; written %s by run %s", humanize.RelTime(n.Built, e.now, "ago", "from now"), n.Run)
		}
		if by := n.ReadBy(); by != "" {
			why += "; read by " + by
		}
		rows = append(rows, []string{n.Name, from, why})
	}
	_, counts, _ := strings.Cut(r.String(), " ")
	return append([]string{counts}, ui.Columns(rows, nil)...)
}

// layerLines returns a line for each layer that a command reads from.
func layerLines(r steps.Reads) []string {
	var rows [][]string
	for _, l := range r.Layers {
		has := text.Plural(l.Nodes, "node")
		if l.Broken > 0 {
			has += fmt.Sprintf(", %d that can't be read", l.Broken)
		}
		if l.Gone != "" {
			has += "; " + l.Gone
		}
		rows = append(rows, []string{l.Name, has})
	}
	return ui.Columns(rows, nil)
}

// triggers returns a line for each event that would make the skipped step run.
func (e explanation) triggers() []string {
	causes := e.program.Graph.Triggers(e.Step)
	var lines []string
	for _, cause := range causes {
		switch cause {
		case graph.Overwritten:
			lines = append(lines, "its outputs are overwritten")
		case graph.InputChanged:
			lines = append(lines, "an input changes")
		case graph.Missing:
			lines = append(lines, "its outputs are missing or edited")
		case graph.DepRuns:
			lines = append(lines, "a step that it depends on runs")
		case graph.TooOld:
			lines = append(lines, "it is older than "+(config.Age{Limit: e.Step.MaxAge}).String()+", at "+e.expires().UTC().Format(time.DateTime+" MST"))
		}
	}
	if _, command := e.program.BuildOf(e.Step.Name); command && slices.Contains(causes, graph.InputChanged) {
		lines = append(lines, "--force is given")
	}
	return lines
}

// expires returns when the last success gets too old, zero for never.
func (e explanation) expires() time.Time {
	if e.Step.MaxAge == 0 || e.Record.State != graph.Succeeded {
		return time.Time{}
	}
	return e.Record.Finished.Add(e.Step.MaxAge)
}
