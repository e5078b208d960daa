package steps

import (
	"context"
	"slices"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A Named says which builds of the project a spec means, whether they exist or not.
type Named struct {
	Spec    string // as typed
	Project string // the project of the working directory, below the repository's root
	Env     string
	// Hashes are the commits. It is nil for a spec without a ref: then each build of the environment
	// is meant.
	Hashes []string
	// Tree is the working tree whose builds are meant, "" for none.
	Tree string
}

// Means reports whether a build is meant. Those of a working tree are meant together.
func (n Named) Means(b workspace.Build) bool {
	return b.Project == n.Project && b.Env == n.Env &&
		(n.Hashes == nil || slices.Contains(n.Hashes, b.Commit.Hash) || n.Tree != "" && b.Tree == n.Tree)
}

// Name says which builds specs mean. lost finds a commit that git no longer has by what a person
// typed; it returns "" for none. Name needs dbt_project.yml and a repository, and a profile only for
// a spec without an environment. It writes nothing.
func Name(ctx context.Context, world World, specs []spec.Spec, lost func(ref string) (hash string)) ([]Named, error) {
	p, _, err := open(ctx, world, Request{Specs: specs, Planning: true})
	if err != nil {
		return nil, err
	}
	defer p.close()
	found, _, err := p.resolve(ctx)
	if err != nil {
		// One by one, to learn which of them git doesn't know.
		var ok bool
		if found, ok = p.resolveLost(ctx, specs, lost); !ok {
			return nil, err
		}
	}
	hashes := map[string][]string{}
	for _, f := range found {
		if f.commit.Hash != "" {
			hashes[f.typed] = append(hashes[f.typed], f.commit.Hash)
		}
	}
	named := make([]Named, len(specs))
	for i, s := range specs {
		named[i] = Named{Spec: s.String(), Project: p.prefix, Env: s.Env, Hashes: hashes[s.String()]}
		if s.Ref == spec.WorkingTree {
			named[i].Tree, named[i].Hashes = p.treeName(), append([]string{}, named[i].Hashes...) // not nil
		}
		if s.Env == "" {
			env, _, err := (&Project{p}).Environment(ctx, "")
			if err != nil {
				return nil, err
			}
			named[i].Env = env.Name
		}
	}
	return named, nil
}

// resolveLost resolves specs of which some are commits that git no longer has. The working tree needs no
// commit: while a merge has conflicts there is none. ok is false if there is another that git can't resolve.
func (p *planner) resolveLost(ctx context.Context, specs []spec.Spec, lost func(ref string) (hash string)) (all []resolvedSpec, ok bool) {
	for _, s := range specs {
		p.req.Specs = []spec.Spec{s}
		found, _, err := p.resolve(ctx)
		if err != nil {
			hash := ""
			if _, several := s.Range(); !several {
				hash = lost(s.Ref)
			}
			if hash == "" && s.Ref != spec.WorkingTree {
				return nil, false
			}
			found = []resolvedSpec{{Spec: s, typed: s.String(), commit: git.Commit{Hash: hash}}}
		}
		all = append(all, found...)
	}
	return all, true
}
