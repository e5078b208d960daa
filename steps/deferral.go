package steps

import (
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// How --defer is planned: what is deferred to, by whom, and what to say of it.

// findBaseline finds the build behind --defer, and makes sure that it was ever
// built or will be.
func (p *planner) findBaseline(s *resolvedSpec, jobs []*job) (*baseline, error) {
	// The command line's --target and --profile are about the builds, not about
	// their baseline; so are its --vars, but some may be required of both.
	b, err := p.resolveBuild(s.Spec, s.commit, arguments{Args: dbt.Args{Vars: jobs[0].given.Vars}})
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", s, err)
	}
	base := &baseline{build: b, spec: s.Spec, state: b.State(b.place)}
	for _, job := range jobs {
		switch {
		case job.build == nil:
		case base.isOf(job) && p.req.Command.Name == "clone":
			return nil, hint.New(
				fmt.Sprintf("%s is the build itself: it can't be its own baseline", b),
				"name another commit or environment: --defer prod@main",
			)
		case base.isOf(job) && len(jobs) == 1:
			p.program.note(fmt.Sprintf("%s is its own baseline: it is built without deferral", b))
			base.build = job.build
			return base, nil
		case base.isOf(job):
			base.build, base.state = job.build, job.build.State(job.build.place)
			if p.req.Command.WritesNodes() {
				base.within = job.step()
			}
		case job.build.place == b.place && p.req.Command.WritesNodes():
			return nil, samePlace(job.build, b, "the build would overwrite its baseline")
		}
	}
	if base.within == "" {
		standing, err := p.standing(base.build, base.spec, toDefer)
		if err != nil {
			return nil, err
		}
		base.state, base.nodes = standing.state, len(standing.Nodes)
	}
	if base.build == b { // else it was said as one of the jobs
		p.say(b)
	}
	return base, nil
}

// deferTo makes a baseline that of all jobs but its own.
func (p *planner) deferTo(base *baseline, jobs []*job) error {
	readable := map[string]bool{} // by dbt's version
	for _, job := range jobs {
		if base.isOf(job) {
			continue
		}
		job.baseline = base
		if version := job.tool.Version; !readable[version] {
			if err := p.readable(base, job.tool); err != nil {
				return err
			}
			readable[version] = true
		}
		if job.build != nil {
			if _, doubt := p.ownLayer(job.build); doubt != "" {
				p.program.warn(doubt)
			}
		}
		p.warnOfDeferral(job)
	}
	return nil
}

// readable makes sure that a dbt can read the baseline's manifest.
func (p *planner) readable(base *baseline, found tool.Tool) error {
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
		return hint.New(
			fmt.Sprintf("the manifest.json of %s can't be used: %v", base.build, err),
			"build it with a newer dbt: "+text.ShellQuote([]string{"dot", "build", base.spec.String(), "--force"}),
		)
	}
	return nil
}

// warnOfDeferral says where dbt's deferral does something else than one might
// think.
func (p *planner) warnOfDeferral(job *job) {
	command := p.req.Command
	if p.req.Modified {
		return
	}
	for _, flag := range []string{"select", "selector", "exclude", "resource-types", "exclude-resource-types"} {
		if _, ok := dbt.Lookup(job.given.Options, flag); ok {
			return
		}
	}
	// dbt defers for the nodes that are not selected. What a command has no
	// use for never is: dbt test selects no model, and dbt run no seed.
	switch command.Name {
	case "build", "compile", "docs generate":
		p.program.warn(fmt.Sprintf("--defer without a selection defers nothing: every node is selected, so %s is read; --modified selects what differs from it", job.baseline.noneOf()))
	case "run":
		p.program.warn("--defer without a selection reads seeds and snapshots from the baseline and no model, since every model is selected; --modified selects what differs from it")
	}
}
