package steps

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/text"
)

// lockFile is what dbt writes of the packages it resolved.
const lockFile = "package-lock.yml"

// depsOutputs are what the deps step's record keeps.
type depsOutputs struct {
	// Installed are the directories of the packages.
	Installed []string `json:"installed"`
	// Lock is a digest of the lock file: which revisions were resolved.
	Lock string `json:"lock"`
	// EnvVars and Computed are what the packages read from the environment.
	EnvVars  []string `json:"env_vars,omitempty"`
	Computed []string `json:"computed,omitempty"`
}

// depsStep installs the project's packages in the worktree. It is one for all
// builds of a project at a commit.
func (c *compiler) depsStep(job *job) (*graph.Step, error) {
	b := job.build
	step := &graph.Step{
		Name: "deps " + b.Commit.Short, Kind: "deps", Version: 1,
		Deps:  []string{"worktree " + b.Commit.Short},
		After: []string{"profiles " + b.String()},
		Locks: []graph.Lock{b.commitLock()},
		Pools: []string{jobsPool},
	}
	inputs, packages, err := c.packages(job)
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		step.Summary = func(graph.Record) string { return "no packages" }
		return step, nil
	}
	if profile.HasJinja(b.project.PackagesPath) {
		return nil, &hintError{
			msg:   fmt.Sprintf("packages-install-path can't be told, and dbt deps removes what is there: %s", b.project.PackagesPath),
			hints: []string{"let dbt_project.yml name a directory in the project; dot knows env_var and var"},
		}
	}
	if filepath.IsAbs(b.project.PackagesPath) || !filepath.IsLocal(path.Join(c.prefix, b.project.PackagesPath)) {
		return nil, &hintError{
			msg:   fmt.Sprintf("packages-install-path is %s: every build would install its packages there, over those of the others", b.project.PackagesPath),
			hints: []string{"let dbt_project.yml name a directory in the project, or unset the variable that it reads"},
		}
	}
	dir := filepath.Join(b.ProjectDir(), filepath.FromSlash(b.project.PackagesPath))
	step.Inputs = append(inputs, job.versions("")...)
	if b.tools != nil {
		step.Deps = append(step.Deps, b.tools.step())
		step.Late = func(context.Context) ([]graph.Input, error) { return c.lateVersions(b, ""), nil }
	}
	step.Record = b.Commit.ProjectRecord(b.Project, "deps")
	step.Exact = c.pinned(b)
	if slices.ContainsFunc(packages, profile.Package.Moves) && !step.Exact {
		step.MaxAge = c.maxAge(job.env)
	}
	worktree := c.worktreeStep(b)
	step.Missing = func(ctx context.Context, r graph.Record) string {
		// The packages lie in it, and go with it.
		made, _ := c.ws.Load(worktree.Record) // without any, there is nothing to miss
		if worktree.Missing(ctx, made) != "" {
			return "the worktree is made again"
		}
		var out depsOutputs
		if err := r.Decode(&out); err != nil {
			return "record is not whole"
		}
		for _, name := range out.Installed {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				return "package " + name + " is missing"
			}
		}
		return ""
	}
	line := dbt.CommandLine{DBT: job.DBT}
	line.Command, _ = dbt.LookupCommand("deps")
	line.Command = line.Command.In(job.tool.Version)
	if job.Command.Name == "deps" { // asked for: dbt's flags may upgrade what is locked
		step.Always = "asked for"
		line.Options, line.Positional = job.Options, job.Positional
	}
	if o, given := dbt.Lookup(job.AllOptions(), "version-check"); given && len(line.Options) == 0 {
		line.Options = append(line.Options, o) // deps checks the version, too
	}
	for _, o := range job.Fixed {
		if line.Command.Takes(o.Flag) && slices.Contains([]string{"project-dir", "profiles-dir", "target-path", "log-path", "vars"}, o.Flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	step.Action = &installPackages{
		compiler: c, job: job, argv: line.Argv(), dir: dir,
		environ:  job.exported(job.isolate(c, line).Env),
		lockFile: filepath.Join(b.ProjectDir(), lockFile), lock: b.lock,
	}
	return step, nil
}

// pinned reports whether a lock file in the build's commit pins its packages.
// dbt writes another in place of one that is not of the packages asked for.
func (c *compiler) pinned(b *build) bool {
	last, ok := c.installed(b)
	return b.lock != nil && (!ok || last.Lock == digest(b.lock))
}

// installed returns what the last deps step for a build found; ok is false if
// that isn't known.
func (c *compiler) installed(b *build) (out depsOutputs, ok bool) {
	record, err := c.ws.Load(b.Commit.ProjectRecord(b.Project, "deps"))
	if err != nil || record.Decode(&out) != nil {
		return depsOutputs{}, false
	}
	return out, true
}

// packages reads which packages the project asks for at the build's commit,
// and what installing them depends on.
func (c *compiler) packages(job *job) ([]graph.Input, []profile.Package, error) {
	b := job.build
	var inputs []graph.Input
	var packages []profile.Package
	var reads profile.EnvUse
	for _, name := range []string{"packages.yml", "dependencies.yml", lockFile} {
		file := path.Join(c.prefix, name)
		text, err := c.objects.Read(b.Commit.Hash + ":" + file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, graph.Input{Label: name, Value: string(text)})
		if name == lockFile {
			b.lock = text
			continue
		}
		asked, err := profile.ParsePackages(fmt.Sprintf("%s at %s", file, b.Commit.Short), text)
		if err != nil {
			return nil, nil, err
		}
		packages = append(packages, asked...)
		reads = reads.Plus(profile.ScanEnvVars(file, text))
	}
	inputs = append(inputs, c.envInputs(job.env, reads.Public().Names)...)
	local := map[string]bool{} // a package may be named twice
	for _, p := range packages {
		if p.Local == "" || local[p.Local] {
			continue
		}
		local[p.Local] = true
		at := path.Join(c.prefix, p.Local)
		if path.IsAbs(p.Local) || at == ".." || strings.HasPrefix(at, "../") {
			return nil, nil, &hintError{
				msg:   fmt.Sprintf("the local package %s lies outside of the repository: there is none of it at %s", p.Local, b.Commit.Short),
				hints: []string{"keep it in the repository, or name it by its git URL"},
			}
		}
		tree, err := c.treeID(b.Commit, at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("the local package %s does not exist at %s", p.Local, b.Commit.Short)
		}
		if err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, graph.Input{Label: "package " + p.Local, Value: tree})
	}
	if hub, ok := c.getenv("DBT_PACKAGE_HUB_URL"); ok {
		inputs = append(inputs, graph.Input{Label: "DBT_PACKAGE_HUB_URL", Value: hub})
	}
	inputs = append(inputs, graph.Input{Label: "packages-install-path", Value: b.project.PackagesPath})
	return inputs, packages, nil
}

