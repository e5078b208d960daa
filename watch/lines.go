package watch

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// lines shows events line by line, each with the name of its step's subject.
type lines struct {
	Options
	heard map[string][]string // by step, with Brief: the last lines of its program, until it has ended
}

// mostHeard is how many lines of a failed program are shown.
const mostHeard = 12

func (v *lines) observe(e graph.Event, b *board) {
	v.own(e, b)
	if e.Kind == graph.Ended {
		v.explain(e, b)
	}
	if e.Kind != graph.Progress {
		return
	}
	_, subject := e.Planned.Step.Title()
	if v.Brief {
		if text, _, ok := said(e); ok {
			all := append(v.heard[e.Planned.Step.Name], strings.Split(text, "\n")...)
			v.heard[e.Planned.Step.Name] = all[max(0, len(all)-mostHeard):]
		}
	}
	if v.Mode == Quiet {
		if warning, ok := warned(e); ok {
			v.Say.Warning(subject + ": " + warning)
		}
		return
	}
	text, asked, ok := said(e)
	if !ok {
		return
	}
	to := v.Say
	if asked {
		to = v.Out
	}
	before, room := to.Paint(ui.Faint, prefix(e.Planned.Step)), Room(e.Planned.Step, v.Width)
	for line := range strings.SplitSeq(text, "\n") {
		for _, part := range ui.Fold(to.Colored(line), room) {
			to.Line(before + " " + part)
		}
	}
}

// explain prints, with Brief, what a program said that failed, unless its nodes' messages say it.
func (v *lines) explain(e graph.Event, b *board) {
	heard := v.heard[e.Planned.Step.Name]
	delete(v.heard, e.Planned.Step.Name)
	if v.Mode != Quiet || e.Result.Outcome != graph.Broken || e.Result.Interrupted {
		return
	}
	if one := b.buildOf(e.Planned.Step); one != nil && len(one.outcome(e.Planned, e.Result, false).failedNodes()) > 0 {
		return
	}
	if i := slices.IndexFunc(heard, func(line string) bool { return strings.Contains(line, "Encountered an error") }); i >= 0 {
		heard = heard[i:] // dbt's words for what comes next
	}
	for _, line := range heard {
		v.Say.Line("  " + v.Say.Colored(line))
	}
}

// prefix is what stands in front of each line of a step's program.
func prefix(step *graph.Step) string {
	_, subject := step.Title()
	return ui.Inline(subject) + " │"
}

// Room is how many columns of a terminal there are for a line of a step's program; 0 if that is no
// limit, or next to nothing is left.
func Room(step *graph.Step, terminal int) int {
	if left := terminal - ui.Width(prefix(step)+" "); left >= 20 {
		return left
	}
	return 0
}

// said returns a program's output. ok is false if it isn't shown. asked is set if it comes from the command
// that the user asked for.
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

// warned returns a warning of dbt's that concerns more than a node's result.
func warned(e graph.Event) (text string, ok bool) {
	event, isEvent := e.Value.(artifact.Event)
	if !isEvent || event.AboutResults() {
		return "", false
	}
	return event.Warning()
}

// own prints dot's own messages: which steps have ended, and with -v which ones begin.
func (o Options) own(e graph.Event, b *board) {
	switch e.Kind {
	case graph.Waiting:
		o.Say.Note(e.Text)
	case graph.Remark:
		o.Say.Warning(about(e))
	case graph.Decided:
		if o.Verbose && !e.Planned.Decision.Run {
			o.line(ui.Faint, "skip", e.Planned.Step.Name, e.Planned.Decision)
		}
	case graph.Beginning:
		if o.Verbose {
			o.line(ui.Busy, "→", e.Planned.Step.Name, e.Planned.Decision)
			for _, command := range e.Planned.Describe() {
				o.Say.Line(o.Say.Paint(ui.Faint, "  "+text.Visible(command)))
			}
		}
	case graph.Ended:
		o.end(e, b.buildOf(e.Planned.Step))
	}
}

// about returns a remark with the name of its build, which other remarks may concern as well.
func about(e graph.Event) string {
	_, subject := e.Planned.Step.Title()
	if strings.Contains(e.Text, subject) {
		return e.Text
	}
	return subject + ": " + e.Text
}

// end prints how a step ended. With live lines and without -v, only the steps that run the command get a
// line when they are done.
func (o Options) end(e graph.Event, one *tracked) {
	name, text := e.Planned.Step.Name, took(e.Result.Finished.Sub(e.Result.Started))
	if one != nil {
		name = one.Name // the command is the same for all builds
	}
	report, err := steps.ParseReport(e.Result.Record)
	if err != nil { // a step of another kind
		report = steps.Report{}
	}
	if nodes := report.String(); nodes != "" {
		text = nodes + ", " + text
	}
	text = name + ": " + text
	switch e.Result.Outcome {
	case graph.OK:
		style, mark := ui.Good, "done"
		if report.Unmatched != "" {
			style, mark = NothingToDo.style(), string(NothingToDo)
		}
		if (one != nil || o.Region == nil) && !o.Brief || o.Verbose {
			o.line(style, mark, text, e.Planned.Decision)
		}
	case graph.Broken:
		if o.Brief && !o.Verbose {
			return // the line of the round says it
		}
		style, mark := ui.Bad, "failed"
		if e.Result.Interrupted {
			style, mark = ui.Warn, "interrupted"
		}
		o.line(style, mark, text, e.Planned.Decision)
	}
}

// line prints a line about a step, and why the step runs or not.
func (o Options) line(s ui.Style, mark, text string, why graph.Decision) {
	o.Say.Line(fmt.Sprintf("%s %s (%s)", o.Say.Paint(s, mark), ui.Inline(text), ui.Inline(why.String())))
}
