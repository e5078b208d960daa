package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/elsewhere"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// A baseline from elsewhere: dbt ran without dot, such as in production, and left its artifacts. They
// become a layer at the bottom, with relations in the schema of that run. dot keeps a copy of them, and a
// ledger: so a build that rests on the layer reads the same relations later, without the source.

// An origin is what a build that was made elsewhere consists of, if dot has no ledger of it yet.
type origin struct {
	adoption
	copy elsewhere.Copy
}

// artifactsRemedy is the hint for artifacts of a baseline from elsewhere that can't be used.
const artifactsRemedy = "run dbt there again, or name other artifacts"

// findElsewhere finds the baseline that dbt's artifacts of another run describe.
func (p *planner) findElsewhere(ctx context.Context, s *resolvedSpec, jobs []*job) (*baseline, error) {
	project, err := p.workingProject()
	if err != nil {
		return nil, err
	}
	env, source, err := p.sourceOf(ctx, s.Spec, project, jobs[0])
	if err != nil {
		return nil, err
	}
	if env.output == nil {
		return nil, hint.New(fmt.Sprintf("%s: the connection to the warehouse is not known", source), "name an environment whose output the profile has")
	}
	b := &build{commit: s.commit, project: project, output: env.output, workDir: p.project}
	if s.Path == "" {
		b.env = env.Environment
		b.Build = p.ws.Elsewhere(p.prefix, env.Name, env.Name, s.commit.Hash)
	} else {
		b.Build = p.ws.Elsewhere(p.prefix, "", source.String(), s.commit.Hash)
	}
	facts := p.factsOf(b.output)
	b.secret, b.duckdb = newSecretNames(facts.secret, p.ws), facts.duckdb
	b.place = workspace.Place{Adapter: facts.place.Adapter, Host: facts.place.Host, Database: facts.place.Database}
	found, err := source.Get(ctx, b.fetched(), p.temporary, p.world.Now())
	if err != nil {
		return nil, err
	}
	if found.Warning != "" {
		p.program.warn(found.Warning)
	}
	if err := b.readOrigin(found); err != nil {
		return nil, err
	}
	if err := p.refuseOtherTarget(b, source, env); err != nil {
		return nil, err
	}
	if l, err := p.ws.Layer(b.Build, b.place); found.Kept && err == nil && l.Open == nil && l.Run.ID == b.origin.run.ID && stateProblem(b.State(b.place), workspace.Standing{Layer: l}) == "" {
		b.origin = nil // the ledger has it
	}
	named := spec.Spec{Env: b.Origin}
	standing, err := p.standing(b, named, toDefer)
	if err != nil {
		return nil, err
	}
	p.warnOfAge(b, standing)
	if s.commit.Hash == "" && p.req.Modified && p.req.Elsewhere == nil {
		p.program.warn(fmt.Sprintf("the commit of %s is not known: --modified selects what dbt's state:modified finds, and not what else a commit changes. "+
			"If you know the commit, name it: --at main", b))
	}
	return &baseline{build: b, spec: named, state: standing.state, nodes: len(standing.Nodes)}, nil
}

// sourceOf returns where the artifacts that --defer names lie, and the environment with the connection
// of the run that left them: for a path, that of the build that defers.
func (p *planner) sourceOf(ctx context.Context, s spec.Spec, project profile.Project, job *job) (environment, elsewhere.Source, error) {
	if s.Path != "" {
		what := "--defer"
		if p.req.Elsewhere != nil {
			what = "the baseline"
		}
		source, err := elsewhere.Parse(p.world.Getenv, what, s.Path, p.world.Dir)
		return environment{Environment: job.env, output: job.output}, source, err
	}
	env, err := p.environment(ctx, s, project, arguments{Args: dbt.Args{Vars: job.given.Vars}}, nil)
	if err != nil {
		return environment{}, elsewhere.Source{}, err
	}
	if env.Dot.Baseline == "" {
		source, err := p.leftInWorkingTree(s, env, project)
		return env, source, err
	}
	source, err := elsewhere.Parse(p.world.Getenv, fmt.Sprintf("dot: baseline of environment %s", env.Name), env.Dot.Baseline, p.project)
	return env, source, err
}