// installPackages runs dbt deps.
type installPackages struct {
	*compiler
	job      *job
	argv     []string
	environ  []string
	dir      string // where the packages go
	lockFile string // that dbt writes
	lock     []byte // what the commit has there; nil for nothing
}

func (a *installPackages) Describe(graph.Planned) []string { return []string{text.ShellQuote(a.argv)} }

func (a *installPackages) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *installPackages) dbtCall() run.Call {
	return a.compiler.dbtCall(a.job, a.argv, a.environ)
}

func (a *installPackages) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	if err := a.checkWay(); err != nil {
		return nil, err
	}
	if err := a.restoreLock(); err != nil {
		return nil, err
	}
	exit, err := a.runAside(ctx, attempt, a.dbtCall())
	if err != nil {
		return nil, err
	}
	if !exit.OK() {
		return nil, &DBTError{Command: "deps", On: a.job.build.Commit.Short, Code: exit.Code, How: exit.String(), Hint: "--no-deps goes on without them"}
	}
	return a.look()
}

// checkWay makes sure that dbt removes, before it installs packages, what dot
// thinks it does: links in the commit could lead it elsewhere, or give it another
// dbt_project.yml than the one that dot has read from git.
func (a *installPackages) checkWay() error {
	b := a.job.build
	for _, name := range []string{b.project.PackagesPath, "dbt_project.yml", "packages.yml", "dependencies.yml"} {
		if link := linkOnTheWay(b.Commit.Worktree(), path.Join(b.Project, name)); link != "" {
			return &hintError{
				msg:   fmt.Sprintf("no packages were installed, because %s is a symbolic link at %s", link, b.Commit.Short),
				hints: []string{"in a commit of yours, make it a file or directory, and build that"},
			}
		}
	}
	return nil
}

// restoreLock puts the lock file back as the commit has it. In the one that dbt
// wrote last time, each package stands as it was found then, and dbt would not
// look for a newer one (dbt 1.11.16).
func (a *installPackages) restoreLock() error {
	if err := removeFile(a.lockFile); err != nil {
		return err
	}
	if a.lock == nil {
		return nil
	}
	return os.WriteFile(a.lockFile, a.lock, 0o644)
}

// look finds out what dbt deps has made.
func (a *installPackages) look() (depsOutputs, error) {
	var out depsOutputs
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return out, fmt.Errorf("dbt deps installed nothing: %w", err)
	}
	var use profile.EnvUse
	for _, e := range entries {
		out.Installed = append(out.Installed, e.Name())
		// A local package is a symbolic link.
		root, err := filepath.EvalSymlinks(filepath.Join(a.dir, e.Name()))
		if err != nil {
			return out, err
		}
		reads, err := scanDir(root, e.Name())
		if err != nil {
			return out, fmt.Errorf("look for env_var in package %s: %w", e.Name(), err)
		}
		use = use.Plus(reads)
	}
	use = use.Public()
	out.EnvVars, out.Computed = use.Names, use.Computed
	lock, err := os.ReadFile(a.lockFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return out, err
	}
	out.Lock = digest(lock)
	return out, nil
}

// maxAge is the age at which what was up to date is made again; 0 is no limit.
func (c *compiler) maxAge(env config.Environment) time.Duration {
	age := c.age(env)
	if age.Never {
		return 0
	}
	return age.Limit
}
