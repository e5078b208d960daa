// Package doctor looks for problems in git, dbt, the project, its profile, the
// repository and the .dot directory. Each finding has a status and, unless that is OK,
// cures.
//
// It changes nothing, and knows nothing of the terminal.
package doctor

import (
	"context"

	"dot-for-dbt/steps"
)

// A Status says how serious a finding is.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warning Status = "warning" // dot works, but not as well as it could
	Problem Status = "problem" // a part of dot does not work
)

// A Finding is the result of one check.
type Finding struct {
	Area   string // what was checked, such as "git"
	Status Status
	Text   string   // may have several lines
	Cures  []string // what to do about it: a command, if there is one
}

// A Patient is the installation to examine.
type Patient struct {
	steps.World
	Executable string // the path of this dot, "" if unknown
}

// Examine checks everything, starting with git, which the rest depends on. It may run
// git, and dbt to get its version.
func Examine(ctx context.Context, p Patient) []Finding {
	e := &examination{ctx: ctx, patient: p}
	e.git()
	e.command()
	e.project()
	e.repository()
	return e.findings
}

// examination collects the findings of one call of Examine.
type examination struct {
	ctx      context.Context // of one call of Examine
	patient  Patient
	findings []Finding
}

func (e *examination) ok(area, text string) {
	e.findings = append(e.findings, Finding{Area: area, Status: OK, Text: text})
}

func (e *examination) warn(area, text string, cures ...string) {
	e.findings = append(e.findings, Finding{Area: area, Status: Warning, Text: text, Cures: cures})
}

func (e *examination) problem(area, text string, cures ...string) {
	e.findings = append(e.findings, Finding{Area: area, Status: Problem, Text: text, Cures: cures})
}

// getenv returns the value of an environment variable, "" if it isn't set.
func (e *examination) getenv(name string) string {
	value, _ := e.patient.Getenv(name)
	return value
}