// leftInWorkingTree returns the artifacts that the last run of dbt left in the working tree's target path.
func (p *planner) leftInWorkingTree(s spec.Spec, env environment, project profile.Project) (elsewhere.Source, error) {
	getenv := p.world.with(env.dotEnv.DotEnv).Getenv
	dir := flagText(env.Environment, "target-path")
	for _, name := range []string{"DBT_ENGINE_TARGET_PATH", "DBT_TARGET_PATH"} {
		if dir == "" {
			dir, _ = getenv(name)
		}
	}
	if dir == "" {
		text, err := profile.Scope{Env: getenv, Vars: env.Vars}.Render(project.TargetPath)
		if err != nil {
			return elsewhere.Source{}, hint.New(fmt.Sprintf("the target-path of dbt_project.yml: %v", err), baselineHint(s))
		}
		dir = text
	}
	source, err := elsewhere.Parse(p.world.Getenv, "target-path", dir, p.project)
	if err != nil || source.Exists() {
		return source, err
	}
	if p.req.Elsewhere != nil {
		return elsewhere.Source{}, hint.New(
			fmt.Sprintf("%s means the working tree, and dbt has left no manifest.json in %s", s, dir),
			fmt.Sprintf("name a commit, too: %s@HEAD", s),
			fmt.Sprintf("or for the working tree, in a schema of its own: %s@.", s),
			fmt.Sprintf("or build it there first: dot build %s", s),
			baselineHint(s),
			fmt.Sprintf("or, if %s is a branch, tag or commit: @%s", s, s),
		)
	}
	return elsewhere.Source{}, hint.New(
		fmt.Sprintf("--defer %s: no ref, and dbt has left no manifest.json in %s", s, dir),
		fmt.Sprintf("for the build of a commit: --defer %s@main", s),
		baselineHint(s),
	)
}

// baselineHint says how to name the artifacts of an environment that dbt builds elsewhere.
func baselineHint(s spec.Spec) string {
	return fmt.Sprintf("for what dbt built elsewhere, in dot_environments.yml: environment: {%s: {dot: {baseline: PATH or URL of its target directory}}}", s)
}

// refuseOtherTarget returns an error if the artifacts in the working tree may be of a run with another output of
// the profile: each command of dbt replaces them. What a user names is taken as named. A schema that begins with
// that of the output proves nothing: analytics_alice may be another output's, or the custom schema alice.
func (p *planner) refuseOtherTarget(b *build, source elsewhere.Source, env environment) error {
	if b.Env == "" || env.Dot.Baseline != "" {
		return nil
	}
	own := workspace.Place(p.factsOf(env.output).place)
	for _, entry := range b.origin.standing(b).Nodes {
		if b.target(entry.Name).Place == own {
			return nil
		}
	}
	return hint.New(
		fmt.Sprintf("%s: the last run of dbt there was with another target: it wrote nothing into schema %s, which is that of %s", source, p.factsOf(env.output).schema, b),
		fmt.Sprintf("build it there: dot build %s", b), baselineHint(spec.Spec{Env: b.Origin}),
	)
}

// temporary makes a directory that lives as long as the invocation.
func (p *planner) temporary() (string, error) {
	dir, err := os.MkdirTemp("", temporaryBaseline)
	if err == nil && p.world.AtEnd != nil {
		p.world.AtEnd(func() error { return os.RemoveAll(dir) })
	}
	return dir, err
}

// fetched returns the directory of the copy of the artifacts that a build was read from.
func (b *build) fetched() string { return filepath.Join(b.Dir(), "fetched") }

