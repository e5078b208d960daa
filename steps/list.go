package steps

import (
	"fmt"
	"reflect"
	"slices"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
)

// Listing the steps that a job needs, in the order of the plan.

// A stepList collects the steps of an invocation.
type stepList struct {
	steps []*graph.Step
	named map[string]*graph.Step
	// installs are the jobs whose packages are installed, by the steps' names.
	installs map[string]installs
}

// installs are the vars that the packages of a job are installed with.
type installs struct {
	job  *job
	vars []graph.Input
}

// add adds a step and returns its name.
func (l *stepList) add(s *graph.Step) string {
	l.named[s.Name] = s
	l.steps = append(l.steps, s)
	return s.Name
}

// share adds a step that several builds share, unless the list has it already.
// Builds of one commit share a worktree and packages; all builds share a baseline.
func (l *stepList) share(name string, step func() *graph.Step) string {
	if l.named[name] != nil {
		return name
	}
	return l.add(step())
}

// orderAdoptions makes what reads a baseline follow the step that takes it over, if the
// invocation has a job on the baseline, too: that step rewrites the ledger.
func (l *stepList) orderAdoptions(jobs []*job) {
	for _, job := range jobs {
		if job.baseline == nil {
			continue
		}
		adopt := "adopt " + job.baseline.build.String()
		step := l.named[job.baseline.step()]
		if step != nil && l.named[adopt] != nil && !slices.Contains(step.Deps, adopt) {
			step.Deps = append(step.Deps, adopt)
		}
	}
}

// steps adds the steps of a job and returns the name of the command's step.
func (p *planner) steps(job *job, all *stepList) (string, error) {
	if err := p.complete(job); err != nil {
		return "", err
	}
	if err := p.checkFiles(job); err != nil {
		return "", err
	}
	if job.build == nil {
		return p.plainSteps(job, all), nil
	}
	return p.isolatedSteps(job, all)
}

// checkFiles returns an error if a job's output names a file that it needs to connect and that
// isn't there: dbt would say so late, or not at all. dbt debug is for finding out.
func (p *planner) checkFiles(job *job) error {
	if job.output == nil || job.helps || p.req.ChecksOnly || !job.Command.OpensAdapter || job.Command.Name == "debug" {
		return nil
	}
	facts := p.factsOf(job.output)
	for _, warning := range facts.filesWarned {
		p.program.warn(warning)
	}
	return facts.filesGone
}

// isolatedSteps adds the steps of a build.
func (p *planner) isolatedSteps(job *job, all *stepList) (string, error) {
	b, command := job.build, job.Command
	if command.Name == "clean" {
		clean := cleanStep(b)
		if adopt := p.adoption(b); adopt != nil { // before clean removes the artifacts that it reads
			clean.Deps = []string{all.add(adopt)}
		}
		return all.add(clean), nil
	}
	if err := p.refuse(job); err != nil {
		return "", err
	}
	below, err := p.preparation(job, all)
	if err != nil {
		return "", err
	}
	if command.Name == "deps" {
		return below[len(below)-1], nil
	}
	if b.offered != nil {
		below = append(below, all.add(p.receiveStep(pullStep(b), "pull", b)))
	}
	if adopt := p.adoption(b); adopt != nil && !p.req.ChecksOnly {
		below = append(below, all.add(adopt))
	}
	if job.baseline != nil {
		below = append(below, p.deferral(job, all))
	}
	inputs, err := p.inputs(job)
	if err != nil {
		return "", err
	}
	if p.req.ChecksOnly {
		return all.add(p.onlyCheckStep(job, inputs, below)), nil
	}
	p.warnOfValues(job, inputs)
	if job.checks() {
		below = append(below, all.add(p.checkStep(job, inputs, below)))
	}
	if job.cloneIncremental {
		below = append(below, all.add(p.cloneStep(job, inputs, below)))
	}
	return all.add(p.commandStep(job, inputs, below)), nil
}

// refuse returns an error if the command can't run on a build.
func (p *planner) refuse(job *job) error {
	switch job.Command.Name {
	case "init":
		return hint.New(
			"dbt init sets up a project: it can't change a commit",
			"leave the ref out: dot init",
		)
	case "docs serve":
		if err := documented(job); err != nil {
			return err
		}
	case "clone":
		if job.baseline == nil {
			return hint.New(
				"dbt clone copies a baseline's relations, and there is no baseline",
				"name one: --defer prod@main",
			)
		}
	}
	return p.checkVersion(job)
}

// preparation adds the steps that prepare a build for dbt: worktree, commit file,
// profile, toolchain and packages. It returns their names.
func (p *planner) preparation(job *job, all *stepList) ([]string, error) {
	b := job.build
	p.need(job)
	worktree := all.share("worktree "+b.Commit.Short, func() *graph.Step { return p.worktreeStep(b, p.req.ResetWorktree) })
	below := []string{
		worktree,
		all.share("commit "+b.Commit.Short, func() *graph.Step { return commitStep(b) }),
		all.add(profilesStep(b)),
	}
	if t := job.toolchain; t != nil {
		below = append(below, all.share(t.step(), func() *graph.Step { return p.toolchainStep(t) }))
	}
	if job.Command.Name != "deps" && (!job.Command.Parses || p.req.NoDeps) {
		return below, nil
	}
	packages, err := p.packages(job)
	if err != nil {
		return nil, err
	}
	deps := "deps " + b.Commit.Short
	if all.named[deps] == nil {
		all.installs[deps] = installs{job, packages.vars}
		all.add(p.depsStep(job, packages, all.named[worktree]))
	}
	return append(below, deps), all.installs[deps].agree(job, packages.vars)
}

// agree returns an error if a job needs the packages of other vars than the job that has them installed.
func (i installs) agree(job *job, vars []graph.Input) error {
	if reflect.DeepEqual(i.vars, vars) {
		return nil
	}
	return hint.New(
		fmt.Sprintf("%s and %s are of one commit, whose packages.yml reads vars that differ between them: they can't have different packages at once", i.job.build, job.build),
		"build one after the other",
		"or give both the same values of the vars",
	)
}

// deferral adds the step that stands for a job's baseline.
func (p *planner) deferral(job *job, all *stepList) string {
	return all.share(job.baseline.step(), func() *graph.Step { return p.baselineStep(job) })
}

// plainSteps adds the steps of a plain job: dbt on the working tree.
func (p *planner) plainSteps(job *job, all *stepList) string {
	var below []string
	if job.baseline != nil {
		below = []string{p.deferral(job, all)}
	}
	return all.add(p.plainStep(job, below))
}
