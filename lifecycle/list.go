package lifecycle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A Request says which builds to list, and what to find out.
type Request struct {
	// Specs choose builds of the project in the working directory: env@ref, a range, or all builds of
	// an environment. Without specs, the builds of all projects of the repository are listed.
	Specs []spec.Spec
	// Limit is the largest number of builds to list, those that were used last; 0 is no limit.
	Limit int
	// Resting finds out which builds rest on each: that reads a file of every build.
	Resting bool
	// Size finds out how much space the builds take: that looks at all of their files.
	Size bool
	// Folded lists only the last used of the builds in the schema of a working tree.
	Folded bool
}

// A List is the builds that were asked for.
type List struct {
	Builds []Build // the one that was used last first
	// More is the number of builds that the limit left out.
	More int
	// Tree is the name of the working tree in which Read was called; see [workspace.Build].
	Tree string
	// Any is set if the workspace has builds, whether they were asked for or not.
	Any bool
	// Missing are the specs for which there is no build, as typed.
	Missing []string
	// Flaws are files and directories that can't be read, so that builds may be missing.
	Flaws []workspace.Flaw
	// GitErr says why git could not be asked for the commits, nil if it could.
	GitErr error
}

// Read lists builds. It takes no lock, writes nothing, and never fails because of a single build:
// see [Build.Problems]. If there is no workspace, the list is empty.
//
// The builds are found by their directories. Only for those in the list, the records, layers and
// ledgers are read.
func Read(ctx context.Context, world steps.World, req Request) (*List, error) {
	repo, err := git.Open(ctx, world.Dir)
	if err != nil {
		if _, notProject := steps.OpenProject(world); errors.Is(err, git.ErrNotRepository) && notProject != nil {
			return nil, notProject // as for other commands
		}
		return nil, err
	}
	ws, err := workspace.Open(repo.Root)
	if err != nil {
		return nil, err
	}
	list := &List{}
	var found, chosen []workspace.Found // all that are needed, and those that are listed
	if len(req.Specs) == 0 && req.Limit > 0 && !req.Resting && !req.Size {
		found, list.More, list.Flaws, err = ws.Recent(req.Limit)
		chosen = found
	} else {
		found, list.Flaws, err = ws.Builds()
		chosen = slices.Clone(found)
	}
	if err != nil {
		return nil, err
	}
	list.Any, list.Tree = len(found) > 0, ws.TreeName(repo.Top)
	if len(req.Specs) > 0 {
		if chosen, list.Missing, err = choose(ctx, world, req.Specs, found); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(chosen, func(a, b workspace.Found) int { return b.Used.Compare(a.Used) })
	states := statesOf(found)
	if req.Folded {
		chosen = fold(chosen)
	}
	if req.Limit > 0 && len(chosen) > req.Limit {
		list.More, chosen = len(chosen)-req.Limit, chosen[:req.Limit]
	}
	r := &reader{ctx: ctx, repo: repo, ws: ws, now: world.Now(), layers: map[string]*lower{}}
	list.Builds, list.GitErr = r.builds(chosen, found, req)
	for i := range list.Builds {
		b := &list.Builds[i]
		b.States = states[treeOf(b.Build)]
		b.Folded = req.Folded && b.States > 0
	}
	return list, context.Cause(ctx)
}

// Name is a build's name in the list: dev@. if it stands for all builds of this working tree.
func (l *List) Name(b *Build) string {
	if b.Folded && b.Tree == l.Tree {
		return strings.TrimSuffix(b.Name(), b.Commit.Short+workspace.TreeMark+b.Tree) + git.WorkingTree
	}
	return b.Name()
}

// A tree is what all builds in the schema of a working tree have in common.
type tree struct{ project, env, name string }

func treeOf(b workspace.Build) tree { return tree{b.Project, b.Env, b.Tree} }

// statesOf counts the builds in the schema of each working tree.
func statesOf(all []workspace.Found) map[tree]int {
	states := map[tree]int{}
	for _, b := range all {
		if b.Tree != "" {
			states[treeOf(b.Build)]++
		}
	}
	return states
}

// fold leaves the first build of each working tree.
func fold(all []workspace.Found) (folded []workspace.Found) {
	seen := map[tree]bool{}
	for _, b := range all {
		if at := treeOf(b.Build); b.Tree == "" || !seen[at] {
			folded, seen[at] = append(folded, b), true
		}
	}
	return folded
}

// A reader reads the facts about the builds of one list.
type reader struct {
	ctx  context.Context // of one call of Read
	repo *git.Repo
	ws   *workspace.Workspace
	now  time.Time

	layers map[string]*lower // see layers.go
}

// builds reads the facts about the chosen builds; all are those of the workspace. The error is git's.
func (r *reader) builds(chosen, all []workspace.Found, req Request) ([]Build, error) {
	builds := make([]Build, len(chosen))
	commits := make(chan commits, 1)
	go func() { commits <- r.commits(chosen) }()
	workspace.Parallel(len(chosen), func(i int) { builds[i] = r.build(chosen[i]) })
	r.below(builds)
	if req.Resting {
		r.resting(builds, all)
	}
	if req.Size {
		r.sizes(builds, all)
	}
	known := <-commits
	for i := range builds {
		known.tell(&builds[i])
	}
	slices.SortStableFunc(builds, func(a, b Build) int {
		if c := b.Used.Compare(a.Used); c != 0 {
			return c
		}
		return strings.Compare(a.ID(), b.ID())
	})
	return builds, known.err
}

// commits are what git knows of the builds' commits.
type commits struct {
	known map[string]git.Known
	err   error
}

// commits asks git for the commits of all builds at once.
func (r *reader) commits(builds []workspace.Found) commits {
	var hashes []string
	for _, b := range builds {
		if b.Commit.Hash != "" {
			hashes = append(hashes, b.Commit.Hash)
		}
	}
	slices.Sort(hashes)
	known, err := r.repo.Known(r.ctx, slices.Compact(hashes))
	return commits{known, err}
}

// tell adds what git knows of a build's commit.
func (c commits) tell(b *Build) {
	switch known, ok := c.known[b.Commit.Hash]; {
	case b.Commit.Hash == "":
		b.problem(commitFile(b.Build) + " is damaged: the next build of the commit writes it again")
	case c.err != nil: // said once for all
	case ok:
		b.Git, b.InGit = known, InGit
	default:
		b.InGit = Lost
	}
}

func commitFile(b workspace.Build) string {
	name, _ := b.Commit.File()
	return name
}
