package watch

import (
	"crypto/rand"
	"fmt"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
)

// groups shows a step's whole log when the step has ended. In GitHub Actions the log is folded, and failed
// nodes are marked as errors
// (https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands).
type groups struct {
	Options
	logs map[string][]string // by step
}

func newGroups(o Options) *groups { return &groups{Options: o, logs: map[string][]string{}} }

func (v *groups) observe(e graph.Event, b *board) {
	switch e.Kind {
	case graph.Progress:
		if text, _, ok := said(e); ok {
			v.logs[e.Planned.Step.Name] = append(v.logs[e.Planned.Step.Name], text)
		}
		return
	case graph.Ended:
		if log := v.logs[e.Planned.Step.Name]; len(log) > 0 {
			v.show(e.Planned.Step.Name, log)
			delete(v.logs, e.Planned.Step.Name)
		}
		if v.Actions {
			v.annotate(e, b.buildOf(e.Planned.Step))
		}
	}
	v.own(e, b)
}

// show writes a log.
func (v *groups) show(step string, log []string) {
	if !v.Actions {
		v.Out.Line(v.Out.Paint(ui.Busy, "── "+ui.Inline(step)+" ──"))
		v.write(log)
		return
	}
	v.Out.Line("::group::" + ui.Inline(step))
	stop := rand.Text() // text from a commit must not be taken for workflow commands
	v.Out.Line("::stop-commands::" + stop)
	v.write(log)
	v.Out.Line("::" + stop + "::")
	v.Out.Line("::endgroup::")
}

func (v *groups) write(log []string) {
	for _, text := range log {
		v.Out.Line(v.Out.Colored(text))
	}
}

// annotate marks the failed nodes as errors, or the failed step if there are none.
func (v *groups) annotate(e graph.Event, one *tracked) {
	if e.Result.Outcome != graph.Broken {
		return
	}
	_, subject := e.Planned.Step.Title()
	var failed []ran
	if one != nil {
		failed = one.outcome(e.Planned, e.Result, false).failedNodes()
	}
	for _, n := range failed {
		v.mark(fmt.Sprintf("%s %s on %s", n.Type, n.Name, subject), n.Message)
	}
	if len(failed) == 0 {
		v.mark(e.Planned.Step.Name, e.Result.Err.Error())
	}
}

// mark writes an error annotation.
func (v *groups) mark(title, message string) {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	v.Out.Line(fmt.Sprintf("::error title=%s::%s", property.Replace(ui.Inline(title)), data.Replace(text.Visible(message))))
}
