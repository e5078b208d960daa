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

	"dot-for-dbt/config"
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
	project, err := steps.OpenProject(world)
	if err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, project.Dir())
	if err != nil {
		return nil, err
	}
	prune, drop := &Prune{}, DropRequest{Why: map[string]string{}, Worktrees: req.Worktrees, Alone: map[string]bool{}}
	rank, err := ranks(ctx, world, list, req)
	if err != nil {
		return nil, err
	}
	byConfig, elsewhere := 0, 0
	trees := map[tree]*treeBuilds{}
	var inTrees []*treeBuilds
	inTree := func(b Build) *treeBuilds {
		if trees[treeOf(b.Build)] == nil {
			trees[treeOf(b.Build)] = &treeBuilds{of: b.States}
			inTrees = append(inTrees, trees[treeOf(b.Build)])
		}
		return trees[treeOf(b.Build)]
	}
	envs := map[string]struct {
		config.Environment
		lost error
	}{}
	for _, b := range list.Builds { // the one that was used last first
		env, known := envs[b.Env]
		if !known {
			env.Environment, _, env.lost = project.Environment(b.Env) // it may have been removed, or its output
			envs[b.Env] = env
		}
		keep, lost := env.Dot.Keep, env.lost
		if b.Project != filepath.ToSlash(repo.Prefix) {
			keep = nil // not this project's to say
		}
		variant, n := b.Commit.Variant(), rank[b.Dir()]
		if variant != "" { // numbers of builds are about the environment's own
			n = math.MaxInt
		}
		why, goes, kept := req.reason(b, n, world.Now(), keep)
		if kept {
			byConfig++
		}
		if !goes {
			continue
		}
		switch {
		case b.Project != filepath.ToSlash(repo.Prefix):
			elsewhere++
		case b.InGit != InGit && b.Tree != "" && !req.Worktrees:
			at := inTree(b)
			at.lost = append(at.lost, b)
		case b.InGit != InGit:
			prune.Notes = append(prune.Notes, fmt.Sprintf("%s stays: git no longer has its commit, so dot can't read with which profile it was built; drop %s by hand, then remove %s",
				b.Name(), schemasOf(b), b.Dir()))
		case b.Last.State == Running:
			prune.Notes = append(prune.Notes, b.Name()+" stays: it is in use")
		case lost != nil:
			prune.Notes = append(prune.Notes, fmt.Sprintf("%s stays: %v", b.Name(), lost))
		default:
			s := spec.Spec{Env: b.Env, Ref: b.Commit.Hash, Tree: b.Tree}
			name := s.String()
			if variant != "" {
				name = steps.VariantSpec(s, variant)
			}
			drop.Why[name] = why
			if b.Tree != "" && !req.Worktrees {
				at := inTree(b)
				at.goes = append(at.goes, s)
				continue
			}
			drop.add(s, variant)
		}
	}
	for _, at := range inTrees {
		prune.Notes = append(prune.Notes, at.drop(&drop)...)
	}
	if byConfig > 0 {
		prune.Notes = append(prune.Notes, "kept by the configuration, dot: {keep: …}: "+text.Plural(byConfig, "build")+"; --ignore-keep drops what it keeps")
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

// ranks numbers the builds of each environment, the one that was used last is 1, by their directories.
func ranks(ctx context.Context, world steps.World, list *List, req PruneRequest) (map[string]int, error) {
	if slices.ContainsFunc(req.Specs, spec.Spec.Isolated) { // the list has only some of an environment's builds
		var err error
		if list, err = Read(ctx, world, Request{}); err != nil {
			return nil, err
		}
	}
	rank, count, trees := map[string]int{}, map[string]int{}, map[tree]int{}
	for _, b := range list.Builds {
		if b.Commit.Variant() != "" {
			continue
		}
		if n := trees[treeOf(b.Build)]; n > 0 { // the builds of a working tree count as one
			rank[b.Dir()] = n
			continue
		}
		group := b.Project + "\x00" + b.Env
		count[group]++
		rank[b.Dir()] = count[group]
		if b.Tree != "" {
			trees[treeOf(b.Build)] = count[group]
		}
	}
	return rank, nil
}

// treeBuilds are the builds of a working tree in an environment.
type treeBuilds struct {
	goes []spec.Spec // those that go; the one that was used last first
	lost []Build     // those that would go, but whose commit git has lost
	of   int         // how many there are
}

// drop adds the builds that go to a request. If no other needs the schema, it goes with them. It returns
// notes on builds that must stay.
func (t *treeBuilds) drop(req *DropRequest) (notes []string) {
	if len(t.goes) > 0 && len(t.goes)+len(t.lost) == t.of {
		req.add(t.goes[0], "")
		return nil
	}
	for _, s := range t.goes {
		req.add(s, "")
		req.Alone[s.String()] = true
	}
	for _, b := range t.lost {
		with := "it goes with the last build of its working tree"
		if len(t.lost) == b.States {
			with = fmt.Sprintf("dot drop %s@. in its working tree drops it, or drop %s by hand, then remove %s", b.Env, schemasOf(b), b.Dir())
		}
		notes = append(notes, fmt.Sprintf("%s stays: git no longer has its commit; %s", b.Name(), with))
	}
	return notes
}

// reason says why a build goes. n counts the builds of its environment, the one that was used last
// is 1. byConfig is set if the build would go, and the configuration keeps it. Of the builds of a working
// tree, the configuration keeps the last.
func (req PruneRequest) reason(b Build, n int, now time.Time, keep *config.Keep) (why string, goes, byConfig bool) {
	why, goes = req.rule(b, n, now)
	switch {
	case req.Worktrees || req.IgnoreKeep:
	case !req.Rules():
		goes = keep != nil && !keep.Keeps(n, now.Sub(b.Used))
		if goes {
			why = "not kept by keep: {" + keep.String() + "}"
		}
	case goes && keep != nil && !b.Superseded && keep.Keeps(n, now.Sub(b.Used)):
		return "", false, true
	}
	if !goes {
		why = ""
	}
	return why, goes, false
}

// rule says why a build goes by the request's own rules.
func (req PruneRequest) rule(b Build, n int, now time.Time) (why string, goes bool) {
	var reasons []string
	if req.Gone {
		switch {
		case b.Superseded:
			reasons = append(reasons, "its working tree was built with other files since")
		case b.OnlyChecked():
			reasons = append(reasons, "its files were checked only")
		case b.Gone():
			reasons = append(reasons, "no ref leads to its commit")
		default:
			return "", false
		}
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

// Keeps reports whether an environment of the project has a rule for the builds that it keeps.
func Keeps(world steps.World) (bool, error) {
	project, err := steps.OpenProject(world)
	if err != nil {
		return false, err
	}
	names, err := project.Environments()
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(names, func(name string) bool {
		env, _, _ := project.Environment(name)
		return env.Dot.Keep != nil
	}), nil
}

// compileToolchains compiles how to remove the toolchains that neither a build nor an environment at HEAD
// uses.
func compileToolchains(ctx context.Context, world steps.World) (*Prune, error) {
	prune := &Prune{None: true}
	var err error
	_, prune.Notes, err = connect(ctx, world, nil, false, false, func(p *steps.Program) error {
		unused, err := p.UnusedSteps()
		if err != nil {
			return err
		}
		prune.Drop, prune.None = Drop{Program: p, Toolchains: len(unused)}, len(unused) == 0
		return p.Add(unused...)
	})
	return prune, err
}
