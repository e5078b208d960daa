package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Compile turns an invocation into a program. It reads the configuration, the
// repository and the profile, and writes nothing; whatever is wrong with the
// request is an error here, before anything has run.
func Compile(ctx context.Context, world World, req Request) (*Program, error) {
	c, given, err := open(ctx, world, req)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if err := c.compile(ctx, given); err != nil {
		return nil, err
	}
	return c.program, nil
}

// open reads the configuration and what the command line says to dbt, and
// opens the repository.
func open(ctx context.Context, world World, req Request) (*compiler, arguments, error) {
	c, err := newCompiler(world, req)
	if err != nil {
		return nil, arguments{}, err
	}
	given, err := c.readArguments()
	if err != nil {
		return nil, given, err
	}
	return c, given, c.openRepository(ctx)
}

// A compiler is at work on one invocation.
type compiler struct {
	world   World
	req     Request
	project string // the project's directory in the user's working tree
	config  *config.Config

	// repo is nil outside of a repository, and so are ws and objects, which a
	// plain call does without, too.
	repo    *git.Repo
	prefix  string // of the project in the repository, with slashes; "" at its root
	ws      *workspace.Workspace
	objects *git.Objects

	program *Program
}

// newCompiler finds the project and reads its configuration.
func newCompiler(world World, req Request) (*compiler, error) {
	c := &compiler{world: world, req: req, program: &Program{}}
	var err error
	if c.project, err = findProject(world.Dir); err != nil {
		return nil, err
	}
	c.config, err = config.Load(c.project)
	return c, err
}

func (c *compiler) close() {
	if c.objects != nil {
		c.objects.Close()
	}
}

// arguments are what the command line says to dbt.
type arguments struct {
	dbt.Args
	ProfilesDir string // of --profiles-dir, which only a plain call may have
}

func (c *compiler) getenv(name string) (string, bool) { return c.world.Getenv(name) }

