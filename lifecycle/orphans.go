package lifecycle

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/steps"
)

// compileSchemas finds the marked schemas of the project of which there is no build here, and compiles
// how to drop those that the rules say are no longer needed. It changes nothing.
func compileSchemas(ctx context.Context, world steps.World, req PruneRequest) (*Prune, error) {
	repo, err := git.Open(ctx, world.Dir)
	if err != nil {
		return nil, err
	}
	r := orphanRules{PruneRequest: req, world: world, repo: repo}
	if req.Gone { // before dbt is started
		if r.origin, err = repo.Origin(ctx); err != nil {
			return nil, hint.Reword(err, "--gone: "+err.Error(), append(hint.Of(err), "or another rule: --older 30d, or a build by name: dot prune ci@COMMIT --schemas")...)
		}
	}
	prune := &Prune{}
	program, notes, err := connect(ctx, world, connections{envs: envsOf(req.Specs), needed: len(req.Specs) > 0, schemas: true}, func(p *steps.Program) error {
		cleanup := p.Cleanup()
		survey, err := cleanup.Survey(ctx, nil)
		if err == nil {
			err = survey.Unread
		}
		if err != nil {
			return err
		}
		r.identified = cleanup.Identified()
		chosen, err := r.choose(ctx, survey.Orphans)
		if err != nil {
			return err
		}
		if err := cleanup.LookAt(ctx, chosen); err != nil {
			return err
		}
		var may []*steps.Orphan
		prune.Drop, prune.Orphans = Drop{Program: p}, map[*steps.Remains]*steps.Orphan{}
		for _, o := range chosen {
			prune.Remains = append(prune.Remains, &o.Remains)
			prune.Orphans[&o.Remains] = o
			if o.Refused == nil {
				may = append(may, o)
			}
		}
		prune.None = len(chosen) == 0
		return p.Add(cleanup.OrphanSteps(may, func(o *steps.Orphan) string { return r.why[o] })...)
	})
	if err != nil {
		return nil, err
	}
	if prune.Notes = notes; program == nil {
		prune.None = true
	}
	return prune, nil
}

// orphanRules choose among orphans.
type orphanRules struct {
	PruneRequest
	world  steps.World
	repo   *git.Repo
	origin git.Origin // of --gone
	// identified is set if the repository's name is one of its own.
	identified bool
	why        map[*steps.Orphan]string
}

// choose returns the orphans that the rules say are no longer needed. Some of them are refused.
func (r *orphanRules) choose(ctx context.Context, all []*steps.Orphan) ([]*steps.Orphan, error) {
	r.why = map[*steps.Orphan]string{}
	named, err := r.named(ctx, all)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(slices.Clone(all), func(o *steps.Orphan) bool { return len(r.Specs) > 0 && named[o] == "" })
	var hashes []string
	for _, o := range all {
		if o.Tree == "" {
			hashes = append(hashes, o.Commit)
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	known, err := r.repo.Known(ctx, hashes)
	if err != nil {
		return nil, err
	}
	abandoned := map[string]bool{}
	if r.Gone {
		lost, err := r.repo.Abandoned(ctx, hashes, r.origin)
		if err != nil {
			return nil, err
		}
		for _, hash := range lost {
			abandoned[hash] = true
		}
	}
	var chosen []*steps.Orphan
	for _, o := range all {
		commit, here := known[o.Commit]
		reasons := []string{}
		if r.Older > 0 {
			if o.At.IsZero() || r.world.Now().Sub(o.At) <= r.Older {
				continue
			}
			reasons = append(reasons, "marked "+humanize.RelTime(o.At, r.world.Now(), "ago", "from now"))
		}
		if r.Gone {
			switch {
			case o.Tree != "" && r.Older == 0 && named[o] == "":
				o.Refuse("it is a working tree's of another clone, which may still be built",
					"--gone --older 7d drops it once it is old enough", "or name its environment, if nobody builds a working tree there: dot prune "+o.Env+" --schemas --gone")
			case o.Tree != "":
				reasons = append(reasons, "of no working tree here")
			case here && !abandoned[o.Commit], here && commit.DraftOf != "", r.origin.Merges(o.Commit):
				continue
			case here:
				reasons = append(reasons, "no ref leads to its commit")
			case r.Older == 0 && named[o] == "":
				o.Refuse("git doesn't have its commit here, which may be somebody's who has not pushed it",
					"--gone --older 7d drops it once it is old enough", "or name its environment, if nobody builds there what isn't pushed: dot prune "+o.Env+" --schemas --gone")
			default:
				reasons = append(reasons, "git doesn't have its commit")
			}
		}
		if !here && !r.identified {
			o.Refuse("git doesn't have its commit here, and no address of a remote origin tells this repository from another one with a project of that name",
				"drop it by hand, or run dot in the clone that has made it")
		}
		if len(reasons) == 0 {
			reasons = append(reasons, cmp.Or(named[o], "asked for"))
		}
		r.why[o] = strings.Join(reasons, ", ")
		chosen = append(chosen, o)
	}
	return chosen, nil
}

// named returns which orphans the specs mean, with the reason.
func (r *orphanRules) named(ctx context.Context, all []*steps.Orphan) (map[*steps.Orphan]string, error) {
	named := map[*steps.Orphan]string{}
	if len(r.Specs) == 0 {
		return named, nil
	}
	means, err := steps.Name(ctx, r.world, r.Specs, func(ref string) string {
		hash := ""
		for _, o := range all {
			if len(ref) < minHash || !strings.HasPrefix(o.Commit, ref) || o.Commit == hash {
				continue
			}
			if hash != "" {
				return ""
			}
			hash = o.Commit
		}
		return hash
	})
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		for _, m := range means {
			if m.Env == o.Env && (m.Hashes == nil || slices.Contains(m.Hashes, o.Commit)) {
				named[o] = "no build of it here"
			}
		}
	}
	return named, nil
}
