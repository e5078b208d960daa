package steps

import (
	"context"
	"fmt"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// MergeBase returns the spec of baseline's environment at the merge base of the two
// commits. A comparison with that build shows only the candidate's changes.
func MergeBase(ctx context.Context, world World, baseline, candidate spec.Spec) (spec.Spec, error) {
	p, _, err := open(ctx, world, Request{Specs: []spec.Spec{baseline, candidate}, Planning: true})
	if err != nil {
		return spec.Spec{}, err
	}
	defer p.close()
	commits, err := p.repo.Resolve(ctx, []string{baseline.Ref, candidate.Ref})
	if err != nil {
		return spec.Spec{}, err
	}
	hash, err := p.repo.MergeBase(ctx, commits[0].Hash, commits[1].Hash)
	if err == nil && hash == "" {
		err = hint.New(
			fmt.Sprintf("%s and %s have no commit in common", baseline.Ref, candidate.Ref),
			"compare them as they are: leave --merge-base out",
		)
	}
	if err != nil {
		return spec.Spec{}, err
	}
	short := hash
	if found, err := p.repo.Resolve(ctx, []string{hash}); err == nil {
		short = found[0].Short
	}
	return spec.Spec{Env: baseline.Env, Ref: short}, nil
}
