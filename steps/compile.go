package steps

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/store"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// Compile turns an invocation into a program. It reads the configuration, the
// repository and the profile, and writes nothing. An invalid request is an error
// here, before anything runs.
func Compile(ctx context.Context, world World, req Request) (*Program, error) {
	p, given, err := open(ctx, world, req)
	if err != nil {
		return nil, err
	}
	defer p.close()
	if err := p.compile(ctx, given); err != nil {
		return nil, err
	}
	p.program.again = func(ctx context.Context) (*Program, error) { return Compile(ctx, world, req) }
	return p.program, nil
}

// A planner plans one invocation. It belongs to one goroutine and ends when Compile
// returns: steps hold the runtime and the planner's results, never the planner.
type planner struct {
	*home
	*runtime
	*contents
	*finder
	*footprints
	req     Request
	config  *config.Config
	commits *workspace.Finder
	stores  map[string]*store.Store // by URL
	shorts  map[string]string       // the abbreviations that offers of the store have, by commit
	program *Program                // the result, not complete yet
}

// newPlanner returns the planner of a request in a project, without a repository and a configuration.
func newPlanner(world World, project string, req Request) *planner {
	rt := newRuntime(world, project)
	rt.noHost = req.NoDBTHost
	program := &Program{runtime: rt, byStep: map[string]*Built{}, pools: map[string]int{}}
	files := &contents{home: rt.home, known: &known{}}
	return &planner{
		home: rt.home, runtime: rt, contents: files, finder: &finder{files, program}, footprints: &footprints{files, rt.worktrees, program},
		req: req, stores: map[string]*store.Store{}, shorts: map[string]string{}, program: program,
	}
}

// contents knows the files of commits that matter to dot, such as dbt_project.yml.
type contents struct {
	*home
	prefix  string       // the project's path in the repository, with slashes; "" at its root
	objects *git.Objects // nil outside of a repository
	known   *known
}

// A finder finds the dbt of each job.
type finder struct {
	*contents
	program *Program
}

// footprints finds the directories that worktrees need.
type footprints struct {
	*contents
	trees   *worktrees
	program *Program
}

func (p *planner) compile(ctx context.Context, given arguments) error {
	uncommitted, end := p.countUncommitted(ctx)
	defer end()
	specs, deferred, err := p.resolve(ctx)
	if err != nil {
		return err
	}
	jobs, err := p.jobs(ctx, specs, given)
	if err != nil {
		return err
	}
	if p.asksDBT() {
		// dbt prints its help or version: that needs no build.
		jobs, deferred = jobs[:1], nil
		jobs[0].build, jobs[0].helps = nil, true
	}
	for _, job := range jobs {
		if err := p.pullJob(ctx, job, jobs); err != nil {
			return err
		}
	}
	p.program.Writes = p.req.Command.WritesNodes() && !p.req.ChecksOnly
	p.reports = p.req.Report || len(jobs) > 1
	if err := p.together(jobs); err != nil {
		return err
	}
	for _, job := range jobs {
		if err := p.findDBT(ctx, job); err != nil {
			return err
		}
		if job.build == nil {
			continue
		}
		p.say(job.build)
		if warning := job.tool.AdapterWarning(job.output.Adapter, p.world.Getenv); warning != "" {
			p.program.warn(warning)
		}
	}
	if err := p.noteUncommitted(uncommitted, jobs); err != nil {
		return err
	}
	var beside *baseline
	switch {
	case deferred == nil:
	case p.req.Elsewhere != nil:
		if beside, err = p.findElsewhere(ctx, deferred, jobs); err != nil {
			return err
		}
	default:
		base, err := p.findBaseline(ctx, deferred, jobs)
		if err != nil {
			return err
		}
		base.asked, p.program.baseline = deferred.Spec, base
		if err := p.deferTo(base, jobs); err != nil {
			return err
		}
	}
	if p.req.isolated() {
		if err := p.scanProjects(ctx, jobs); err != nil {
			return err
		}
		if err := p.findFootprints(ctx, jobs); err != nil {
			return err
		}
	}
	all := &stepList{named: map[string]*graph.Step{}, installs: map[string]installs{}}
	for _, job := range jobs {
		step, err := p.steps(job, all)
		if err != nil {
			return err
		}
		p.warnOfOperation(job)
		p.program.add(newBuilt(p.runtime, job, step))
	}
	if beside != nil {
		p.program.Elsewhere = p.builtElsewhere(beside, jobs[0], all)
	}
	all.orderAdoptions(jobs)
	if p.program.Graph, err = graph.New(all.steps...); err != nil || p.req.Extend == nil {
		return err
	}
	p.program.listSteps()
	return p.req.Extend(p.program)
}

// asksDBT reports whether the arguments for dbt ask for help or a version.
func (p *planner) asksDBT() bool {
	return slices.ContainsFunc(p.req.Args, func(arg string) bool {
		return slices.Contains([]string{"--help", "-h", "--version", "-V"}, arg)
	})
}

// say adds a build's commit to the program's output.
func (p *planner) say(b *build) {
	p.program.Resolved = append(p.program.Resolved, Resolved{Env: b.env.Name, Short: b.Commit.Short, Commit: b.commit})
	if b.commit.Note != "" {
		about := b.commit.Ref + ":"
		if b.commit.Ref == git.WorkingTree {
			about = "the working tree is built"
		}
		p.program.note(about + " " + b.commit.Note)
	}
}

// countUncommitted returns a function that counts the files that HEAD lacks. If a spec names HEAD, git
// counts beside the rest of the planning, until end is called.
func (p *planner) countUncommitted(ctx context.Context) (count func() (int, error), end func()) {
	ctx, cancel := context.WithCancel(ctx)
	count = sync.OnceValues(func() (int, error) { return p.repo.Uncommitted(ctx, p.prefix) })
	var beside sync.WaitGroup
	if p.builds("HEAD") && !p.builds(spec.WorkingTree) {
		beside.Go(func() { _, _ = count() })
	}
	return count, func() {
		cancel()
		beside.Wait()
	}
}

// builds reports whether a spec of the request names a ref.
func (p *planner) builds(ref string) bool {
	return p.req.isolated() && slices.ContainsFunc(p.req.Specs, func(s spec.Spec) bool { return s.Ref == ref })
}

// noteUncommitted adds a note if a build of HEAD lacks uncommitted files.
func (p *planner) noteUncommitted(uncommitted func() (int, error), jobs []*job) error {
	if !p.req.isolated() || p.builds(spec.WorkingTree) {
		return nil
	}
	head, err := p.objects.ID("HEAD")
	if err != nil { // HEAD may be of a branch without commits
		return nil
	}
	for _, job := range jobs {
		b := job.build
		if b == nil || b.commit.Hash != head {
			continue
		}
		n, err := uncommitted()
		if err == nil && n > 0 {
			p.program.note(fmt.Sprintf("%s not in %s@%s, but in %s@.", text.Plural(n, "uncommitted file")+is(n), b.Env, b.commit.Ref, b.Env))
		}
		return err
	}
	return nil
}
