package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
	"dot-for-dbt/watch"
)

// oneBuild shows a run for one build: one line for the steps that prepare it, and dbt's own
// output. With -v, each step has a line.
type oneBuild struct {
	*app
	program *steps.Program
	out     *ui.Printer // above the region

	region *ui.Region // tells what dot does before dbt's command runs; nil for none
	began  time.Time  // when the preparation began, zero before
}

func (a *app) watchOne(p *steps.Program) display {
	d := &oneBuild{app: a, program: p, out: a.say}
	if terminal, ok := a.terminal(); ok && !a.verbose {
		d.region = ui.NewRegion(terminal, ui.Size(terminal))
		d.out = a.say.To(d.region.Writer(a.Stderr))
		a.aside.set(d.region.Writer(a.Stderr))
	}
	return d
}

func (d *oneBuild) printer() *ui.Printer    { return d.out }
func (d *oneBuild) watcher() *watch.Watcher { return nil }

func (d *oneBuild) close() {
	if d.region != nil {
		d.region.Close()
		d.aside.set(d.Stderr)
	}
}

func (d *oneBuild) observe(e graph.Event) {
	switch e.Kind {
	case graph.Waiting:
		d.out.Note(e.Text)
	case graph.Remark:
		d.out.Warning(e.Text)
	case graph.Decided:
		if d.verbose && !e.Planned.Decision.Run {
			d.step(ui.Faint, "skip", e.Planned)
		}
	case graph.Beginning:
		b, ok := d.program.BuildOf(e.Planned.Step.Name)
		if !ok && !d.verbose {
			d.prepare(e.Planned.Step)
			return
		}
		if ok {
			d.prepared(b)
		}
		d.step(ui.Busy, "→", e.Planned)
		if d.verbose {
			for _, command := range e.Planned.Describe() {
				d.out.Line(d.out.Paint(ui.Faint, "  "+text.Visible(command)))
			}
		}
	}
}

// prepare tells which step prepares the build now.
func (d *oneBuild) prepare(step *graph.Step) {
	if d.began.IsZero() {
		d.began = d.Now()
	}
	if d.region != nil {
		kind, subject := step.Title()
		d.region.Draw([]string{d.say.Paint(ui.Faint, ui.Inline(subject)+": "+cmp.Or(watch.Doing(step), kind)+" …")})
	}
}

// prepared ends the preparation, before the build's command runs.
func (d *oneBuild) prepared(b *steps.Built) {
	d.close()
	if d.began.IsZero() {
		return
	}
	took := d.Now().Sub(d.began).Round(100 * time.Millisecond)
	d.out.Line(fmt.Sprintf("%s %s in %s", d.out.Paint(ui.Faint, "prepared"), text.Visible(b.Label), took))
	d.began = time.Time{}
}

// step prints a line about a step, with the reason why it runs or is skipped.
func (d *oneBuild) step(s ui.Style, mark string, planned graph.Planned) {
	d.out.Line(fmt.Sprintf("%s %s (%s)", d.out.Paint(s, mark), text.Visible(planned.Step.Name), text.Visible(planned.Decision.String())))
}

// upToDate says why a build is up to date: with -v in all words.
func (d *oneBuild) upToDate(b *steps.Built, planned graph.Planned, r graph.StepResult) string {
	if d.verbose {
		return planned.Decision.String()
	}
	return b.UpToDate(planned, r.Record)
}

func (d *oneBuild) summary(ctx context.Context, result *graph.Result) error {
	switch {
	case result.Cancelled:
		return d.interrupted(ctx, result)
	case result.Err() != nil:
		return d.failed(result)
	}
	for i, planned := range result.Plan.Steps {
		b, ok := d.program.BuildOf(planned.Step.Name)
		if !ok || planned.Step.Record == "" && result.Steps[i].Outcome != graph.Skipped {
			continue // a step without a record has only its first line
		}
		r, name := result.Steps[i], text.Visible(b.Label)
		if r.Outcome == graph.Skipped {
			d.say.Line(fmt.Sprintf("%s %s: %s", d.say.Paint(ui.Good, "up to date"), name, text.Visible(d.upToDate(b, planned, r))))
			continue
		}
		line := fmt.Sprintf("%s %s: ", d.say.Paint(ui.Good, "done"), name)
		if report, err := steps.ParseReport(r.Record); err == nil {
			if report.Unmatched != "" {
				continue // the warning has said so
			}
			if counts := report.String(); counts != "" {
				line += counts + ", "
			}
		}
		if d.verbose {
			watch.SaySlowest(d.say, b)
		}
		d.say.Line(fmt.Sprintf("%sschema %s, %s", line, text.Visible(b.Schema), d.Now().Sub(d.started).Round(100*time.Millisecond)))
	}
	return nil
}
