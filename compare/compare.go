package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A Request says what to compare, and how.
type Request struct {
	Baseline   spec.Spec
	Candidates []spec.Spec
	// Build first builds what is missing or stale; Fresh first builds everything.
	Build, Fresh bool
	// MergeBase compares each candidate with the commit where it left the
	// baseline.
	MergeBase bool
	// Renames are the relations that have another name in the candidates.
	Renames []Rename
	// Upgrade names the dbts of an upgrade check; nil for other comparisons.
	Upgrade *Upgrade
	// Building has the other arguments of dot build: dbt's arguments, --no-deps and
	// the like. Compile fills in Command and Specs.
	Building steps.Request

	// Select, Exclude and Selector are dbt's selectors of the nodes to compare. The
	// candidates' dbt evaluates them.
	Select, Exclude []string
	Selector        string
	How
}

// A Rename says that a relation has another name in the candidate.
type Rename = code.Rename

// How says how relations are compared.
type How struct {
	Keys          map[string][]string // by model: the columns that identify a row
	Tolerance     map[string]float64  // by column, "" for all others
	Ignore        []string            // columns
	Where         string              // an SQL condition
	Sample        int                 // rows of each kind
	All           bool                // also nodes with the same code
	ColumnsOnly   bool
	CountsOnly    bool
	Distributions bool // of numeric columns that differ, and profiles of added relations

	configured map[string][]string // the environment's keys
	building   []string            // dbt's arguments of the builds
}

// A Program is a compiled request. Running it makes the report.
type Program struct {
	Program     *steps.Program
	Request     Request
	world       steps.World
	comparisons []*comparison
	ended       *endings // of an upgrade check
}

// Compile finds the builds to compare. It writes nothing. Whatever is wrong with the
// request, such as a missing build, is an error here.
func Compile(ctx context.Context, world steps.World, req Request) (*Program, error) {
	p := &Program{Request: req, world: world}
	pairs, specs, err := p.specPairs(ctx)
	if err != nil {
		return nil, err
	}
	building := p.building(specs)
	building.Extend = func(below *steps.Program) error { return p.extend(ctx, below, pairs) }
	_, err = steps.Compile(ctx, world, building)
	return p, err
}

// building returns the request that builds specs.
func (p *Program) building(specs []spec.Spec) steps.Request {
	building := p.Request.Building
	building.Command, _ = dbt.LookupCommand("build")
	building.Specs, building.Report = specs, true
	if !p.Request.Baseline.Isolated() {
		building.Elsewhere = &p.Request.Baseline
	}
	building.Force = building.Force || p.Request.Fresh
	building.Pulls = !p.Request.Fresh
	return building
}

// A specPair names the two builds of one comparison.
type specPair struct{ baseline, candidate spec.Spec }

// specPairs returns the specs to compare with each other, and the list of all specs,
// each once.
func (p *Program) specPairs(ctx context.Context) (pairs []specPair, specs []spec.Spec, err error) {
	req := p.Request
	elsewhere := !req.Baseline.Isolated() && (req.Baseline.Env != "" || req.Baseline.Path != "")
	if elsewhere && req.MergeBase {
		return nil, nil, hint.New("--merge-base needs the baseline's commit, and dbt built it elsewhere", "leave it out, or name a build: prod@main")
	}
	for i, s := range append([]spec.Spec{req.Baseline}, req.Candidates...) {
		if i == 0 && elsewhere {
			continue
		}
		if !s.Isolated() {
			hints := []string{"name a commit, too: " + s.Env + "@HEAD", "or for the working tree, in a schema of its own: " + s.Env + "@."}
			for _, side := range []spec.Spec{req.Baseline, s} {
				if !side.Isolated() && side.Env != "" {
					hints = append(hints, fmt.Sprintf("or, if %s is a branch, tag or commit: @%s", side, side.Env))
				}
			}
			return nil, nil, hint.New(fmt.Sprintf("%s means the working tree, which has no build of its own", orDefault(s)), slices.Compact(hints)...)
		}
		if _, several := s.Range(); several {
			return nil, nil, hint.New(fmt.Sprintf("%s is a range of commits, and each has a build of its own", s), "name the builds to compare one by one")
		}
	}
	for _, candidate := range req.Candidates {
		baseline := req.Baseline
		if req.MergeBase {
			if baseline, err = steps.MergeBase(ctx, p.world, baseline, candidate); err != nil {
				return nil, nil, err
			}
		}
		pairs = append(pairs, specPair{baseline, candidate})
		for _, s := range []spec.Spec{baseline, candidate} {
			if s.Isolated() && !slices.Contains(specs, s) {
				specs = append(specs, s)
			}
		}
	}
	return pairs, specs, nil
}