// readOrigin sets a build's origin and place, from a copy of its artifacts.
func (b *build) readOrigin(found elsewhere.Copy) error {
	head, nodes, err := readWritten(filepath.Join(found.Dir, elsewhere.Manifest))
	if err != nil {
		return hint.New(fmt.Sprintf("the manifest.json of %s can't be read: %v", b, err), artifactsRemedy)
	}
	switch {
	case head.Adapter != b.place.Adapter:
		return hint.New(fmt.Sprintf("%s was built with the adapter %s, and the output %s has %s", b, head.Adapter, b.output.Name, b.place.Adapter),
			"name artifacts of a run in the same warehouse")
	case head.Project != "" && head.Project != b.project.Name:
		return hint.New(fmt.Sprintf("the manifest.json of %s is of another project: %s, not %s", b, head.Project, b.project.Name),
			"name the artifacts of "+b.project.Name)
	}
	o := &origin{copy: found, adoption: adoption{nodes: map[string]workspace.Spelling{}, ending: workspace.Ending{Complete: true, Succeeded: true}}}
	o.run = workspace.Run{ID: head.InvocationID, Command: "build", Time: head.GeneratedAt, Nodes: len(nodes), Adopted: true}
	wrote := make(map[string]bool, len(nodes))
	for id := range nodes {
		wrote[id] = true
	}
	results, err := readResults(found.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return hint.New(fmt.Sprintf("the run_results.json of %s can't be read: %v", b, err), artifactsRemedy)
	case bool(results.Args.Empty):
		return hint.New(fmt.Sprintf("the last run of dbt in %s was with --empty: its relations have no rows", b), "run dbt there again, without --empty")
	case dbt.Built(results):
		o.run.Command, o.run.Time = results.Args.Which, results.Metadata.GeneratedAt
		for _, r := range results.Results {
			if r.Builds() && r.Status.Failed() {
				wrote[r.UniqueID] = false
			}
		}
	}
	if o.run.ID == "" {
		return hint.New(fmt.Sprintf("the manifest.json of %s doesn't say which run of dbt it is of", b), "name artifacts that dbt wrote")
	}
	o.take(wrote, nodes)
	b.origin = o
	b.place.Schema = b.mostOf(nodes)
	return nil
}

// mostOf returns the schema that most nodes lie in: the build's own. A manifest doesn't name it.
func (b *build) mostOf(nodes map[string]artifact.Node) string {
	count := map[string]int{}
	for _, n := range nodes {
		count[n.Schema]++
	}
	names := slices.SortedFunc(maps.Keys(count), func(x, y string) int { return cmp.Or(count[y]-count[x], cmp.Compare(x, y)) })
	if len(names) == 0 {
		return ""
	}
	b.schema = names[0]
	return b.secret.schema(adapter.Of(b.place.Adapter), names[0], true)
}

// warnOfAge warns of a baseline that is older than the age that the user has named.
func (p *planner) warnOfAge(b *build, s standing) {
	limit := p.age(b.env)
	if p.req.MaxAge == nil && b.env.Dot.MaxAge == nil || limit.Never {
		return
	}
	if p.world.Now().Sub(s.Run.Time) > limit.Limit {
		p.program.warn(fmt.Sprintf("%s is older than the max-age: dbt %s ran there %s", b, s.Run.Command, p.ago(s.Run.Time)))
	}
}

// refuseOrigin returns an error if a job can't defer to a baseline from elsewhere: it would overwrite it, or
// its connection can't read the relations.
func (p *planner) refuseOrigin(job *job) error {
	b := job.baseline.build
	if b.Origin == "" {
		return nil
	}
	if job.build == nil && job.output != nil && workspace.Place(p.factsOf(job.output).place) == b.place {
		return hint.New(fmt.Sprintf("%s writes into schema %s, which is that of its baseline %s", job.name(), b.schema, b), "leave --defer out: it reads its own relations")
	}
	if b.origin == nil {
		return nil
	}
	connection := p.connectionOf(job)
	for _, id := range slices.Sorted(maps.Keys(b.origin.nodes)) {
		if why := connection.cantRead(b.target(b.origin.nodes[id]).Place); why != "" {
			return hint.New(fmt.Sprintf("%s can't read %s of %s, which %s", job.name(), workspace.NodeName(id), b, why),
				"name artifacts of a run in a database that the output "+job.output.Name+" reads")
		}
	}
	return nil
}

