package watch

import (
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// lines shows what happens line by line, each with what it is about.
type lines struct{ Options }

func (v *lines) observe(e graph.Event, b *board) {
	v.own(e, b)
	if e.Kind != graph.Progress || v.Mode == Quiet {
		return
	}
	text, asked, ok := said(e)
	if !ok {
		return
	}
	_, subject := e.Planned.Step.Title()
	for line := range strings.SplitSeq(text, "\n") {
		to := v.Say
		if asked {
			to = v.Out
		}
		to.Line(to.Paint(ui.Faint, ui.Inline(subject)+" │") + " " + to.Colored(line))
	}
}

// said is the text of what a program says, if it is to be seen; asked is set if it is of the command that
// was asked for.
func said(e graph.Event) (text string, asked, ok bool) {
	switch value := e.Value.(type) {
	case steps.Line:
		return string(value), false, true
	case artifact.Event:
		text, ok = value.Console()
		return text, true, ok
	}
	return "", false, false
}

// own says dot's own words about what happens: what has ended, and with -v what begins, too.
func (o Options) own(e graph.Event, b *board) {
	switch e.Kind {
	case graph.Waiting:
		o.Say.Note(e.Text)
	case graph.Remark:
		o.Say.Warning(e.Text)
	case graph.Decided:
		if o.Verbose && !e.Planned.Decision.Run {
			o.line(ui.Faint, "skip", e.Planned.Step.Name, e.Planned.Decision.String())
		}
	case graph.Beginning:
		if o.Verbose {
			o.line(ui.Busy, "→", e.Planned.Step.Name, e.Planned.Decision.String())
			for _, command := range e.Planned.Describe() {
				o.Say.Line(o.Say.Paint(ui.Faint, "  "+text.Visible(command)))
			}
		}
	case graph.Ended:
		o.end(e, b.buildOf(e.Planned.Step))
	}
}

// end says how a step ended. Where there are live lines, the steps before the command come and go there.
func (o Options) end(e graph.Event, one *build) {
	name, why := e.Planned.Step.Name, e.Planned.Decision.String()
	time := took(e.Result.Finished.Sub(e.Result.Started))
	switch e.Result.Outcome {
	case graph.OK:
		if one != nil {
			o.line(ui.Good, "done", name, why, result(e.Result), time)
		} else if o.Region == nil || o.Verbose {
			o.line(ui.Good, "done", name, why, time)
		}
	case graph.Broken:
		style, mark := ui.Bad, "failed"
		if e.Result.Interrupted {
			style, mark = ui.Warn, "interrupted"
		}
		o.line(style, mark, name, why, result(e.Result), time)
	}
}

// line says something about a step.
func (o Options) line(s ui.Style, mark, step string, remarks ...string) {
	text := o.Say.Paint(s, mark) + " " + ui.Inline(step)
	for _, remark := range remarks {
		if remark != "" {
			text += " · " + ui.Inline(remark)
		}
	}
	o.Say.Line(text)
}

// result is what a dbt command's step reports of its nodes, "" for other steps.
func result(r graph.StepResult) string {
	report, err := steps.ParseReport(r.Record)
	if err != nil {
		return ""
	}
	return report.String()
}
