package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// unasked is the number of builds that run without a question.
const unasked = 3

// confirm asks before an invocation runs many builds: a range of commits may have
// more commits than the user thinks.
func (a *app) confirm(ctx context.Context, p *steps.Program, f flags) error {
	if f.Yes || len(p.Builds) <= unasked || !p.Writes {
		return nil
	}
	plan, err := p.Graph.Plan(ctx, a.engine(p))
	if err != nil {
		return err
	}
	n := 0
	for _, s := range plan.Steps {
		if _, ok := p.BuildOf(s.Step.Name); ok && s.Decision.Run {
			n++
		}
	}
	if n <= unasked {
		return nil
	}
	if !a.mayAsk(f) {
		return hint.Add(
			fmt.Errorf("%d builds would run: more than %d need a confirmation, and dot can't ask", n, unasked),
			"dot plan shows them",
			"--yes runs them",
		)
	}
	a.planText(a.Stderr, p, plan)
	return a.agree(ctx, fmt.Sprintf("run these %d builds?", n), "nothing was run")
}

// agree asks a question. It is an error if the user doesn't agree: otherwise says what came of it.
func (a *app) agree(ctx context.Context, question, otherwise string) error {
	defer a.waited(a.Now())
	yes, err := ui.NewPrompter(a.Stdin, a.say).Confirm(ctx, question)
	if err == nil && !yes {
		err = errors.New(otherwise)
	}
	return err
}

// waited leaves the time since a question was asked out of how long the command took.
func (a *app) waited(asked time.Time) { a.started = a.started.Add(a.Now().Sub(asked)) }

// confirmProtected asks before the command writes into the own schema of an environment
// that is protected, or that has the name of production.
func (a *app) confirmProtected(ctx context.Context, p *steps.Program, f flags) error {
	if f.Yes {
		return nil
	}
	for _, b := range p.Builds {
		protection, where := b.Protection()
		if protection == steps.Unprotected {
			continue
		}
		where = text.Visible(where)
		writes := fmt.Sprintf("without a ref, this writes into %s, environment %s's own", where, text.Visible(b.Name))
		switch {
		case a.mayAsk(f):
			if err := a.agree(ctx, writes+"; go on?", "nothing was run"); err != nil {
				return err
			}
		case protection == steps.Protected:
			return hint.Add(fmt.Errorf("%s, which is protected, and dot can't ask", writes),
				"--yes goes on",
				"for a schema of its own, give a ref: "+b.Name+"@.",
			)
		default:
			a.say.Note(writes + " (`dot: {protected: true}` makes it need --yes, false silences this)")
		}
	}
	return nil
}

// mayAsk reports whether the user can be asked.
func (a *app) mayAsk(f flags) bool { return !f.DisablePrompts && ui.Interactive(a.Stdin, a.Stderr) }

// confirmLosses asks after a run that was refused because of what dbt would drop. It
// reports whether the user agrees to that. Otherwise it returns the error of the
// invocation, which is any other error of the run.
func (a *app) confirmLosses(ctx context.Context, err error, f flags) (bool, error) {
	var losses *steps.LossError
	if !errors.As(err, &losses) || !a.mayAsk(f) {
		return false, err
	}
	a.say.Warning(losses.Error())
	err = a.agree(ctx, "drop them and go on?", "nothing was run")
	return err == nil, err
}
