// Package doctor looks for what keeps dot from working well: in git, dbt, the
// project, its profile, the repository and the .dot directory. Of each thing it
// looks at it says whether it is well, and if it isn't, what cures it.
//
// It changes nothing, and knows nothing of the terminal.
package doctor

import (
	"context"

	"dot-for-dbt/steps"
)

// A Status says how well something is.
type Status string

// How well something can be.
const (
	OK      Status = "ok"
	Warning Status = "warning" // dot works, though not as well as it could
	Problem Status = "problem" // something that dot is for does not work
)

// A Finding is what there is to say of one thing.
type Finding struct {
	Area   string // what was looked at, such as "git"
	Status Status
	Text   string   // may have several lines
	Cures  []string // what to do about it, a command where there is one
}

// A Patient is what is examined.
type Patient struct {
	steps.World
	Executable string // the path of this dot, "" if it is not known
}

// Examine looks at everything, in the order in which one thing needs the other.
// It may start git, and dbt to ask for its version.
func Examine(ctx context.Context, p Patient) []Finding {
	e := &examination{ctx: ctx, patient: p}
	e.git()
	e.command()
	e.project()
	e.repository()
	return e.findings
}

// examination is under way.
type examination struct {
	ctx      context.Context //nolint:containedctx // of one call of Examine
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

// getenv is the value of an environment variable, "" if it isn't set.
func (e *examination) getenv(name string) string {
	value, _ := e.patient.Getenv(name)
	return value
}
