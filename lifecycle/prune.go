package lifecycle

import (
	"context"
	"slices"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A PruneRequest says which builds are no longer needed. A build goes if all rules that are given
// say so.
type PruneRequest struct {
	// Specs limit the builds; see Request.
	Specs []spec.Spec
	// Gone: no ref and no HEAD leads to the commit, or the working tree was built with other files since,
	// or was checked and not built.
	Gone bool
	// Older: the build was last used longer ago than this; 0 for no limit.
	Older time.Duration
	// Keep leaves so many builds of each environment, those that were used last; nil leaves none.
	Keep *int
	// Worktrees removes only the worktrees: the builds stay.
	Worktrees bool
	// Toolchains removes only the toolchains that no build uses any more.
	Toolchains bool
	// IgnoreKeep drops builds, too, that the configuration keeps. Without it a request without any rule
	// drops those of environments with such a setting that it doesn't keep.
	IgnoreKeep bool
	// Schemas drops marked schemas without a build here. Then Older goes by their marks, and
	// Keep counts for nothing.
	Schemas bool
}

// Rules reports whether the request has any rule: without one, all builds would go.
func (req PruneRequest) Rules() bool { return req.Gone || req.Older > 0 || req.Keep != nil }

// A Prune is a compiled PruneRequest.
type Prune struct {
	Drop
	// Notes are builds that would go, but that this project can't drop, with the reason.
	Notes []string
	// None is set if no build is to go.
	None bool
	// Orphans has the orphans among the remains.
	Orphans map[*steps.Remains]*steps.Orphan
}

// CompilePrune finds the builds that the rules say are no longer needed, and compiles how to drop
// them. It changes nothing.
func CompilePrune(ctx context.Context, world steps.World, req PruneRequest) (*Prune, error) {
	switch {
	case req.Schemas:
		return compileSchemas(ctx, world, req)
	case req.Toolchains:
		return compileToolchains(ctx, world)
	}
	list, err := Read(ctx, world, Request{Specs: req.Specs})
	if err != nil {
		return nil, err
	}
	c, err := newPruneChoice(ctx, world, req, list)
	if err != nil {
		return nil, err
	}
	for _, b := range list.Builds { // the one that was used last first
		c.consider(ctx, b)
	}
	prune := &Prune{}
	if prune.Notes = c.close(); len(c.drop.Specs) == 0 {
		prune.None = true
		return prune, nil
	}
	compiled, err := CompileDrop(ctx, world, c.drop)
	if err != nil {
		return nil, hint.Add(err, "leave it out: name the builds to prune, such as dot prune dev --gone")
	}
	prune.Drop = *compiled
	return prune, nil
}

// Keeps reports whether an environment of the project has a rule for the builds that it keeps.
func Keeps(ctx context.Context, world steps.World) (bool, error) {
	project, err := steps.OpenProject(world)
	if err != nil {
		return false, err
	}
	names, err := project.Environments(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(names, func(name string) bool {
		env, _, _ := project.Environment(ctx, name)
		return env.Dot.Keep != nil
	}), nil
}

// compileToolchains compiles how to remove the toolchains that neither a build nor an environment at HEAD
// uses.
func compileToolchains(ctx context.Context, world steps.World) (*Prune, error) {
	prune := &Prune{None: true}
	var err error
	_, prune.Notes, err = connect(ctx, world, connections{}, func(p *steps.Program) error {
		unused, err := p.Cleanup().UnusedSteps()
		if err != nil {
			return err
		}
		prune.Drop, prune.None = Drop{Program: p, Toolchains: len(unused)}, len(unused) == 0
		return p.Add(unused...)
	})
	return prune, err
}
