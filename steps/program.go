package steps

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/dbt/tool"
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
	Builds []BuildInfo
	// Writes is whether the command writes to the warehouse.
	Writes   bool
	Resolved []Resolved
	// Warnings and Notes are to be said before anything runs; Details with -v
	// only.
	Warnings, Notes, Details []string

	sizes    map[string]int // of the pools that the configuration names
	memo     *memo
	again    func(context.Context) (*Program, error) // compiles it anew
	launcher run.Launcher                            // of the dbt commands
	compiler *compiler
	jobs     []*job              // of Builds
	below    map[string][]string // by the step of a build: that, and all it depends on
}

// A BuildInfo is what a person wants to know of a build.
type BuildInfo struct {
	// Name is dev@9b13827; without a ref it is the environment's name.
	Name  string
	Specs []string // that denote it, as they were typed
	// Schema is where it is built, "" without a ref.
	Schema string
	// Place is where that is; zero without a ref.
	Place workspace.Place
	// Step is the name of the step that runs the command.
	Step string
	Tool tool.Tool // that runs it
	// Log is dbt's log of the build, "" without a ref.
	Log string

	target string // dbt's target path, "" without a ref
}

// Results are those of the last dbt command on the build that leaves any.
func (b BuildInfo) Results() (artifact.RunResults, error) {
	if b.target == "" {
		return artifact.RunResults{}, fs.ErrNotExist
	}
	return readResults(b.target)
}

// Isolated reports whether any of the builds is of a commit.
func (p *Program) Isolated() bool {
	return slices.ContainsFunc(p.Builds, func(b BuildInfo) bool { return b.Schema != "" })
}

// BuildOf returns the build whose command a step runs; ok is false for the steps
// before it.
func (p *Program) BuildOf(step string) (b BuildInfo, ok bool) {
	i := slices.IndexFunc(p.Builds, func(b BuildInfo) bool { return b.Step == step })
	if i < 0 {
		return BuildInfo{}, false
	}
	return p.Builds[i], true
}

// Carried are the builds that the program runs the command on: all of Builds, unless
// a comparison takes them as they stand.
func (p *Program) Carried() []BuildInfo {
	return slices.DeleteFunc(slices.Clone(p.Builds), func(b BuildInfo) bool { return !p.Graph.Has(b.Step) })
}

// warn, note and detail keep a text to be said, once: several builds may give
// the same reason for it.
func (p *Program) warn(text string)   { p.Warnings = appendNew(p.Warnings, text) }
func (p *Program) note(text string)   { p.Notes = appendNew(p.Notes, text) }
func (p *Program) detail(text string) { p.Details = appendNew(p.Details, text) }

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
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

// A Resolved spec is what git made of it.
type Resolved struct {
	Env    string
	Short  string
	Commit git.Commit
}
