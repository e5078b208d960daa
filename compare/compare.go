package compare

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A Request is what is to be compared, and how.
type Request struct {
	Baseline   spec.Spec
	Candidates []spec.Spec
	// Build builds what is missing or stale first, Fresh everything.
	Build, Fresh bool
	// MergeBase compares each candidate with the commit where it left the
	// baseline.
	MergeBase bool
	// Building is what else dot build was asked for: dbt's arguments, --no-deps
	// and the like. Command and Specs are filled in.
	Building steps.Request

	// Select, Exclude and Selector are dbt's selectors of what is compared; the
	// candidates' dbt says what they mean.
	Select, Exclude []string
	Selector        string
	How
}

// How is how relations are compared.
type How struct {
	Keys          map[string][]string // by model: the columns that tell rows apart
	Tolerance     map[string]float64  // by column, "" for all others
	Ignore        []string            // columns
	Where         string              // a condition in SQL
	Sample        int                 // rows of each kind
	All           bool                // also what has the same code
	ColumnsOnly   bool
	CountsOnly    bool
	Distributions bool // of numeric columns that differ

	configured map[string][]string // keys that the environment has
}

// A Comparison is a compiled request: a program whose run makes the report.
type Comparison struct {
	Program *steps.Program
	Request Request
	world   steps.World
	pairs   []*pair
}

// Compile finds out which builds are compared. It writes nothing; whatever is
// wrong with the request, such as a build that isn't there, is an error here.
func Compile(ctx context.Context, world steps.World, req Request) (*Comparison, error) {
	c := &Comparison{Request: req, world: world}
	asked, specs, err := c.sides(ctx)
	if err != nil {
		return nil, err
	}
	build, _ := dbt.LookupCommand("build")
	building := req.Building
	building.Command, building.Specs, building.Report = build, specs, true
	building.Force = building.Force || req.Fresh
	building.Extend = func(p *steps.Program) error { return c.extend(ctx, p, asked) }
	_, err = steps.Compile(ctx, world, building)
	return c, err
}

// asked are the specs of one pair.
type asked struct{ baseline, candidate spec.Spec }

// sides returns which specs are compared with which, and all of them once.
func (c *Comparison) sides(ctx context.Context) (pairs []asked, specs []spec.Spec, err error) {
	req := c.Request
	for _, s := range append([]spec.Spec{req.Baseline}, req.Candidates...) {
		if !s.Isolated() {
			return nil, nil, hint.New(fmt.Sprintf("%s means the working tree, which has no build of its own", orDefault(s)),
				"name a commit, too: "+s.Env+"@HEAD")
		}
		if _, several := s.Range(); several {
			return nil, nil, hint.New(fmt.Sprintf("%s is a range of commits, and each has a build of its own", s), "name the builds to compare one by one")
		}
	}
	for _, candidate := range req.Candidates {
		baseline := req.Baseline
		if req.MergeBase {
			if baseline, err = steps.MergeBase(ctx, c.world, baseline, candidate); err != nil {
				return nil, nil, err
			}
		}
		pairs = append(pairs, asked{baseline, candidate})
		for _, s := range []spec.Spec{baseline, candidate} {
			if !slices.Contains(specs, s) {
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

// extend puts the comparisons on top of a program that builds both sides, or in
// the place of what builds them.
func (c *Comparison) extend(ctx context.Context, p *steps.Program, all []asked) error {
	c.Program, c.pairs = p, nil
	for _, one := range all {
		next := &pair{Comparison: c, a: built(p, one.baseline), b: built(p, one.candidate)}
		if err := next.check(one); err != nil {
			return err
		}
		if slices.ContainsFunc(c.pairs, func(had *pair) bool { return had.a == next.a && had.b == next.b }) {
			continue // named twice: the program has a note
		}
		c.pairs = append(c.pairs, next)
	}
	if !c.builds() {
		if err := c.standing(ctx); err != nil {
			return err
		}
		kinds := []string{"profiles", "toolchain"}
		if slices.ContainsFunc(c.pairs, (*pair).selects) {
			kinds = append(kinds, "deps") // dbt reads the project
		}
		if err := p.Keep(kinds...); err != nil {
			return err
		}
	}
	steps := make([]*graph.Step, 0, len(c.pairs))
	for _, pair := range c.pairs {
		steps = append(steps, pair.step())
	}
	return p.Add(steps...)
}

// builds reports whether the builds are made up to date first.
func (c *Comparison) builds() bool { return c.Request.Build || c.Request.Fresh }

// built returns a spec's build among the program's.
func built(p *steps.Program, s spec.Spec) *steps.Built {
	i := slices.IndexFunc(p.Builds, func(b *steps.Built) bool { return slices.Contains(b.Specs, s.String()) })
	return p.Builds[i]
}

// standing makes sure that all builds stand and are of what their commit and
// environment say today.
func (c *Comparison) standing(ctx context.Context) error {
	p := c.Program
	plan, err := p.Graph.Plan(ctx, graph.Env{Store: p.Workspace, Locker: graph.NoLocks{}, Now: c.world.Now})
	if err != nil {
		return err
	}
	var problems, specs []string
	for _, b := range p.Builds {
		if _, err := b.Side(); err != nil {
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
				p.Warnings = append(p.Warnings, fmt.Sprintf("the last build of %s failed: what it did not come to is unknown", b.Name))
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	build := append([]string{"dot", "build"}, specs...)
	if args := c.Request.Building.Args; len(args) > 0 {
		build = append(append(build, "--"), args...)
	}
	return hint.New(strings.Join(problems, "\n"),
		"build what is missing: "+text.ShellQuote(build),
		"or have the comparison build it first: add --build")
}

// Report is what the program's run has found: the comparisons that came to their
// end.
func (c *Comparison) Report() report.Report {
	r := report.Report{Version: report.Version, Comparisons: []report.Comparison{}, Generated: c.world.Now().UTC().Truncate(time.Second)}
	for _, pair := range c.pairs {
		if pair.done {
			r.Comparisons = append(r.Comparisons, pair.result)
		}
	}
	return r
}
