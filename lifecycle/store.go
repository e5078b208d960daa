package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A Stored is a build in a team's store.
type Stored struct {
	store.Offer
	In *store.Store
	// InGit says whether this clone has the commit, and Git what it knows of it.
	InGit Presence
	Git   Known
	// Why says why it goes, for builds to prune.
	Why string
}

// stored returns the project's builds in the stores of its environments, or in the one at a URL: the one that was
// pushed last first.
func stored(ctx context.Context, world steps.World, url string) (builds []Stored, err error) {
	project, err := steps.OpenProject(world)
	if err != nil {
		return nil, err
	}
	stores, name, err := project.Stores(ctx, url)
	if err != nil {
		return nil, err
	}
	for _, in := range stores {
		offers, err := in.All(ctx, name)
		if err != nil {
			return nil, err
		}
		for _, o := range offers {
			builds = append(builds, Stored{Offer: o, In: in})
		}
	}
	slices.SortStableFunc(builds, func(a, b Stored) int { return b.Pushed.Compare(a.Pushed) })
	return builds, nil
}

// ReadStore lists the builds that stored returns, with what this clone knows of their commits. specs limit
// them, see Request. missing are specs without any.
func ReadStore(ctx context.Context, world steps.World, url string, specs []spec.Spec) (builds []Stored, missing []string, err error) {
	all, err := stored(ctx, world, url)
	if err != nil {
		return nil, nil, err
	}
	if builds, missing, err = chooseStored(ctx, world, specs, all); err != nil {
		return nil, nil, err
	}
	repo, err := git.Open(ctx, world.Dir)
	if err != nil {
		return nil, nil, err
	}
	var hashes []string
	for _, b := range builds {
		hashes = append(hashes, b.Build.Hash)
	}
	slices.Sort(hashes)
	known, err := repo.Known(ctx, slices.Compact(hashes))
	if err != nil {
		return nil, nil, err
	}
	for i := range builds {
		builds[i].InGit = Lost
		if k, ok := known[builds[i].Build.Hash]; ok {
			builds[i].Git, builds[i].InGit = k, InGit
		}
	}
	return builds, missing, nil
}

// chooseStored returns the builds that specs mean, all without any.
func chooseStored(ctx context.Context, world steps.World, specs []spec.Spec, all []Stored) (chosen []Stored, missing []string, err error) {
	if len(specs) == 0 {
		return all, nil, nil
	}
	found := make([]workspace.Found, len(all))
	for i, b := range all {
		found[i].Build = workspace.Commit{Hash: b.Build.Hash, Short: b.Build.Short}.Build(b.Build.Project, b.Build.Env)
	}
	taken, missing, err := choose(ctx, world, specs, found)
	means := make(map[workspace.Build]bool, len(taken))
	for _, f := range taken {
		means[f.Build] = true
	}
	for i, b := range all {
		if means[found[i].Build] {
			chosen = append(chosen, b)
		}
	}
	return chosen, missing, err
}

// Prunable returns the builds in stores that the request's rules drop, among those that its specs mean. Older
// goes by the time of the push. Keep counts the builds of each environment from the one that was pushed last.
func (req PruneRequest) Prunable(ctx context.Context, world steps.World, url string) ([]Stored, error) {
	all, err := stored(ctx, world, url)
	if err != nil {
		return nil, err
	}
	chosen, _, err := chooseStored(ctx, world, req.Specs, all)
	if err != nil {
		return nil, err
	}
	count, rank := map[string]int{}, map[string]int{}
	for _, b := range all {
		group := b.In.String() + "\x00" + b.Build.Project + "\x00" + b.Build.Env
		count[group]++
		rank[b.key()] = count[group]
	}
	var goes []Stored
	for _, b := range chosen {
		if b.Why = req.whyStored(b, rank[b.key()], world.Now()); b.Why != "" {
			goes = append(goes, b)
		}
	}
	return goes, nil
}

func (b Stored) key() string {
	return strings.Join([]string{b.In.String(), b.Build.ID(), b.Build.Hash, b.Build.Place.ID()}, "\x00")
}

// whyStored says why a build in a store goes, "" if it stays. n is its rank in its environment.
func (req PruneRequest) whyStored(b Stored, n int, now time.Time) string {
	var reasons []string
	if req.Older > 0 {
		if now.Sub(b.Pushed) <= req.Older {
			return ""
		}
		reasons = append(reasons, "pushed "+humanize.RelTime(b.Pushed, now, "ago", "from now"))
	}
	if req.Keep != nil {
		if n <= *req.Keep {
			return ""
		}
		reasons = append(reasons, fmt.Sprintf("not one of the last %d of %s", *req.Keep, b.Build.Env))
	}
	return strings.Join(reasons, ", ")
}
