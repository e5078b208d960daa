package steps

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A baseline is the build that is deferred to. The jobs that defer to it share
// it: nothing changes it after planning.
type baseline struct {
	build *build
	spec  spec.Spec
	// state is dbt's --state.
	state string
	// nodes is how many nodes it has; 0 if that isn't known yet.
	nodes int
	// use is what it is wanted for, in errors: "compare"; "" is to defer to it.
	use string
	// within is the step of this invocation that builds it, first; "" if it
	// stands already.
	within string
}

// step names the step that stands for the baseline.
func (base *baseline) step() string { return "baseline " + base.build.String() }

// deferTo finds the build behind --defer, makes sure that it was ever built or
// will be, and makes it the baseline of all jobs but its own.
func (c *compiler) deferTo(s *resolvedSpec, jobs []*job) error {
	// The command line's --target and --profile are about the builds, not about
	// their baseline; so are its --vars, but some may be required of both.
	b, err := c.resolveBuild(s.Spec, s.commit, arguments{Args: dbt.Args{Vars: jobs[0].given.Vars}})
	if err != nil {
		return fmt.Errorf("baseline %s: %w", s, err)
	}
	base := &baseline{build: b, spec: s.Spec}
	for _, job := range jobs {
		switch {
		case job.build == nil:
		case job.build.ID() == b.ID() && (len(jobs) == 1 || c.req.Command.Name == "clone"):
			return &hintError{
				msg:   fmt.Sprintf("%s is the build itself: it can't be its own baseline", b),
				hints: []string{"name another commit or environment: --defer prod@main"},
			}
		case job.build.ID() == b.ID():
			base.build = job.build
			if c.req.Command.WritesNodes() {
				base.within = job.step()
			}
		case job.build.place == b.place && c.req.Command.WritesNodes():
			return samePlace(job.build, b, "the build would overwrite its baseline")
		}
	}
	base.state = base.build.State(base.build.place)
	if base.within == "" {
		standing, err := c.standing(base)
		if err != nil {
			return err
		}
		for _, doubt := range standing.doubts() {
			c.program.warn(doubt)
		}
		base.state, base.nodes = standing.state, len(standing.Nodes)
	}
	if base.build == b { // else it was said as one of the jobs
		c.say(b)
	}
	for _, job := range jobs {
		if job.build != nil && job.build.ID() == b.ID() {
			continue
		}
		job.baseline = base
		if err := c.readable(base, job.tool); err != nil {
			return err
		}
		if err := c.warnOfDeferral(job); err != nil {
			return err
		}
	}
	return nil
}

// readable makes sure that a dbt can read the baseline's manifest.
func (c *compiler) readable(base *baseline, found tool.Tool) error {
	if !found.V2() || base.within != "" { // dbt 1 reads those of any dbt 1, and each dbt its own
		return nil
	}
	name := filepath.Join(base.state, "manifest.json")
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	head, err := artifact.ReadManifest(name, f, nil)
	if err != nil {
		return err
	}
	if err := found.CanRead(head.DBTVersion); err != nil {
		return &hintError{
			msg:   fmt.Sprintf("the manifest.json of %s can't be used: %v", base.build, err),
			hints: []string{"build it with a newer dbt: " + text.ShellQuote([]string{"dot", "build", base.spec.String(), "--force"})},
		}
	}
	return nil
}

// warnOfDeferral says where dbt's deferral does something else than one might
// think.
func (c *compiler) warnOfDeferral(job *job) error {
	command := c.req.Command
	if b := job.build; command.Name == "test" && b != nil {
		// dbt falls back to the baseline's relation where the build has none.
		ledger, err := c.ws.Ledger(b.place)
		if err != nil {
			return err
		}
		if _, built := ledger.Standing(b.ID()); !built {
			c.program.warn(fmt.Sprintf("%s was never built: what it doesn't have is tested in the baseline", b))
		}
	}
	if c.req.Modified {
		return nil
	}
	for _, flag := range []string{"select", "selector", "exclude", "resource-types", "exclude-resource-types"} {
		if _, ok := dbt.Lookup(job.given.Options, flag); ok {
			return nil
		}
	}
	// dbt defers for the nodes that are not selected. What a command has no
	// use for never is: dbt test selects no model, and dbt run no seed.
	switch command.Name {
	case "build", "compile", "docs generate":
		c.program.warn(fmt.Sprintf("--defer without a selection defers nothing: every node is selected, so %s is read; --modified selects what differs from it", job.baseline.noneOf()))
	case "run":
		c.program.warn("--defer without a selection reads seeds and snapshots from the baseline and no model, since every model is selected; --modified selects what differs from it")
	}
	return nil
}

// noneOf names what isn't read of a baseline.
func (base *baseline) noneOf() string {
	if base.nodes == 0 {
		return "nothing of the baseline"
	}
	return fmt.Sprintf("none of the baseline's %s", plural(base.nodes, "node"))
}

