package steps

import "dot-for-dbt/graph"

// Which steps a job needs, in the order of the plan.

// A stepList is the steps of an invocation in the making.
type stepList struct {
	steps []*graph.Step
	named map[string]bool
}

// add adds a step and returns its name.
func (l *stepList) add(s *graph.Step) string {
	l.named[s.Name] = true
	l.steps = append(l.steps, s)
	return s.Name
}

// share adds a step that several builds have, made for the first of them: those
// of a commit have one worktree and the same packages, and all one baseline.
func (l *stepList) share(name string, step func() (*graph.Step, error)) (string, error) {
	if l.named[name] {
		return name, nil
	}
	s, err := step()
	if err != nil {
		return "", err
	}
	return l.add(s), nil
}

// steps adds the steps of a job, and returns the name of the command's own.
func (c *compiler) steps(job *job, all *stepList) (string, error) {
	if err := c.complete(job); err != nil {
		return "", err
	}
	if job.build == nil {
		return c.plainSteps(job, all), nil
	}
	return c.isolatedSteps(job, all)
}

// isolatedSteps adds the steps of a build.
func (c *compiler) isolatedSteps(job *job, all *stepList) (string, error) {
	b, command := job.build, job.Command
	if command.Name == "clean" {
		clean := c.cleanStep(b)
		if adopt := c.adoptStep(b); adopt != nil { // before what it is made of is removed
			clean.Deps = []string{all.add(adopt)}
		}
		return all.add(clean), nil
	}
	if err := c.refuse(job); err != nil {
		return "", err
	}
	below, err := c.preparation(job, all)
	if err != nil {
		return "", err
	}
	if command.Name == "deps" {
		return below[len(below)-1], nil
	}
	if adopt := c.adoptStep(b); adopt != nil {
		below = append(below, all.add(adopt))
	}
	if base := job.baseline; base != nil {
		name, _ := all.share(base.step(), func() (*graph.Step, error) { return c.baselineStep(base), nil })
		below = append(below, name)
	}
	inputs, err := c.inputs(job)
	if err != nil {
		return "", err
	}
	if len(command.Builds) > 0 {
		below = append(below, all.add(c.checkStep(job, inputs, below)))
	}
	return all.add(c.commandStep(job, inputs, below)), nil
}

// refuse says which commands can't be run on a build.
func (c *compiler) refuse(job *job) error {
	switch job.Command.Name {
	case "init":
		return &hintError{
			msg:   "dbt init sets a project up, and a commit is as it is",
			hints: []string{"leave the ref out: dot init"},
		}
	case "docs serve":
		if err := documented(job); err != nil {
			return err
		}
	case "clone":
		if job.baseline == nil {
			return &hintError{
				msg:   "dbt clone clones a baseline's relations, and there is no baseline",
				hints: []string{"name one: --defer prod@main"},
			}
		}
	}
	return c.checkVersion(job)
}

// preparation adds the steps that make a build ready for dbt: worktree, commit
// file, profile, toolchain and packages. It returns their names.
func (c *compiler) preparation(job *job, all *stepList) ([]string, error) {
	b := job.build
	shared := func(name string, step func(*build) *graph.Step) string {
		name, _ = all.share(name, func() (*graph.Step, error) { return step(b), nil })
		return name
	}
	below := []string{
		shared("worktree "+b.Commit.Short, c.worktreeStep),
		shared("commit "+b.Commit.Short, c.commitStep),
		all.add(c.profilesStep(b)),
	}
	if b.tools != nil {
		below = append(below, shared(b.tools.step(), func(b *build) *graph.Step { return c.toolchainStep(b.tools) }))
	}
	if job.Command.Name == "deps" || job.Command.Parses && !c.req.NoDeps {
		name, err := all.share("deps "+b.Commit.Short, func() (*graph.Step, error) { return c.depsStep(job) })
		if err != nil {
			return nil, err
		}
		below = append(below, name)
	}
	return below, nil
}

// plainSteps adds the steps of a plain job: dbt on the working tree.
func (c *compiler) plainSteps(job *job, all *stepList) string {
	var below []string
	if base := job.baseline; base != nil {
		name, _ := all.share(base.step(), func() (*graph.Step, error) { return c.baselineStep(base), nil })
		below = []string{name}
	}
	return all.add(c.plainStep(job, below))
}
