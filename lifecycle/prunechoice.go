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
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A pruneChoice chooses the builds that go, and notes why others stay.
type pruneChoice struct {
	PruneRequest
	now     time.Time
	project *steps.Project
	prefix  string         // the project's, as builds have it
	rank    map[string]int // see ranks
	envs    map[string]prunedEnv
	trees   map[tree]*treeBuilds
	inTrees []*treeBuilds // the same, in order

	drop                DropRequest
	notes               []string
	byConfig, elsewhere int // builds that the configuration keeps, and builds of other projects
}

// A prunedEnv is an environment with builds. lost says why it can't be used: it may have been removed,
// or its output.
type prunedEnv struct {
	config.Environment
	lost error
}

func newPruneChoice(ctx context.Context, world steps.World, req PruneRequest, list *List) (*pruneChoice, error) {
	project, err := steps.OpenProject(world)
	if err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, project.Dir())
	if err != nil {
		return nil, err
	}
	rank, err := ranks(ctx, world, list, req)
	return &pruneChoice{
		PruneRequest: req, now: world.Now(), project: project, prefix: filepath.ToSlash(repo.Prefix), rank: rank,
		envs: map[string]prunedEnv{}, trees: map[tree]*treeBuilds{},
		drop: DropRequest{Why: map[string]string{}, Worktrees: req.Worktrees, Alone: map[string]bool{}},
	}, err
}

// consider chooses whether a build goes.
func (c *pruneChoice) consider(ctx context.Context, b Build) {
	env := c.env(ctx, b.Env)
	keep := env.Dot.Keep
	if b.Project != c.prefix {
		keep = nil // not this project's to say
	}
	variant, n := b.Commit.Variant(), c.rank[b.Dir()]
	if variant != "" { // numbers of builds are about the environment's own
		n = math.MaxInt
	}
	why, goes, kept := c.reason(b, n, c.now, keep)
	if kept {
		c.byConfig++
	}
	if !goes {
		return
	}
	switch {
	case b.Project != c.prefix:
		c.elsewhere++
	case b.InGit != InGit && b.Tree != "" && !c.Worktrees:
		at := c.inTree(b)
		at.lost = append(at.lost, b)
	case b.InGit != InGit:
		c.notes = append(c.notes, fmt.Sprintf("%s stays: git no longer has its commit, so dot can't read with which profile it was built; drop %s by hand, then remove %s",
			b.Name(), schemasOf(b), b.Dir()))
	case b.Last.State == Running:
		c.notes = append(c.notes, b.Name()+" stays: it is in use")
	case env.lost != nil:
		c.notes = append(c.notes, fmt.Sprintf("%s stays: %v", b.Name(), env.lost))
	default:
		c.choose(b, variant, why)
	}
}

// choose adds a build to those that go. In the schema of a working tree, close decides what goes with it.
func (c *pruneChoice) choose(b Build, variant, why string) {
	s := spec.Spec{Env: b.Env, Ref: b.Commit.Hash, Tree: b.Tree}
	name := s.String()
	if variant != "" {
		name = steps.VariantSpec(s, variant)
	}
	c.drop.Why[name] = why
	if b.Tree != "" && !c.Worktrees {
		at := c.inTree(b)
		at.goes = append(at.goes, s)
		return
	}
	c.drop.add(s, variant)
}

// close decides about the schemas of working trees, and returns the notes.
func (c *pruneChoice) close() []string {
	for _, at := range c.inTrees {
		c.notes = append(c.notes, at.drop(&c.drop)...)
	}
	if c.byConfig > 0 {
		c.notes = append(c.notes, "kept by the configuration, dot: {keep: …}: "+text.Plural(c.byConfig, "build")+"; --ignore-keep drops what it keeps")
	}
	if c.elsewhere > 0 {
		c.notes = append(c.notes, text.Plural(c.elsewhere, "build")+" of other projects: run dot prune in their directories")
	}
	return c.notes
}

// env returns an environment of the project.
func (c *pruneChoice) env(ctx context.Context, name string) prunedEnv {
	env, known := c.envs[name]
	if !known {
		env.Environment, _, env.lost = c.project.Environment(ctx, name)
		c.envs[name] = env
	}
	return env
}

// inTree returns the builds of a build's working tree.
func (c *pruneChoice) inTree(b Build) *treeBuilds {
	at := c.trees[treeOf(b.Build)]
	if at == nil {
		at = &treeBuilds{of: b.States}
		c.trees[treeOf(b.Build)], c.inTrees = at, append(c.inTrees, at)
	}
	return at
}

// ranks numbers the builds of each environment, the one that was used last is 1, by their directories. A
// build without relations, such as one that was interrupted at once, has the number of the next one: it is no
// reason to drop another.
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
		if !b.HasRelations() {
			rank[b.Dir()] = count[group] + 1
			continue
		}
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
