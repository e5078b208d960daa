package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// plan prints the plan of a program.
func (a *app) plan(ctx context.Context, p *steps.Program, format string) error {
	plan, err := p.Graph.Plan(ctx, a.engine(p))
	if err != nil {
		return err
	}
	a.remarks(p)
	if format == "json" {
		return a.printJSON(newJSONPlan(p, plan, false))
	}
	a.planText(a.Stdout, p, plan)
	return nil
}

// engine returns the services that planning and running need.
func (a *app) engine(p *steps.Program) graph.Env {
	if p.Workspace == nil {
		return graph.Env{Locker: graph.NoLocks{}, Now: a.Now}
	}
	command := text.ShellQuote(append([]string{"dot"}, a.Args...))
	return graph.Env{Store: p.Workspace, Locker: p.Workspace.Locker(command), Now: a.Now}
}

// planText prints a plan for people: a line for each step; below the command, its flags and
// where it reads from. With -v, it prints the command lines that each step runs.
func (a *app) planText(w io.Writer, p *steps.Program, plan *graph.Plan) {
	var rows [][]string
	for _, r := range p.Resolved {
		ref := r.Commit.Ref
		if ref == r.Commit.Hash { // dot has chosen the build
			ref = r.Short
		}
		what := fmt.Sprintf("%q (%s)", r.Commit.Subject, humanize.RelTime(r.Commit.Time, a.Now(), "ago", "from now"))
		switch draft := r.Commit.Draft; {
		case draft != nil && draft.Files > 0:
			what = draft.String()
		case draft != nil:
			what += ", unchanged"
		}
		rows = append(rows, []string{"resolve", r.Env + "@" + ref, r.Short, what})
	}
	resolved := len(rows)
	for _, s := range plan.Steps {
		kind, subject := s.Step.Title()
		rows = append(rows, []string{verb(s), kind, subject, s.Decision.String()})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = text.Visible(row[i])
		}
	}
	buffered := bufio.NewWriter(w) // avoids a write for each of thousands of lines
	defer buffered.Flush()
	out := ui.NewPrinter(w, a.color, a.getenv).To(buffered)
	lines := ui.Columns(rows, func(row, column int, text string) string {
		if column > 0 {
			return text
		}
		style := ui.Faint
		if rows[row][0] == "run" {
			style = ui.Busy
		}
		return out.Paint(style, text)
	})
	for _, line := range toolLines(p) {
		out.Line(line)
	}
	for i, line := range lines {
		out.Line(line)
		if i < resolved {
			continue
		}
		step := plan.Steps[i-resolved]
		if b, ok := p.BuildOf(step.Step.Name); ok {
			if step.Decision.Run && !a.verbose {
				out.Line(out.Paint(ui.Faint, "         "+text.Visible(text.ShellQuote(b.Given()))))
			}
			if modified, ok := b.Modified(plan); ok {
				for _, line := range modifiedLines(modified, mostModified) {
					out.Line("         " + text.Visible(line))
				}
			}
			if left := b.LeftOut(plan); left != "" {
				out.Line("         " + text.Visible(left))
			}
			if reads, ok := b.Reads(plan); ok {
				out.Line("         " + text.Visible(reads.String()))
			}
		}
		if step.Decision.Run && a.verbose {
			for _, command := range step.Describe() {
				out.Line(out.Paint(ui.Faint, "         "+text.Visible(command)))
			}
		}
	}
	out.Line(fmt.Sprintf("%d to run, %d up to date", plan.Runs(), len(plan.Steps)-plan.Runs()))
}

// verb returns run or skip.
func verb(s graph.Planned) string {
	if s.Decision.Run {
		return "run"
	}
	return "skip"
}

// toolLines says which dbt is used and, if there are several, for which builds.
func toolLines(p *steps.Program) []string {
	var lines []string
	users := map[string][]string{}
	for _, b := range p.Builds {
		version := b.Tool.Version
		if version == "" {
			version = "(version not known yet)"
		} else if b.Tool.Remembered {
			version += " (when it was last asked)"
		}
		line := fmt.Sprintf("dbt %s at %s", version, text.Visible(text.ShellQuote(b.Tool.Argv)))
		if users[line] == nil {
			lines = append(lines, line)
		}
		users[line] = append(users[line], b.Name)
	}
	if len(lines) > 1 {
		for i, line := range lines {
			lines[i] += " for " + text.Visible(strings.Join(users[line], ", "))
		}
	}
	return lines
}

// remarks prints the program's remarks, before anything runs.
func (a *app) remarks(p *steps.Program) {
	for _, note := range p.Notes {
		a.say.Note(note)
	}
	for _, warning := range p.Warnings {
		a.say.Warning(warning)
	}
	if a.verbose {
		for _, detail := range p.Details {
			a.say.Note(detail)
		}
	}
}
