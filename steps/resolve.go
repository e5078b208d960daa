package steps

import (
	"context"
	"fmt"
	"strings"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// Which builds the specs of an invocation denote: each is resolved, a range
// becomes its commits, those that are the same build are one, and those that
// can't be built in one invocation are refused.

// A resolvedSpec is a spec for one commit, or for the working tree.
type resolvedSpec struct {
	spec.Spec
	typed  string     // as a person typed it
	commit git.Commit // zero for the working tree
}

// resolve asks git for the commits behind all refs at once. base is nil without
// a baseline.
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
	if p.req.Baseline != nil {
		refs = append(refs, p.req.Baseline.Ref)
	}
	byRef := map[string]git.Commit{}
	if len(refs) > 0 {
		commits, err := p.repo.Resolve(ctx, refs)
		if err != nil {
			return nil, nil, err
		}
		for _, commit := range commits {
			byRef[commit.Ref] = commit
		}
	}
	for _, s := range asked {
		ends, ok := s.Range()
		if !ok {
			specs = append(specs, resolvedSpec{s, s.String(), byRef[s.Ref]})
			continue
		}
		commits, err := p.between(ctx, s, byRef[ends.From], byRef[ends.To])
		if err != nil {
			return nil, nil, err
		}
		for _, commit := range commits {
			specs = append(specs, resolvedSpec{spec.Spec{Env: s.Env, Ref: commit.Ref}, s.String(), commit})
		}
	}
	if s := p.req.Baseline; s != nil {
		base = &resolvedSpec{*s, s.String(), byRef[s.Ref]}
	}
	return specs, base, nil
}

// between lists the commits of a range. One without any is an error: somebody
// meant something.
func (p *planner) between(ctx context.Context, s spec.Spec, from, to git.Commit) ([]git.Commit, error) {
	commits, err := p.repo.Between(ctx, from.Hash, to.Hash)
	if err != nil || len(commits) > 0 {
		return commits, err
	}
	empty := fmt.Errorf("%s is a range without commits: none leads to %s that doesn't lead to %s", s, to.Ref, from.Ref)
	if back, err := p.repo.Between(ctx, to.Hash, from.Hash); err == nil && len(back) > 0 {
		return nil, hint.Add(empty, fmt.Sprintf("the other way round there are %d: %s@%s..%s", len(back), s.Env, to.Ref, from.Ref))
	}
	return nil, empty
}

// jobs makes a job of each build that the specs denote, in their order.
func (p *planner) jobs(specs []resolvedSpec, given arguments) ([]*job, error) {
	var jobs []*job
	byBuild := map[string]*job{}
	for _, s := range specs {
		job, err := p.newJob(s, given)
		if err != nil {
			return nil, err
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
			p.program.note(fmt.Sprintf("%s are the same build, %s: it is run once", joinAnd(job.specs), job.name()))
		}
	}
	return jobs, nil
}

// together refuses jobs that can't be run by one invocation.
func (p *planner) together(jobs []*job) error {
	if len(jobs) < 2 {
		return nil
	}
	if p.req.Command.Interactive {
		return hint.New(
			fmt.Sprintf("dbt %s talks to you: it runs on one spec at a time, and here are %d", p.req.Command.Name, len(jobs)),
			"name one: dot "+p.req.Command.Name+" "+jobs[0].specs[0],
		)
	}
	if !p.req.Command.WritesNodes() {
		return nil
	}
	byPlace := map[string]*build{}
	for _, job := range jobs {
		b := job.build
		if b == nil {
			continue
		}
		if other := byPlace[b.place.ID()]; other != nil {
			return samePlace(other, b, "each would overwrite what the other builds")
		}
		byPlace[b.place.ID()] = b
	}
	return nil
}

// samePlace is the error of two builds of an invocation that would write to one
// schema.
func samePlace(a, b *build, then string) error {
	return hint.New(
		fmt.Sprintf("%s and %s lie in the same schema, %s: %s", a, b, b.schema, then),
		`give each environment schemas of its own, in dot_environments.yml: all: {dot: {schema-suffix: "{env}_{short}"}}`,
	)
}

// joinAnd lists texts in a sentence.
func joinAnd(texts []string) string {
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}
