package lifecycle

import (
	"context"
	"errors"
	"fmt"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A DropRequest says which builds to drop.
type DropRequest struct {
	Specs []spec.Spec
	// Why has the reason to drop each build, by the spec's text; "" for one that was named.
	Why map[string]string
	// Breaking also drops builds that others rest on.
	Breaking bool
	// Worktrees removes only the worktrees: the builds stay.
	Worktrees bool
}

// A Drop is a compiled DropRequest. Its program has the steps that drop the builds; a build that
// must stay has none.
type Drop struct {
	Program *steps.Program
	Remains []*steps.Remains
	// Worktrees is the number of builds of which only the worktree goes.
	Worktrees int
	// Toolchains is the number of toolchains that go.
	Toolchains int
}

// Builds is the number of builds that go, of worktrees or of toolchains.
func (d *Drop) Builds() int {
	return len(d.Remains) - len(d.Refused()) + d.Worktrees + d.Toolchains
}

// CompileDrop looks at what the builds have left in the warehouse, and decides which may be dropped.
// It changes nothing.
func CompileDrop(ctx context.Context, world steps.World, req DropRequest) (*Drop, error) {
	for _, s := range req.Specs {
		if !s.Isolated() {
			return nil, hint.New(fmt.Sprintf("%s means the working tree, whose schema dot never drops", s),
				"name a commit, too: "+s.Env+"@HEAD")
		}
	}
	if len(req.Specs) == 0 {
		return nil, errors.New("no build is named")
	}
	drop := &Drop{}
	list, _ := dbt.LookupCommand("list")
	_, err := steps.Compile(ctx, world, steps.Request{
		Command: list, Specs: req.Specs, Report: true,
		Extend: func(p *steps.Program) error {
			drop.Program = p
			p.Notes = nil // they are about a command that would run on the builds
			if err := p.Keep(); err != nil {
				return err
			}
			if req.Worktrees {
				drop.Worktrees = len(p.Builds)
				return p.Add(p.WorktreeSteps(func(b *steps.Built) string { return req.reason(b) })...)
			}
			var err error
			if drop.Remains, err = p.Remains(ctx, req.Breaking); err != nil {
				return err
			}
			var may []*steps.Remains
			for _, r := range drop.Remains {
				if r.Refused == nil {
					may = append(may, r)
				}
			}
			return p.Add(p.DropSteps(may, func(r *steps.Remains) string { return req.reason(r.Build) })...)
		},
	})
	return drop, err
}

// reason is why a build is dropped.
func (req DropRequest) reason(b *steps.Built) string {
	for _, s := range b.Specs {
		if why := req.Why[s]; why != "" {
			return why
		}
	}
	return "asked for"
}

// Refused returns the errors of the builds that stay.
func (d *Drop) Refused() []error {
	var errs []error
	for _, r := range d.Remains {
		if r.Refused != nil {
			errs = append(errs, r.Refused)
		}
	}
	return errs
}
