package steps

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// Resolving the specs of an invocation to builds. A range becomes its commits.
// Specs of the same build are merged. Builds that can't run in one invocation are
// an error.

// A resolvedSpec is a spec for one commit, or for the working tree.
type resolvedSpec struct {
	spec.Spec
	typed  string     // as the user typed it
	commit git.Commit // zero for the working tree
	// variant is the variant of the build, nil for the spec's own build.
	variant *Variant
}

// resolve resolves all refs with one call of git. base is nil without a baseline.
func (p *planner) resolve(ctx context.Context) (specs []resolvedSpec, base *resolvedSpec, err error) {
	asked := p.req.Specs
	if len(asked) == 0 {
		asked = []spec.Spec{{}}
	}
	var refs []string
	for _, s := range asked {
		if ends, ok := s.Range(); ok {
			refs = append(refs, ends.From, ends.To)
		} else if s.Isolated() {
			refs = append(refs, s.Ref)
		}
	}
	baseRef := p.req.At
	if s := p.req.Baseline; s != nil && s.Isolated() {
		baseRef = s.Ref
	}
	if baseRef != "" {
		refs = append(refs, baseRef)
	}
	byRef := map[string]git.Commit{}
	if len(refs) > 0 {
		commits, err := p.repo.Resolve(ctx, refs)
		if err != nil {
			return nil, nil, hint.Add(err, p.lost(ctx, refs)...)
		}
		for _, commit := range commits {
			byRef[commit.Ref] = commit
		}
	}
	for i, s := range asked {
		ends, ok := s.Range()
		if !ok {
			one := resolvedSpec{Spec: s, typed: s.String(), commit: byRef[s.Ref]}
			if i < len(p.req.OfVariants) && p.req.OfVariants[i] != "" {
				one.variant = &Variant{Name: p.req.OfVariants[i]}
				one.typed = VariantSpec(s, one.variant.Name)
			}
			specs = append(specs, one)
			continue
		}
		commits, err := p.between(ctx, s, byRef[ends.From], byRef[ends.To])
		if err != nil {
			return nil, nil, err
		}
		for _, commit := range commits {
			specs = append(specs, resolvedSpec{Spec: spec.Spec{Env: s.Env, Ref: commit.Ref}, typed: s.String(), commit: commit})
		}
	}
	if s := cmp.Or(p.req.Baseline, p.req.Elsewhere); s != nil {
		base = &resolvedSpec{Spec: *s, typed: s.String(), commit: byRef[baseRef]}
	}
	return p.varied(specs), base, nil
}

// shortest is how many characters of a hash git needs at least.
const shortest = 4

// lost returns a hint for each ref that is the hash of a commit with builds here which git no longer has, as
// after a rebase and git gc.
func (p *planner) lost(ctx context.Context, refs []string) (hints []string) {
	if p.ws == nil {
		return nil
	}
	all, err := p.ws.Commits()
	if err != nil {
		return nil
	}
	named := map[string]workspace.Commit{}
	for _, ref := range refs {
		for _, c := range all {
			if len(ref) >= shortest && strings.HasPrefix(c.Hash, ref) {
				named[c.Hash] = c
			}
		}
	}
	hashes := slices.Sorted(maps.Keys(named))
	known, err := p.repo.Known(ctx, hashes)
	if err != nil {
		return nil
	}
	for _, hash := range hashes {
		if _, here := known[hash]; !here {
			hints = append(hints, fmt.Sprintf("there are builds of %s, but git doesn't have that commit any more: dot prune --gone says how they can be dropped", named[hash].Short))
		}
	}
	return hints
}

// between returns the commits of a range. An empty range is an error, since it is
// hardly what the user meant.
func (p *planner) between(ctx context.Context, s spec.Spec, from, to git.Commit) ([]git.Commit, error) {
	commits, err := p.repo.Between(ctx, from.Hash, to.Hash)
	if err != nil || len(commits) > 0 {
		return commits, err
	}
	empty := fmt.Errorf("%s has no commits: %s has none that %s lacks", s, to.Ref, from.Ref)
	if back, err := p.repo.Between(ctx, to.Hash, from.Hash); err == nil && len(back) > 0 {
		return nil, hint.Add(empty, fmt.Sprintf("the reverse range has %d: %s@%s..%s", len(back), s.Env, to.Ref, from.Ref))
	}
	return nil, empty
}

// jobs makes a job for each build that the specs denote, in their order.
func (p *planner) jobs(ctx context.Context, specs []resolvedSpec, given arguments) ([]*job, error) {
	var jobs []*job
	byBuild := map[string]*job{}
	for _, s := range specs {
		job, err := p.newJob(ctx, s, given)
		if err != nil {
			return nil, err
		}
		if p.req.Isolated {
			if err := p.onlyIsolated(ctx, job, given); err != nil {
				return nil, err
			}
		}
		same := byBuild[job.id()]
		if same == nil {
			byBuild[job.id()] = job
			jobs = append(jobs, job)
			continue
		}
		same.specs = append(same.specs, job.specs...)
	}
	for _, job := range jobs {
		if len(job.specs) > 1 {
			p.program.note(fmt.Sprintf("%s are the same build, %s, which runs once", joinAnd(job.specs), job.name()))
		}
	}
	return jobs, nil
}

// together returns an error if the jobs can't run in one invocation.
func (p *planner) together(jobs []*job) error {
	if len(jobs) < 2 {
		return nil
	}
	if p.req.Command.Interactive {
		return hint.New(
			fmt.Sprintf("dbt %s is interactive: it runs on one spec only, not on %d", p.req.Command.Name, len(jobs)),
			"name one: dot "+p.req.Command.Name+" "+jobs[0].specs[0],
		)
	}
	if !p.req.Command.WritesNodes() {
		return nil
	}
	byPlace := map[workspace.Place]*build{}
	for _, job := range jobs {
		b := job.build
		if b == nil {
			continue
		}
		if other := byPlace[b.place]; other != nil {
			return samePlace(other, b, "each would overwrite what the other builds")
		}
		byPlace[b.place] = b
	}
	return nil
}

// samePlace returns the error for two builds of an invocation with the same schema.
func samePlace(a, b *build, then string) error {
	return hint.New(
		fmt.Sprintf("%s and %s have the same schema, %s: %s", a, b, b.schema, then),
		ownSchemas,
	)
}

// ownSchemas is the hint for builds that would share relations.
const ownSchemas = `give each environment its own schemas, in dot_environments.yml: all: {dot: {schema-suffix: "{env}_{short}"}}`

// joinAnd joins texts for a sentence: a, b and c.
func joinAnd(texts []string) string {
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}
