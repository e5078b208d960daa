package cli

import (
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/doctor"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
)

type doctorCommand struct {
	Format string `enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

// run prints the doctor's findings. It returns an error if there is a problem.
func (c *doctorCommand) run(ctx context.Context, a *app, _ *commandLine) error {
	findings := doctor.Examine(ctx, doctor.Patient{World: a.world(), Executable: a.Executable})
	if err := context.Cause(ctx); err != nil {
		return err
	}
	count := map[doctor.Status]int{}
	for _, f := range findings {
		count[f.Status]++
	}
	if c.Format == "json" {
		if err := a.printJSON(newJSONFindings(findings, count)); err != nil {
			return err
		}
	} else {
		a.findings(findings)
	}
	if count[doctor.Problem] > 0 {
		return fmt.Errorf("%s, %s", text.Plural(count[doctor.Problem], "problem"), text.Plural(count[doctor.Warning], "warning"))
	}
	if c.Format != "json" {
		a.say.Line("no problems, " + text.Plural(count[doctor.Warning], "warning"))
	}
	return nil
}

// findings prints the findings for people: a line each, and the cures below it.
func (a *app) findings(findings []doctor.Finding) {
	styles := map[doctor.Status]ui.Style{doctor.OK: ui.Good, doctor.Warning: ui.Warn, doctor.Problem: ui.Bad}
	var rows [][]string
	for _, f := range findings {
		status, area := string(f.Status), f.Area
		for line := range strings.Lines(f.Text) {
			rows = append(rows, []string{status, area, text.Visible(strings.TrimRight(line, "\n"))})
			status, area = "", ""
		}
		for _, cure := range f.Cures {
			mark := "→ "
			for line := range strings.Lines(cure) {
				rows = append(rows, []string{"", "", mark + text.Visible(strings.TrimRight(line, "\n"))})
				mark = "  "
			}
		}
	}
	out := ui.NewPrinter(a.Stdout, a.color, a.getenv)
	for _, line := range ui.Columns(rows, func(row, column int, text string) string {
		if style, ok := styles[doctor.Status(rows[row][0])]; ok && column == 0 {
			return out.Paint(style, text)
		}
		return text
	}) {
		out.Line(line)
	}
}

// doctorVersion is the version of the JSON that dot doctor prints. It is raised when a
// field is removed or changes its meaning. Fields may be added at any time.
const doctorVersion = 1

type jsonFindings struct {
	Version  int           `json:"version"`
	Problems int           `json:"problems"`
	Warnings int           `json:"warnings"`
	Findings []jsonFinding `json:"findings"` // in the order of the text
}

type jsonFinding struct {
	Area   string        `json:"area"`
	Status doctor.Status `json:"status"` // ok, warning or problem
	Text   string        `json:"text"`
	Cures  []string      `json:"cures"`
}

func newJSONFindings(findings []doctor.Finding, count map[doctor.Status]int) jsonFindings {
	out := jsonFindings{Version: doctorVersion, Problems: count[doctor.Problem], Warnings: count[doctor.Warning]}
	for _, f := range findings {
		out.Findings = append(out.Findings, jsonFinding{f.Area, f.Status, f.Text, orEmpty(f.Cures)})
	}
	return out
}
