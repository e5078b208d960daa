package steps

import (
	"context"
	"errors"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// A Program is a compiled invocation: a graph, and what a person wants to know
// of it.
type Program struct {
	Graph *graph.Graph
	// Workspace is nil where there is no repository: then nothing in the
	// graph has a record or a lock.
	Workspace *workspace.Workspace
	// Repo is the repository that Workspace belongs to; nil if that is.
	Repo *git.Repo
	// Builds are what the command runs on, in the order of the specs, each once.
	Builds []*Built
	// Writes is whether the command writes to the warehouse.
	Writes   bool
	Resolved []Resolved
	Remarks

	runtime *runtime
	byStep  map[string]*Built
	pools   map[string]int // the sizes of those that the configuration names
	memo    *memo
	again   func(context.Context) (*Program, error) // compiles it anew
}

// A Resolved spec is what git made of it.
type Resolved struct {
	Env    string
	Short  string
	Commit git.Commit
}

// Remarks are what a person should know of an invocation. Warnings and Notes are
// to be said before anything runs; Details with -v only.
type Remarks struct{ Warnings, Notes, Details []string }

// warn, note and detail keep a text to be said, once: several builds may give
// the same reason for it.
func (r *Remarks) warn(text string)   { r.Warnings = appendNew(r.Warnings, text) }
func (r *Remarks) note(text string)   { r.Notes = appendNew(r.Notes, text) }
func (r *Remarks) detail(text string) { r.Details = appendNew(r.Details, text) }

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// add adds a build. The packages of a commit are one step for all its builds: that
// is called by the first.
func (p *Program) add(b *Built) {
	p.Builds = append(p.Builds, b)
	if p.byStep[b.Step] == nil {
		p.byStep[b.Step] = b
	}
}

// Isolated reports whether any of the builds is of a commit.
func (p *Program) Isolated() bool {
	return slices.ContainsFunc(p.Builds, func(b *Built) bool { return b.Schema != "" })
}

// BuildOf returns the build whose command a step runs; ok is false for the steps
// before it.
func (p *Program) BuildOf(step string) (b *Built, ok bool) {
	b, ok = p.byStep[step]
	return b, ok
}

// Carried are the builds that the program runs the command on: all of Builds, unless
// a comparison takes them as they stand.
func (p *Program) Carried() []*Built {
	return slices.DeleteFunc(slices.Clone(p.Builds), func(b *Built) bool { return !p.Graph.Has(b.Step) })
}

// Keep leaves the steps of some kinds in the graph, with all that they depend on.
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
	for _, b := range p.Builds {
		b.steps = slices.DeleteFunc(b.steps, func(name string) bool { return !wanted[name] })
	}
	var err error
	p.Graph, err = graph.New(slices.DeleteFunc(all, func(s *graph.Step) bool { return !wanted[s.Name] })...)
	return err
}

// Add puts steps on top of the graph.
func (p *Program) Add(steps ...*graph.Step) error {
	var err error
	p.Graph, err = graph.New(append(p.Graph.Steps(), steps...)...)
	return err
}

// listSteps lists the steps of each build.
func (p *Program) listSteps() {
	deps := map[string][]string{}
	for _, s := range p.Graph.Steps() { // each after those it depends on
		all := []string{s.Name}
		for _, dep := range s.Deps {
			all = append(all, deps[dep]...)
		}
		slices.Sort(all)
		deps[s.Name] = slices.Compact(all)
	}
	for _, b := range p.Builds {
		b.steps = slices.Clone(deps[b.Step])
	}
}

// Begin makes the workspace, before the graph is run for the first time. It
// returns the program to run: if another dot was faster, one that is compiled anew,
// since the inputs of this one were digested with a key that was not kept.
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
	return p, p.memo.save()
}

// memo is what the workspace remembers. What is new is kept back until the
// workspace may be written to.
type memo struct {
	workspace.Memo
	found map[string]string
}

// Save keeps a text back.
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
