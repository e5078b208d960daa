package lifecycle

import (
	"context"
	"slices"
	"strings"

	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// choose returns the builds that specs mean, and the specs without any.
func choose(ctx context.Context, world steps.World, specs []spec.Spec, all []workspace.Found) (chosen []workspace.Found, missing []string, err error) {
	named, err := steps.Name(ctx, world, specs, func(ref string) string { return lost(ref, all) })
	if err != nil {
		return nil, nil, err
	}
	taken := make([]bool, len(all))
	for _, n := range named {
		any := false
		for i, b := range all {
			if n.Means(b.Build) {
				taken[i], any = true, true
			}
		}
		if any {
			continue
		}
		if err := defined(ctx, world, n.Env); err != nil {
			return nil, nil, err
		}
		missing = append(missing, n.Spec)
	}
	for i, b := range all {
		if taken[i] {
			chosen = append(chosen, b)
		}
	}
	return chosen, missing, nil
}

// defined returns an error if the project has environments, but not this one.
func defined(ctx context.Context, world steps.World, env string) error {
	project, err := steps.OpenProject(world)
	if err != nil {
		return err
	}
	if names, err := project.Environments(ctx); err != nil || slices.Contains(names, env) {
		return nil // the profile is at fault, and nobody needs it here
	}
	_, _, err = project.Environment(ctx, env)
	return err
}

// minHash is the shortest beginning of a hash that git takes.
const minHash = 4

// lost returns the hash of the only commit in the workspace that begins with ref, "" for none. git may
// no longer have it.
func lost(ref string, all []workspace.Found) string {
	hash := ""
	if len(ref) < minHash {
		return ""
	}
	for _, b := range all {
		if !strings.HasPrefix(b.Commit.Hash, ref) || b.Commit.Hash == hash {
			continue
		}
		if hash != "" {
			return ""
		}
		hash = b.Commit.Hash
	}
	return hash
}
