package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A DropRequest says which builds to drop.
type DropRequest struct {
	// Specs may mean the two builds of an upgrade check, too: dev@24256d1.to.
	Specs []spec.Spec
	// Variants has the variant of each of Specs, "" for none. nil: the specs' texts say it.
	Variants []string
	// Why has the reason to drop each build, by the spec's text; "" for one that was named.
	Why map[string]string
	// Breaking also drops builds that others rest on.
	Breaking bool
	// Worktrees removes only the worktrees: the builds stay.
	Worktrees bool
	// OwnSchema means that env@. is the build in a schema for the present files alone.
	OwnSchema bool
	// Alone are the texts of specs of builds in the schema of a working tree that other builds still
	// need: only their files go.
	Alone map[string]bool
}

// A Drop is a compiled DropRequest. Its program has the steps that drop the builds; a build that
// must stay has none.
type Drop struct {
	Program *steps.Program
	Remains []*steps.Remains
	// Worktrees is the number of builds that lose only their worktree.
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
	if req.Variants == nil {
		if err := req.readVariants(ctx, world); err != nil {
			return nil, err
		}
	}
	drop, err := compileDrop(ctx, world, req)
	if err != nil && drop.Program == nil && !req.OwnSchema {
		if last, ok := req.lastOfTree(ctx, world); ok {
			if again, failed := compileDrop(ctx, world, last); failed == nil {
				return again, nil
			}
		}
	}
	return drop, err
}

// lastOfTree returns the request with the last build of the working tree in place of the working tree: that
// may have conflicts, and then its files are no build. ok is false if there is none.
func (req DropRequest) lastOfTree(ctx context.Context, world steps.World) (last DropRequest, ok bool) {
	last = req
	last.Specs = slices.Clone(req.Specs)
	for i, s := range req.Specs {
		if s.Ref != spec.WorkingTree {
			continue
		}
		_, all, err := allBuilds(ctx, world)
		if err != nil {
			return last, false
		}
		chosen, _, err := choose(ctx, world, []spec.Spec{s}, all)
		chosen = slices.DeleteFunc(chosen, func(f workspace.Found) bool { return f.Tree == "" })
		if err != nil || len(chosen) == 0 {
			return last, false
		}
		b := slices.MaxFunc(chosen, func(a, b workspace.Found) int { return a.Used.Compare(b.Used) })
		last.Specs[i], ok = spec.Spec{Env: b.Env, Ref: b.Commit.Hash, Tree: b.Tree}, true
	}
	return last, ok
}

// compileDrop is CompileDrop for valid requests.
func compileDrop(ctx context.Context, world steps.World, req DropRequest) (*Drop, error) {
	drop := &Drop{}
	list, _ := dbt.LookupCommand("list")
	_, err := steps.Compile(ctx, world, steps.Request{
		Command: list, Specs: req.Specs, OfVariants: req.Variants, OwnSchema: req.OwnSchema, Report: true,
		Extend: func(p *steps.Program) error {
			drop.Program = p
			p.Notes = nil // they are about a command that would run on the builds
			if err := p.Keep(); err != nil {
				return err
			}
			if req.Worktrees {
				drop.Worktrees = len(p.Builds)
				return p.Add(p.Cleanup().WorktreeSteps(func(b *steps.Built) string { return req.reason(b) })...)
			}
			var err error
			if drop.Remains, err = p.Cleanup().Remains(ctx, req.Breaking, req.alone); err != nil {
				return err
			}
			var may []*steps.Remains
			for _, r := range drop.Remains {
				if r.Refused == nil {
					may = append(may, r)
				}
			}
			return p.Add(p.Cleanup().DropSteps(may, func(r *steps.Remains) string { return req.reason(r.Build) })...)
		},
	})
	return drop, err
}

// allBuilds returns the repository, and the builds in its workspace.
func allBuilds(ctx context.Context, world steps.World) (*git.Repo, []workspace.Found, error) {
	repo, err := git.Open(ctx, world.Dir)
	if err != nil {
		return nil, nil, err
	}
	ws, err := workspace.Open(repo.Root)
	if err != nil {
		return nil, nil, err
	}
	found, _, err := ws.Builds()
	return repo, found, err
}

// readVariants finds the specs that mean a variant, which is there, and not a ref with such a name.
func (req *DropRequest) readVariants(ctx context.Context, world steps.World) error {
	req.Specs, req.Variants = slices.Clone(req.Specs), make([]string, len(req.Specs))
	var repo *git.Repo
	var found []workspace.Found
	for i, s := range req.Specs {
		at := strings.LastIndex(s.Ref, ".")
		if _, several := s.Range(); several || at < 1 || at == len(s.Ref)-1 {
			continue
		}
		base, variant := s.Ref[:at], s.Ref[at+1:]
		if repo == nil {
			var err error
			if repo, found, err = allBuilds(ctx, world); err != nil {
				return err
			}
		}
		if !slices.ContainsFunc(found, func(f workspace.Found) bool { return f.Commit.Variant() == variant }) {
			continue
		}
		if _, err := repo.Resolve(ctx, []string{s.Ref}); err == nil {
			continue
		}
		req.Specs[i].Ref, req.Variants[i] = base, variant
	}
	return nil
}

// add adds a build, or its variant.
func (req *DropRequest) add(s spec.Spec, variant string) {
	req.Specs, req.Variants = append(req.Specs, s), append(req.Variants, variant)
}

// alone reports whether only the files of a build go.
func (req DropRequest) alone(b *steps.Built) bool {
	return slices.ContainsFunc(b.Specs, func(s string) bool { return req.Alone[s] })
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
