package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// resting are the builds that rest on those that go. They say how they can be dropped, too.
type resting struct {
	rt      *runtime
	found   []workspace.Found            // all builds
	on      map[string][]workspace.Build // by the ID of the build below
	unknown []workspace.Build            // those with a damaged layer: they may rest on any
	dropped map[string]bool              // the IDs of those that go
}

// newResting looks for the builds that rest on others.
func newResting(rt *runtime) (*resting, error) {
	s := &resting{rt: rt, dropped: map[string]bool{}}
	var err error
	if s.found, _, err = rt.ws.Builds(); err != nil {
		return nil, err
	}
	s.on, s.unknown, err = rt.ws.RestingOn()
	return s, err
}

// refuse returns why a build must not be dropped because of builds that rest on it, nil if it may be.
func (s *resting) refuse(ctx context.Context, r *Remains) error {
	const breaking = "or drop it all the same: --breaking"
	if left := s.staying(s.above(r.states)); len(left) > 0 {
		specs, hints, err := s.ways(ctx, "drop", s.staying(s.allAbove(r.states)))
		if err != nil {
			return err
		}
		what := "drop them together: "
		if len(hints) > 0 {
			what = "then drop the rest: "
		}
		hints = append(hints, what+text.ShellQuote(append([]string{"dot", "drop", r.Build.Specs[0]}, specs...)), breaking)
		return hint.New(fmt.Sprintf("%s stays: %s on it", r.Name, rest(s.names(left))), hints...)
	}
	if unclear := s.staying(s.unknown); len(unclear) > 0 {
		specs, hints, err := s.ways(ctx, "build", unclear)
		if err != nil {
			return err
		}
		if len(specs) > 0 {
			hints = append(hints, "build again what is damaged: "+text.ShellQuote(append([]string{"dot", "build"}, specs...)))
		}
		return hint.New(fmt.Sprintf("%s stays: dot can't tell whether %s on it, since a layer is damaged", r.Name, rest(s.names(unclear))),
			append(hints, breaking)...)
	}
	return nil
}

// above returns the builds that rest on any of some builds.
func (s *resting) above(all []workspace.Build) (upper []workspace.Build) {
	for _, b := range all {
		upper = append(upper, s.on[b.ID()]...)
	}
	return upper
}

// allAbove is above, with the builds that rest on these in turn.
func (s *resting) allAbove(all []workspace.Build) (upper []workspace.Build) {
	for next := s.above(all); len(next) > 0; next = s.above(next) {
		next = slices.DeleteFunc(next, func(b workspace.Build) bool { return slices.Contains(upper, b) })
		upper = append(upper, next...)
	}
	return upper
}

// staying returns the builds that don't go.
func (s *resting) staying(all []workspace.Build) []workspace.Build {
	return slices.DeleteFunc(slices.Clone(all), func(b workspace.Build) bool { return s.dropped[b.ID()] })
}

// names are what a person calls builds.
func (s *resting) names(all []workspace.Build) (names []string) {
	for _, b := range all {
		names = appendNew(names, s.rt.specOf(b))
	}
	return names
}

// ways says how a command can be run on builds: specs are those that it takes here, and hints say what to
// type for the others.
func (s *resting) ways(ctx context.Context, command string, all []workspace.Build) (specs, hints []string, err error) {
	var hashes []string
	for _, b := range all {
		if b.Commit.Hash != "" { // its file may be damaged
			hashes = append(hashes, b.Commit.Hash)
		}
	}
	known, err := s.rt.repo.Known(ctx, hashes)
	if err != nil {
		return nil, nil, err
	}
	trees, err := s.rt.repo.WorkingTrees()
	if err != nil {
		return nil, nil, err
	}
	for _, b := range all {
		tree := slices.IndexFunc(trees, func(dir string) bool { return s.rt.ws.TreeName(dir) == b.Tree })
		switch _, inGit := known[b.Commit.Hash]; {
		case b.Tree == s.rt.treeName():
			specs = appendNew(specs, s.rt.specOf(b))
		case tree >= 0:
			dir := filepath.Join(trees[tree], filepath.FromSlash(b.Project))
			hints = appendNew(hints, fmt.Sprintf("first, in %s: dot %s %s@%s", dir, command, b.Env, git.WorkingTree))
		case !inGit:
			hints = appendNew(hints, "git no longer has the commit of "+s.rt.specOf(b)+"; dot prune --gone says how it can be dropped")
		case b.Tree != "":
			prune := []string{"dot", "prune"}
			for _, state := range statesOf(b, s.found) {
				prune = append(prune, state.String())
			}
			hints = appendNew(hints, "first, since the directory of working tree "+b.Tree+" is gone: "+text.ShellQuote(append(prune, "--keep", "0")))
		default:
			specs = appendNew(specs, b.String())
		}
	}
	return specs, hints, nil
}