// standing returns the origin as a standing.
func (o *origin) standing(b *build) standing {
	return standing{Standing: o.adoption.standing(b.Build, b.place), build: b.Build, state: o.copy.Dir}
}

// ranThere says how a run of dbt elsewhere ended, by the artifacts in a directory. failed is the number of nodes
// that its results list as failed, all that of the manifest's nodes. A node that the results don't list counts
// as built.
func (ls *layers) ranThere(run workspace.Run, dir string, failed, all int) string {
	results, err := readResults(dir)
	if err != nil || !dbt.Built(results) {
		return fmt.Sprintf("its manifest.json is of %s; there is no run_results.json of a build, so all of its %s count as built", ls.ago(run.Time), text.Plural(all, "node"))
	}
	listed := 0
	for _, r := range results.Results {
		if r.Builds() {
			listed++
		}
	}
	listed = min(listed, all)
	says := fmt.Sprintf("dbt %s ran there %s, %d of %s ok", run.Command, ls.ago(run.Time), listed-failed, text.Plural(listed, "node"))
	if listed < all {
		says += fmt.Sprintf("; its manifest.json has %d more, which count as built", all-listed)
	}
	return says
}

// elsewhereStep copies the artifacts of a baseline from elsewhere, and writes its ledger, if they have changed.
// reader is a job that reads the baseline.
func (ls *layers) elsewhereStep(base *baseline, reader *job) *graph.Step {
	b := base.build
	var after []string
	if reader.build != nil { // so that it runs in the order of the plan
		after = []string{"profiles " + reader.build.String()}
	}
	return &graph.Step{
		Name: base.step(), Kind: "baseline", Version: 1, After: after,
		Missing: func(context.Context, graph.Record) string {
			if b.origin == nil {
				return ""
			}
			return ls.ranThere(b.origin.run, b.origin.copy.Dir, len(b.origin.ending.Failed), len(b.origin.nodes))
		},
		Summary: func(graph.Record) string {
			s, err := ls.standing(b, base.spec, toDefer)
			if err != nil {
				return err.Error()
			}
			all := max(s.Run.Nodes, len(s.Nodes))
			return ls.ranThere(s.Run, b.fetched(), all-s.Written(""), all)
		},
		Locks:  []graph.Lock{b.buildLock(), b.placeLock()},
		Action: takeElsewhere{layers: ls, build: b},
	}
}

// builtElsewhere returns a baseline from elsewhere as a side of a comparison. The other side's dbt reads it.
func (p *planner) builtElsewhere(base *baseline, candidate *job, all *stepList) *Built {
	b := base.build
	side := &job{specs: []string{b.Origin}, build: b, env: b.env, output: b.output, tool: candidate.tool, world: candidate.world}
	step := all.add(p.elsewhereStep(base, candidate))
	return newBuilt(p.runtime, side, step)
}

// IsElsewhere reports whether dbt built it elsewhere: then there is no project of it.
func (b *Built) IsElsewhere() bool { return b.job.build != nil && b.job.build.Origin != "" }

type takeElsewhere struct {
	*layers
	build *build
}

func (takeElsewhere) Describe(graph.Planned) []string { return nil }

func (a takeElsewhere) Run(context.Context, *graph.Attempt) (any, error) {
	b, found := a.build, a.build.origin // which is there: otherwise the step doesn't run
	if err := a.takeOver(b, found.adoption, found.copy.Dir, 0); err != nil || found.copy.Kept {
		return nil, err
	}
	// The last thing: with the copy, the next plan takes the ledger for complete.
	if err := found.copy.Keep(b.fetched()); err != nil {
		return nil, fmt.Errorf("keep dbt's artifacts of %s: %w", b, err)
	}
	return nil, nil
}
