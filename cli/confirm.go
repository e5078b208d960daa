package cli

import (
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// unasked is how many builds are run without a question.
const unasked = 3

// confirm asks before an invocation builds more than a person may have thought
// of: a range of commits is quickly typed.
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
	if f.DisablePrompts || !ui.Interactive(a.Stdin, a.Stderr) {
		return hint.Add(
			fmt.Errorf("%d builds are to run, and nobody can be asked about more than %d", n, unasked),
			"dot plan shows them",
			"--yes runs them",
		)
	}
	a.planText(a.Stderr, p, plan, false)
	yes, err := ui.NewPrompter(a.Stdin, a.say).Confirm(ctx, fmt.Sprintf("run these %d builds?", n))
	if err == nil && !yes {
		err = errors.New("nothing was run")
	}
	return err
}