func orDefault(s spec.Spec) string {
	if s.Env == "" {
		return "no spec"
	}
	return s.String()
}

// extend adds the comparisons to a program that builds both sides. If building was not
// asked for, the comparisons replace the steps that build.
func (p *Program) extend(ctx context.Context, below *steps.Program, all []specPair) error {
	p.Program, p.comparisons = below, nil
	for _, one := range all {
		next := &comparison{Program: p, a: built(below, one.baseline), b: built(below, one.candidate)}
		if err := next.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(p.comparisons, func(had *comparison) bool { return had.a == next.a && had.b == next.b }) {
			continue // given twice: the program has a note
		}
		p.comparisons = append(p.comparisons, next)
	}
	if !p.builds() {
		if err := p.standing(ctx); err != nil {
			return err
		}
		kinds := []string{"profiles", "toolchain", "baseline", "pull"}
		if slices.ContainsFunc(p.comparisons, (*comparison).selects) {
			kinds = append(kinds, "deps") // dbt reads the project
		}
		if err := below.Keep(kinds...); err != nil {
			return err
		}
	} else if !p.Request.Fresh {
		if err := below.LeavePulled(); err != nil {
			return err
		}
	}
	steps := make([]*graph.Step, 0, len(p.comparisons))
	for _, one := range p.comparisons {
		if one.comparesState() {
			if warning := one.a.DiffersInValues(one.b); warning != "" {
				below.Warnings = append(below.Warnings, warning)
			}
		}
		steps = append(steps, one.step())
	}
	return below.Add(steps...)
}

// builds reports whether the program builds before it compares.
func (p *Program) builds() bool { return p.Request.Build || p.Request.Fresh }

// built returns the program's build for a spec.
func built(p *steps.Program, s spec.Spec) *steps.Built {
	if !s.Isolated() {
		return p.Elsewhere
	}
	i := slices.IndexFunc(p.Builds, func(b *steps.Built) bool { return slices.Contains(b.Specs, s.String()) })
	return p.Builds[i]
}

// standing returns an error if a build is missing, or stale: its commit or its
// environment would build something else today.
func (p *Program) standing(ctx context.Context) error {
	below := p.Program
	plan, err := below.Graph.Plan(ctx, graph.Env{Store: below.Workspace, Locker: graph.NoLocks{}, Now: p.world.Now})
	if err != nil {
		return err
	}
	var problems, specs []string
	for _, b := range below.Builds {
		if err := b.Stands(); err != nil {
			problems, specs = append(problems, err.Error()), append(specs, b.Specs[0])
			continue
		}
		for _, s := range plan.Steps {
			if s.Step.Name != b.Step {
				continue
			}
			switch s.Decision.Cause {
			case graph.InputChanged:
				problems, specs = append(problems, fmt.Sprintf("%s is stale: %s", b.Name, s.Decision.Text)), append(specs, b.Specs[0])
			case graph.LastFailed:
				below.Warnings = append(below.Warnings, fmt.Sprintf("the last build of %s failed: nodes that it did not reach are unknown", b.Name))
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	var flags []string
	if p.Request.Building.OwnSchema {
		flags = []string{"--own-schema"}
	}
	return hint.New(strings.Join(problems, "\n"),
		"build what is missing: "+buildCommand(p.Request.Building.Args, append(specs, flags...)...),
		"or build it before comparing: add --build")
}

// buildCommand is a dot build with dbt's arguments.
func buildCommand(args []string, words ...string) string {
	build := append([]string{"dot", "build"}, words...)
	if len(args) > 0 {
		build = append(append(build, "--"), args...)
	}
	return text.ShellQuote(build)
}

// Report returns the comparisons that the program's run has finished.
func (p *Program) Report() report.Report {
	r := report.Report{Version: report.Version, Comparisons: []report.Comparison{}, Generated: p.world.Now().UTC().Truncate(time.Second)}
	for _, c := range p.comparisons {
		if c.done {
			r.Comparisons = append(r.Comparisons, c.result)
		}
	}
	return r
}