// findProject returns the directory at or above dir that holds a
// dbt_project.yml.
func findProject(dir string) (string, error) {
	for at := dir; ; at = filepath.Dir(at) {
		_, err := os.Stat(filepath.Join(at, "dbt_project.yml"))
		if err == nil {
			return at, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if filepath.Dir(at) == at {
			return "", &hintError{
				msg:   fmt.Sprintf("not a dbt project: there is no dbt_project.yml in %s or above it", dir),
				hints: []string{"run dot in a dbt project, or anywhere below it"},
			}
		}
	}
}

// readArguments reads what the command line says to dbt.
func (c *compiler) readArguments() (arguments, error) {
	isolated := c.req.Spec.Isolated()
	args, err := dbt.ReadArgs(c.req.Command, c.req.Args, dbt.Rules{Isolated: isolated, Deferring: c.req.Baseline != nil})
	if err != nil {
		return arguments{}, err
	}
	given := arguments{Args: args}
	if dir, ok := dbt.Lookup(args.Options, "profiles-dir"); ok {
		given.ProfilesDir = dir.Values[0]
	}
	if !c.req.Modified {
		return given, nil
	}
	if c.req.Baseline == nil {
		return given, &hintError{
			msg:   "--modified selects what differs from a baseline, and there is none",
			hints: []string{"name one: --defer prod@main"},
		}
	}
	for _, flag := range []string{"select", "selector"} {
		if _, ok := dbt.Lookup(given.Options, flag); ok {
			return given, &hintError{
				msg:   "--modified and --" + flag + " are two selections",
				hints: []string{"leave --modified out and select what is meant: -s 'state:modified+ other_node'"},
			}
		}
	}
	given.Options = append(given.Options, dbt.NewOption("select", "state:modified+"))
	return given, nil
}

// openRepository opens the repository, its objects and its workspace. A plain
// call of dbt does without one.
func (c *compiler) openRepository(ctx context.Context) error {
	repo, err := git.Open(ctx, c.project)
	if err != nil {
		if c.req.Spec.Isolated() || c.req.Baseline != nil {
			return err
		}
		return nil
	}
	c.repo = repo
	c.prefix = filepath.ToSlash(repo.Prefix)
	if c.ws, err = workspace.Open(repo.Root); err != nil {
		return err
	}
	if !c.req.Spec.Isolated() && c.req.Baseline == nil && !c.ws.Exists() {
		c.ws = nil // a plain call makes none
		return nil
	}
	c.program.Workspace, c.program.Repo = c.ws, repo
	c.program.memo = &memo{c.ws.Memo(), map[string]string{}}
	c.objects = repo.Objects(ctx)
	return nil
}

func (c *compiler) compile(ctx context.Context, given arguments) error {
	commits, err := c.resolve(ctx)
	if err != nil {
		return err
	}
	var target *build // nil for a plain call
	env, output := config.Environment{}, (*dbt.Output)(nil)
	if c.req.Spec.Isolated() {
		if target, err = c.resolveBuild(c.req.Spec, commits[c.req.Spec.Ref], given); err != nil {
			return err
		}
		env, output = target.env, target.output
	} else if env, output, err = c.plainEnvironment(given); err != nil {
		return err
	}
	if err := c.findDBT(ctx, env, target); err != nil {
		return err
	}
	if target != nil {
		c.say(target)
		if err := c.noteUncommitted(ctx, target); err != nil {
			return err
		}
		if warning := c.program.Tool.AdapterWarning(output.Adapter, c.getenv); warning != "" {
			c.program.Warnings = append(c.program.Warnings, warning)
		}
	}
	var base *baseline
	if c.req.Baseline != nil {
		if base, err = c.resolveBaseline(*c.req.Baseline, commits[c.req.Baseline.Ref], target, given); err != nil {
			return err
		}
		c.say(base.build)
		if err := c.warnOfDeferral(target, given); err != nil {
			return err
		}
	}
	call, err := c.newCall(ctx, target, env, output, base, given)
	if err != nil {
		return err
	}
	var steps []*graph.Step
	if target == nil {
		steps = c.plainSteps(call)
	} else if steps, err = c.isolatedSteps(call); err != nil {
		return err
	}
	c.program.Step = steps[len(steps)-1].Name
	c.program.Graph, err = graph.New(steps...)
	return err
}

// resolve asks git for the commits behind all refs at once; the result is by
// ref.
func (c *compiler) resolve(ctx context.Context) (map[string]git.Commit, error) {
	var refs []string
	if c.req.Spec.Isolated() {
		refs = append(refs, c.req.Spec.Ref)
	}
	if c.req.Baseline != nil {
		refs = append(refs, c.req.Baseline.Ref)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	commits, err := c.repo.Resolve(ctx, refs)
	if err != nil {
		return nil, err
	}
	byRef := make(map[string]git.Commit, len(commits))
	for _, commit := range commits {
		byRef[commit.Ref] = commit
	}
	return byRef, nil
}

// say notes what a spec was resolved to.
func (c *compiler) say(b *build) {
	c.program.Resolved = append(c.program.Resolved, Resolved{Env: b.env.Name, Short: b.Commit.Short, Commit: b.commit})
	if b.commit.Note != "" {
		c.program.Notes = append(c.program.Notes, b.commit.Ref+": "+b.commit.Note)
	}
}

// noteUncommitted says what a build of HEAD doesn't have of the working tree.
func (c *compiler) noteUncommitted(ctx context.Context, b *build) error {
	head, err := c.objects.ID("HEAD")
	if err != nil || head != b.commit.Hash { // HEAD may be of a branch without commits
		return nil
	}
	n, err := c.repo.Uncommitted(ctx, c.prefix)
	if err != nil || n == 0 {
		return err
	}
	c.program.Notes = append(c.program.Notes, fmt.Sprintf("%s not in %s@%s", plural(n, "uncommitted file")+is(n), b.Env, b.commit.Ref))
	return nil
}

// findDBT looks for the dbt to use in an environment, on target if that isn't
// nil.
func (c *compiler) findDBT(ctx context.Context, env config.Environment, target *build) error {
	search := c.search(env)
	// A plain call needs no version, and where there is no workspace it would
	// be asked for each time, at the price of a start of dbt.
	search.MayRun = !c.req.Planning && c.req.Spec.Isolated()
	if c.ws != nil {
		search.Versions = c.program.memo
	}
	tool, err := c.findTool(ctx, env, target, search)
	if err != nil {
		return err
	}
	if tool.Cloud && c.req.Spec.Isolated() {
		return &hintError{
			msg:   tool.Path + " is the dbt Cloud CLI, which does not read profiles.yml: it can't build in a schema of its own",
			hints: []string{"install dbt Core (pip install dbt-core dbt-<adapter>), and name it: DOT_DBT=.venv/bin/dbt"},
		}
	}
	c.program.Tool = tool
	c.program.Details = append(c.program.Details, "dbt found through "+tool.How)
	return nil
}

// search is where the dbt of an environment is looked for.
func (c *compiler) search(env config.Environment) dbt.Search {
	return dbt.Search{
		Env:     func(name string) string { value, _ := c.getenv(name); return value },
		Setting: env.Dot.DBT, Dir: c.project,
	}
}

// isolatedSteps lists the steps of a build.
func (c *compiler) isolatedSteps(call *call) ([]*graph.Step, error) {
	b := call.build
	c.program.Build, c.program.Schema = b.String(), b.schema
	command := call.Command
	var adopt []*graph.Step
	if step := c.adoptStep(b); step != nil {
		adopt = append(adopt, step)
	}
	switch {
	case command.Name == "clean":
		clean := c.cleanStep(b)
		for _, s := range adopt {
			clean.Deps = append(clean.Deps, s.Name)
		}
		return append(adopt, clean), nil
	case command.Name == "init":
		return nil, &hintError{
			msg:   "dbt init sets a project up, and a commit is as it is",
			hints: []string{"leave the ref out: dot init"},
		}
	case command.Name == "clone" && call.baseline == nil:
		return nil, &hintError{
			msg:   "dbt clone clones a baseline's relations, and there is no baseline",
			hints: []string{"name one: --defer prod@main"},
		}
	}
	if err := c.checkVersion(call); err != nil {
		return nil, err
	}
	steps := []*graph.Step{c.worktreeStep(b), c.commitStep(b), c.profilesStep(b)}
	if b.tools != nil {
		steps = append(steps, c.toolchainStep(b.tools))
	}
	if command.Name == "deps" || command.Parses && !c.req.NoDeps {
		deps, err := c.depsStep(call)
		if err != nil {
			return nil, err
		}
		steps = append(steps, deps)
	}
	if command.Name == "deps" {
		return steps, nil
	}
	steps = append(steps, adopt...)
	if call.baseline != nil {
		steps = append(steps, c.baselineStep(call.baseline))
	}
	below := make([]string, len(steps))
	for i, s := range steps {
		below[i] = s.Name
	}
	inputs, err := c.inputs(call)
	if err != nil {
		return nil, err
	}
	if len(command.Builds) > 0 {
		check := c.checkStep(call, inputs, below)
		steps = append(steps, check)
		below = append(below, check.Name)
	}
	return append(steps, c.commandStep(call, inputs, below)), nil
}

// plainSteps lists the steps of a plain call of dbt on the working tree.
func (c *compiler) plainSteps(call *call) []*graph.Step {
	var steps []*graph.Step
	var below []string
	if call.baseline != nil {
		steps = append(steps, c.baselineStep(call.baseline))
		below = []string{steps[0].Name}
	}
	c.program.Build = call.env.Name
	return append(steps, c.plainStep(call, below))
}

// plainEnvironment is the environment of a plain call. A profile that can't be
// read is dbt's to complain about, unless it has to say which environments
// there are.
func (c *compiler) plainEnvironment(given arguments) (config.Environment, *dbt.Output, error) {
	project, err := c.workingProject()
	if err != nil {
		return config.Environment{}, nil, err
	}
	env, output, err := c.environment(c.req.Spec, project, given)
	if err != nil && output == nil && env.Name != "" && len(c.config.Environments()) > 0 {
		c.program.Details = append(c.program.Details, err.Error())
		return env, nil, nil
	}
	return env, output, err
}
