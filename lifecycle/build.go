package lifecycle

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/steps"
)

// Known is what git knows of a commit.
type Known = git.Known

// A Build has the facts about a build.
type Build struct {
	workspace.Build
	// Used is when the last command on the build ended or, if it hasn't, started.
	Used time.Time
	// InGit says whether git still has the commit, and Git what it knows of it.
	InGit Presence
	Git   Known
	// Last is the last command.
	Last Last
	// Places are where the build was built, the last one first: one, unless dbt's --target was
	// given.
	Places []Place
	// Resting are the builds that rest on this one, if Request.Resting is set. It lacks those whose
	// layer can't be trusted, which have a problem.
	Resting []workspace.Build
	// States is the number of builds in the schema of the build's working tree, the build itself
	// included; 0 for a build with a schema of its own. Folded is set if it stands for all of them.
	States int
	Folded bool
	// Superseded is set if the working tree was built with other files since: what the build had in
	// the schema, others have taken over or replaced.
	Superseded bool
	// Worktree says whether the commit's worktree is there: WorktreeThere, WorktreeMissing, or what is
	// wrong with it.
	Worktree string
	// Size is set if Request.Size is.
	Size *Size
	// Checked says what the warehouse doesn't have; nil if it wasn't asked. See [List.Check].
	Checked *steps.Checked
	// Problems are files of the build that can't be read or trusted, in words. What they would tell
	// is left out.
	Problems []string

	root string // of the repository
}

// A Presence says whether git has a commit.
type Presence string

// The presences of a commit.
const (
	NotAsked Presence = ""     // git could not be asked
	InGit    Presence = "yes"  // git has it
	Lost     Presence = "lost" // git has removed it: no ref led to it
)

// The states of a worktree.
const (
	WorktreeThere   = "there"
	WorktreeMissing = "missing"
)

// Name returns the build's name: dev@9b13827, with the project before it if that is not at the
// repository's root.
func (b *Build) Name() string { return b.ID() }

// IsDraft reports whether the build is that of a working tree, by a spec such as dev@. and not of a
// commit of the user's. Nothing ever leads to its commit.
func (b *Build) IsDraft() bool { return b.Git.DraftOf != "" }

// Gone reports that nothing of the user's leads to the build's commit any more: git has lost it, or no
// ref and no HEAD reaches it. It is false if that isn't known, and for the build of a working tree
// as long as git has it.
func (b *Build) Gone() bool {
	return b.InGit == Lost || b.InGit == InGit && !b.Git.Reached && !b.IsDraft()
}

// OnlyChecked reports whether the build is one of a working tree that dot check has looked at, and of
// which nothing was built.
func (b *Build) OnlyChecked() bool {
	return b.IsDraft() && b.Last.Command == steps.CheckName && b.Last.State != Running && len(b.Places) == 0
}

// HasRelations reports whether the build has written relations that are still its own, according to
// the ledgers. It is true if that isn't known.
func (b *Build) HasRelations() bool {
	return slices.ContainsFunc(b.Places, func(p Place) bool { return p.Nodes == nil || p.Nodes.Own > 0 || p.Nodes.Building > 0 })
}

// problem adds a problem. Paths in it start at the repository's root.
func (b *Build) problem(text string) {
	b.Problems = append(b.Problems, strings.ReplaceAll(text, b.root+string(filepath.Separator), ""))
}

// build reads the facts about a build, except for the layers below it.
func (r *reader) build(found workspace.Found) Build {
	b := Build{Build: found.Build, root: filepath.Dir(r.ws.Path())}
	standings, errs := r.ws.Standings(b.Build)
	slices.SortStableFunc(standings, func(x, y workspace.Standing) int { return lastRun(y).Compare(lastRun(x)) })
	for _, s := range standings {
		b.Places = append(b.Places, r.place(s))
		if at := lastRun(s); at.After(b.Used) {
			b.Used = at
		}
	}
	for _, err := range errs {
		b.problem(err.Error())
	}
	r.last(&b, standings)
	if b.Used.IsZero() {
		b.Used = found.Used
	}
	b.Worktree = r.worktree(b.Build)
	b.Superseded = b.Tree != "" && len(standings) > 0
	for _, s := range standings {
		tip, ok := r.ws.Tip(s.Place)
		b.Superseded = b.Superseded && ok && r.ws.BuildOf(tip).ID() != b.ID()
	}
	return b
}

// lastRun returns when the last run of a standing started.
func lastRun(s workspace.Standing) time.Time {
	if s.Open != nil {
		return s.Open.Time
	}
	return s.Run.Time
}

// worktree returns the state of a build's worktree.
func (r *reader) worktree(b workspace.Build) string {
	if _, err := os.Lstat(b.Commit.Worktree()); errors.Is(err, fs.ErrNotExist) {
		return WorktreeMissing
	}
	if err := r.repo.CheckWorktree(b.Commit.Worktree(), b.Commit.Hash); err != nil {
		return err.Error()
	}
	return WorktreeThere
}
