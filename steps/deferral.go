package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Planning --defer: the baseline, the jobs that defer to it, and warnings.

// findBaseline finds the build of --defer. It returns an error if the build has no
// relations and this invocation doesn't build it.
func (p *planner) findBaseline(ctx context.Context, s *resolvedSpec, jobs []*job) (*baseline, error) {
	if !s.Isolated() {
		return p.findElsewhere(ctx, s, jobs)
	}
	// The command line's --target and --profile don't apply to the baseline. Its
	// --vars do, since the environment may require some.
	b, err := p.resolveBuild(ctx, s.Spec, s.commit, arguments{Args: dbt.Args{Vars: jobs[0].given.Vars}}, nil)
	if err != nil {
		return nil, fmt.Errorf("baseline %s: %w", s, err)
	}
	if !slices.ContainsFunc(jobs, (&baseline{build: b}).isOf) {
		if b, err = p.pull(ctx, s.Spec, b, arguments{Args: dbt.Args{Vars: jobs[0].given.Vars}}, jobs); err != nil {
			return nil, err
		}
	}
	base := &baseline{build: b, spec: s.Spec, state: b.State(b.place)}
	for _, job := range jobs {
		switch {
		case job.build == nil:
		case base.isOf(job) && p.req.Command.Name == "clone":
			return nil, hint.New(
				fmt.Sprintf("%s can't be its own baseline", b),
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
		base.state, base.nodes, base.chain = standing.state, len(standing.Nodes), p.chain(base.build)
	}
	if base.build == b { // otherwise it is one of the jobs
		p.say(b)
	}
	return base, nil
}

// deferTo sets the baseline of all jobs except the baseline's own.
func (p *planner) deferTo(base *baseline, jobs []*job) error {
	readable := map[string]bool{} // by dbt's version
	for _, job := range jobs {
		if base.isOf(job) {
			continue
		}
		job.baseline = base
		if err := p.refuseUnreachable(job); err != nil {
			return err
		}
		if err := p.refuseOrigin(job); err != nil {
			return err
		}
		if job.byCompiled = p.req.ByCompiled; job.byCompiled {
			if err := refuseByCompiled(job); err != nil {
				return err
			}
		}
		job.reuse = p.req.Reuse
		if job.cloneIncremental = p.req.CloneIncremental || job.reuse; job.cloneIncremental {
			if err := p.refuseClones(job); err != nil {
				return err
			}
		}
		if job.build != nil && slices.Contains(base.chain, job.build.Ref(job.build.place)) {
			return hint.New(
				fmt.Sprintf("%s rests on %s, so %s can't be deferred to it", base.build, job.build, job.build),
				"build it without --defer: "+text.ShellQuote([]string{"dot", p.req.Command.Name, job.specs[0]}),
			)
		}
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
	// The artifacts of these are copied first.
	if base.build.Origin != "" || base.build.offered != nil || slices.ContainsFunc(jobs, base.isOf) && p.adoption(base.build) != nil {
		base.state = base.build.State(base.build.place)
	}
	return nil
}

// chain returns the layers that a build rests on, from the top. It stops at one that
// can't be read.
func (p *planner) chain(b *build) []workspace.LayerRef {
	var all []workspace.LayerRef
	at, err := p.layerOf(b.Build, b.place)
	for err == nil && at.Below != nil && !slices.Contains(all, *at.Below) {
		below := *at.Below
		all = append(all, below)
		at, err = p.layerOf(p.ws.BuildOf(below), below.Place)
	}
	return all
}

// readable returns an error if a dbt can't read the baseline's manifest.
func (p *planner) readable(base *baseline, found tool.Tool) error {
	if !found.V2() || base.within != "" { // dbt 1 reads manifests of any dbt 1; any dbt reads its own
		return nil
	}
	head, err := readManifest(filepath.Join(base.state, "manifest.json"), nil)
	if err != nil {
		return err
	}
	if err := found.CanRead(head.DBTVersion); err != nil {
		if base.build.Origin != "" {
			return hint.New(fmt.Sprintf("the manifest.json of %s can't be used: %v", base.build, err), artifactsRemedy)
		}
		return hint.New(
			fmt.Sprintf("the manifest.json of %s can't be used: %v", base.build, err),
			"build it with a newer dbt: "+text.ShellQuote([]string{"dot", "build", base.spec.String(), "--force"}),
		)
	}
	return nil
}

// warnOfDeferral warns if the deferral does less than the user may expect.
func (p *planner) warnOfDeferral(job *job) {
	command := p.req.Command
	if p.req.Modified || p.selectsStale(job) {
		return
	}
	for _, flag := range []string{"select", "selector", "exclude", "resource-types", "exclude-resource-types"} {
		if _, ok := dbt.Lookup(job.given.Options, flag); ok {
			return
		}
	}
	// dbt defers nodes that are not selected. Some commands never select certain
	// nodes: dbt test selects no models, and dbt run selects no seeds.
	switch command.Name {
	case "build", "compile", "docs generate":
		p.program.warn(fmt.Sprintf("--defer has no effect without a selection: all nodes are selected, so %s is read; --modified selects the changed nodes", job.baseline.noneOf()))
	case "run-operation": // seen with 1.11.16
		p.program.warn("--defer has no effect: in dbt run-operation, ref() names the build's own relations")
	case "run":
		p.program.warn("--defer without a selection reads only seeds and snapshots from the baseline, since all models are selected; --modified selects the changed models")
	}
}