// A standing is what a baseline really built.
type standing struct {
	workspace.Standing
	of *baseline
	// adopted is set for a build that another tool made: it has no ledger, only
	// what dbt left in its target path.
	adopted bool
	// state is the directory of its artifacts, dbt's --state.
	state string
}

// standing reads what a baseline really built, from the ledger of its place.
func (c *compiler) standing(base *baseline) (standing, error) {
	b := base.build
	remedy := func(msg string, more ...string) error {
		return &hintError{msg: msg, hints: []string{"build it: " + text.ShellQuote(append([]string{"dot", "build", base.spec.String()}, more...))}}
	}
	ledger, err := c.ws.Ledger(b.place)
	if err != nil {
		return standing{}, remedy(fmt.Sprintf("what %s built is not known: %v", b, err), "--force")
	}
	found := standing{of: base, state: b.State(b.place)}
	var ok bool
	found.Standing, ok = ledger.Standing(b.ID())
	if last := ledger.LastRun().Build; !ok && last == "" {
		if found.Standing, err = adopt(b); err != nil {
			if errors.Is(err, errNeverBuilt) {
				err = fmt.Errorf("%w: there is nothing to %s", err, firstOf(base.use, "defer to"))
			}
			return standing{}, remedy(err.Error())
		}
		found.adopted, found.state = true, b.Target()
	} else if !ok && last != b.ID() {
		// What dbt's run results of then say is no longer so.
		return standing{}, remedy(fmt.Sprintf("nothing that %s built is there: its schema was last written by %s", b, last))
	}
	if found.count(workspace.Written) == 0 {
		return standing{}, remedy(fmt.Sprintf("nothing of %s was built to its end: there is nothing to %s", b, firstOf(base.use, "defer to")))
	}
	if found.adopted {
		return found, nil // its manifest has been read
	}
	info, err := os.Stat(filepath.Join(found.state, "manifest.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is missing", b), "--force")
	case err != nil:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s can't be read: %v", b, err), "--force")
	case info.Size() != found.Run.Manifest:
		return standing{}, remedy(fmt.Sprintf("the manifest.json of %s is damaged: it has %d bytes, and had %d", b, info.Size(), found.Run.Manifest), "--force")
	}
	return found, nil
}

// count returns how many of the baseline's nodes have a status.
func (s standing) count(status workspace.Status) int {
	n := 0
	for _, e := range s.Nodes {
		if e.Status == status {
			n++
		}
	}
	return n
}

// doubts are warnings about nodes that the baseline does not have as it should.
func (s standing) doubts() []string {
	var failed, unknown []string
	for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
		switch s.Nodes[id].Status {
		case workspace.Damaged:
			failed = append(failed, id)
		case workspace.Unknown:
			unknown = append(unknown, id)
		}
	}
	var out []string
	warn := func(nodes []string, what string) {
		if len(nodes) > 0 {
			out = append(out, fmt.Sprintf("baseline %s: %s: %s", s.of.build, what, listNames(nodes)))
		}
	}
	warn(failed, "it failed on")
	warn(unknown, "it was interrupted before these were done")
	warn(slices.Sorted(maps.Keys(s.Foreign)), "another build has since written")
	return out
}

// baselineStep stands for the baseline in the plan: there is nothing to run.
// What it built is part of the key of the step that defers to it, read when
// that step is decided upon. A baseline that is itself among the builds of the
// invocation is built first; its key is none of those of what defers to it, which
// are the same as if it had been built before.
func (c *compiler) baselineStep(base *baseline) *graph.Step {
	b := base.build
	if base.within != "" {
		return &graph.Step{
			Name: base.step(), Kind: "baseline", Version: 1,
			Deps:    []string{base.within},
			Summary: func(graph.Record) string { return "as " + base.within + " leaves it" },
		}
	}
	shared := func(l graph.Lock) graph.Lock { l.Shared = true; return l }
	return &graph.Step{
		Name: base.step(), Kind: "baseline", Version: 1,
		Summary: func(graph.Record) string {
			s, err := c.standing(base)
			if err != nil {
				return err.Error()
			}
			text := fmt.Sprintf("built %s, %d of %d nodes ok", c.ago(s.Run.Time), s.count(workspace.Written), max(s.Run.Nodes, len(s.Nodes)))
			if s.adopted {
				text += ", as dbt's run_results.json says"
			}
			return text
		},
		Locks: []graph.Lock{shared(b.buildLock()), shared(b.placeLock())},
	}
}

// baselineInput is the baseline's identity, for the key of what defers to it.
func (c *compiler) baselineInput(_ context.Context, base *baseline) (graph.Input, error) {
	s, err := c.standing(base)
	if err != nil {
		return graph.Input{}, err
	}
	value, err := json.Marshal([]string{base.build.ID(), s.Identity()})
	return graph.Input{Label: "baseline", Value: string(value), Show: base.build.String()}, err
}
