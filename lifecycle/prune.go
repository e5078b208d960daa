package lifecycle

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A PruneRequest says which builds are no longer needed. A build goes if all rules that are given
// say so.
type PruneRequest struct {
	// Specs limit the builds; see Request.
	Specs []spec.Spec
	// Gone: no ref and no HEAD leads to the commit.
	Gone bool
	// Older: the build was last used longer ago than this; 0 for no limit.
	Older time.Duration
	// Keep leaves so many builds of each environment, those that were used last; nil leaves none.
	Keep *int
	// Worktrees removes only the worktrees: the builds stay.
	Worktrees bool
	// Schemas drops marked schemas of which there is no build here. Then Older goes by their marks, and
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
	if req.Schemas {
		return compileSchemas(ctx, world, req)
	}
	list, err := Read(ctx, world, Request{Specs: req.Specs})
	if err != nil {
		return nil, err
	}
	project, err := steps.OpenProject(world)
	if err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, project.Dir())
	if err != nil {
		return nil, err
	}
	prune, drop := &Prune{}, DropRequest{Why: map[string]string{}, Worktrees: req.Worktrees}
	kept := map[string]int{} // by project and environment
	elsewhere := 0
	for _, b := range list.Builds { // the one that was used last first
		if b.Commit.Variant() != "" { // its commit's name means the environment's own build
			if _, goes := req.reason(b, math.MaxInt, world.Now()); goes {
				prune.Notes = append(prune.Notes, fmt.Sprintf("%s stays: dot upgrade-check built it, and no spec means it; drop %s by hand, then remove %s",
					b.Name(), schemasOf(b), b.Commit.Dir()))
			}
			continue
		}
		group := b.Project + "\x00" + b.Env
		kept[group]++
		why, goes := req.reason(b, kept[group], world.Now())
		if !goes {
			continue
		}
		_, _, lost := project.Environment(b.Env) // it may have been removed, or its output
		switch {
		case b.Project != filepath.ToSlash(repo.Prefix):
			elsewhere++
		case b.InGit != InGit:
			prune.Notes = append(prune.Notes, fmt.Sprintf("%s stays: git no longer has its commit, so dot can't read with which profile it was built; drop %s by hand, then remove %s",
				b.Name(), schemasOf(b), b.Dir()))
		case b.Last.State == Running:
			prune.Notes = append(prune.Notes, b.Name()+" stays: it is in use")
		case lost != nil:
			prune.Notes = append(prune.Notes, fmt.Sprintf("%s stays: %v", b.Name(), lost))
		default:
			s := spec.Spec{Env: b.Env, Ref: b.Commit.Hash}
			drop.Specs = append(drop.Specs, s)
			drop.Why[s.String()] = why
		}
	}
	if elsewhere > 0 {
		prune.Notes = append(prune.Notes, text.Plural(elsewhere, "build")+" of other projects: run dot prune in their directories")
	}
	if prune.None = len(drop.Specs) == 0; prune.None {
		return prune, nil
	}
	compiled, err := CompileDrop(ctx, world, drop)
	if err != nil {
		return nil, hint.Add(err, "leave it out: name the builds to prune, such as dot prune dev --gone")
	}
	prune.Drop = *compiled
	return prune, nil
}

// reason says why a build goes. n counts the builds of its environment, the one that was used last
// is 1.
func (req PruneRequest) reason(b Build, n int, now time.Time) (why string, goes bool) {
	var reasons []string
	if req.Gone {
		if !b.Gone() {
			return "", false
		}
		reasons = append(reasons, "no ref leads to its commit")
	}
	if req.Older > 0 {
		if now.Sub(b.Used) <= req.Older {
			return "", false
		}
		reasons = append(reasons, "last used "+humanize.RelTime(b.Used, now, "ago", "from now"))
	}
	if req.Keep != nil {
		if n <= *req.Keep {
			return "", false
		}
		kept := "no build of " + b.Env + " is kept"
		if *req.Keep > 0 {
			kept = fmt.Sprintf("not one of the last %d of %s", *req.Keep, b.Env)
		}
		reasons = append(reasons, kept)
	}
	if len(reasons) == 0 {
		return "asked for", true
	}
	return strings.Join(reasons, ", "), true
}

// schemasOf names a build's schemas.
func schemasOf(b Build) string {
	var names []string
	for _, p := range b.Places {
		for _, s := range p.Schemas {
			if !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
	}
	if len(names) == 0 {
		return "its schema"
	}
	return "schema " + strings.Join(names, ", ")
}
