package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// A Program is a compiled invocation: a graph, with information for the user.
type Program struct {
	Graph *graph.Graph
	// Workspace is nil outside of a repository: then no step has a record or a
	// lock.
	Workspace *workspace.Workspace
	// Repo is the repository that Workspace belongs to, nil without a Workspace.
	Repo *git.Repo
	// Builds are the builds that the command runs on, in the order of the specs.
	Builds []*Built
	// Elsewhere is the side of a comparison that dbt built elsewhere, nil for none.
	Elsewhere *Built
	// Writes reports whether the command writes to the warehouse.
	Writes   bool
	Resolved []Resolved
	Remarks

	runtime  *runtime
	baseline *baseline // of --defer, nil without
	byStep   map[string]*Built
	pools    map[string]int // the sizes of the pools in the configuration
	memo     *memo
	again    func(context.Context) (*Program, error) // compiles the invocation again
}

// A Resolved is a spec with its commit.
type Resolved struct {
	Env    string
	Short  string
	Commit git.Commit
}

// Remarks are texts for the user, shown before anything runs. Details are shown
// with -v only.
type Remarks struct{ Warnings, Notes, Details []string }

// warn, note and detail add a text. They drop repeated ones: several builds may
// have the same remark.
func (r *Remarks) warn(text string)   { r.Warnings = appendNew(r.Warnings, text) }
func (r *Remarks) note(text string)   { r.Notes = appendNew(r.Notes, text) }
func (r *Remarks) detail(text string) { r.Details = appendNew(r.Details, text) }

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// add adds a build. With dot deps, builds of one commit share a step, which counts
// as the first build's.
func (p *Program) add(b *Built) {
	p.Builds = append(p.Builds, b)
	if p.byStep[b.Step] == nil {
		p.byStep[b.Step] = b
	}
}

// all returns Builds and Elsewhere.
func (p *Program) all() []*Built {
	if p.Elsewhere == nil {
		return p.Builds
	}
	return append(slices.Clip(p.Builds), p.Elsewhere)
}

// Isolated reports whether any of the builds has a commit.
func (p *Program) Isolated() bool {
	return slices.ContainsFunc(p.Builds, func(b *Built) bool { return b.Schema != "" })
}

// BuildOf returns the build whose command a step runs. ok is false for other steps.
func (p *Program) BuildOf(step string) (b *Built, ok bool) {
	b, ok = p.byStep[step]
	return b, ok
}

// Carried returns the builds whose command is in the graph: all of Builds, except
// for comparisons of existing builds.
func (p *Program) Carried() []*Built {
	return slices.DeleteFunc(slices.Clone(p.Builds), func(b *Built) bool { return !p.Graph.Has(b.Step) })
}

// Keep removes all steps from the graph except those of some kinds and their
// dependencies.
func (p *Program) Keep(kinds ...string) error {
	wanted := map[string]bool{}
	all := p.Graph.Steps()
	for _, s := range slices.Backward(all) {
		if slices.Contains(kinds, s.Kind) || wanted[s.Name] {
			wanted[s.Name] = true
			for _, dep := range s.Deps {
				wanted[dep] = true
			}
		}
	}
	for _, b := range p.all() {
		b.steps = slices.DeleteFunc(b.steps, func(name string) bool { return !wanted[name] })
	}
	var err error
	p.Graph, err = graph.New(slices.DeleteFunc(all, func(s *graph.Step) bool { return !wanted[s.Name] })...)
	return err
}

// Add adds steps on top of the graph.
func (p *Program) Add(steps ...*graph.Step) error {
	var err error
	p.Graph, err = graph.New(append(p.Graph.Steps(), steps...)...)
	return err
}

// Follow makes a step wait for another one, if both run.
func (p *Program) Follow(step, other string) {
	for _, s := range p.Graph.Steps() {
		if s.Name == step {
			s.After = append(s.After, other)
		}
	}
}

// listSteps sets the list of steps of each build.
func (p *Program) listSteps() {
	deps := map[string][]string{}
	for _, s := range p.Graph.Steps() { // dependencies come first
		all := []string{s.Name}
		for _, dep := range s.Deps {
			all = append(all, deps[dep]...)
		}
		slices.Sort(all)
		deps[s.Name] = slices.Compact(all)
	}
	for _, b := range p.all() {
		b.steps = slices.Clone(deps[b.Step])
	}
}

// Begin creates the workspace before the graph runs, gives git the commit of the working tree, and
// returns the program to run. If another dot has created the workspace meanwhile, the workspace has
// another random key. Then Begin compiles the invocation again.
func (p *Program) Begin(ctx context.Context) (*Program, error) {
	if p.Workspace == nil {
		return p, nil
	}
	err := p.Workspace.Create()
	if errors.Is(err, workspace.ErrOtherKey) {
		p, err = p.again(ctx)
	}
	if err != nil {
		return nil, err
	}
	if err := p.Repo.KeepDraft(ctx); err != nil {
		return nil, fmt.Errorf("add the working tree's commit to git's objects: %w", err)
	}
	return p, p.memo.save()
}

// memo is the workspace's memo. It holds new texts back until the workspace may be
// written to.
type memo struct {
	workspace.Memo
	found map[string]string
}

// read reads a value that keep has kept. ok is false if there is none.
func (m *memo) read(identity string, value any) (ok bool) {
	text, ok := m.Lookup(identity)
	return ok && json.Unmarshal([]byte(text), value) == nil
}

// keep keeps a value as JSON.
func (m *memo) keep(identity string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return m.Save(identity, string(text))
}

// Save holds a text back.
func (m *memo) Save(identity, text string) error {
	m.found[identity] = text
	return nil
}

func (m *memo) save() error {
	for identity, text := range m.found {
		if err := m.Memo.Save(identity, text); err != nil {
			return err
		}
	}
	return nil
}
