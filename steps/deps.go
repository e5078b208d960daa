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

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/dbt/run"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// lockFile is the file in which dbt records the packages that it resolved.
const lockFile = "package-lock.yml"

// depsOutputs are the outputs in the record of the deps step.
type depsOutputs struct {
	// Installed are the directories of the packages.
	Installed []string `json:"installed"`
	// Lock is a digest of the lock file, which has the resolved revisions.
	Lock string `json:"lock"`
	// EnvVars and Computed are the environment variables that the packages read.
	EnvVars  []string `json:"env_vars,omitempty"`
	Computed []string `json:"computed,omitempty"`
	// Moves is set if a package has packages of its own which may be different when they are installed again.
	Moves bool `json:"moves,omitempty"`
}

// depsStep installs the project's packages in the worktree. All builds of a project
// at one commit share it.
func (rt *runtime) depsStep(job *job, packages packages, worktree *graph.Step) *graph.Step {
	b := job.build
	step := &graph.Step{
		Name: "deps " + b.Commit.Short, Kind: "deps", Version: 1,
		Deps:  []string{"worktree " + b.Commit.Short},
		After: []string{"profiles " + b.String()},
		Locks: []graph.Lock{b.commitLock()},
		Pools: []string{jobsPool},
	}
	if len(packages.asked) == 0 {
		step.Summary = func(graph.Record) string { return "no packages" }
		return step
	}
	dir := filepath.Join(b.ProjectDir(), filepath.FromSlash(b.project.PackagesPath))
	step.Inputs = append(packages.inputs, job.versions("")...)
	if job.toolchain != nil {
		step.Deps = append(step.Deps, job.toolchain.step())
		step.Late = func(context.Context) ([]graph.Input, error) { return rt.lateVersions(job, ""), nil }
	}
	step.Record = b.Commit.ProjectRecord(b.Project, "deps")
	step.Exact = rt.pinned(b, packages.lock)
	last, _ := rt.installed(b)
	if (last.Moves || slices.ContainsFunc(packages.asked, profile.Package.Moves)) && !step.Exact {
		step.MaxAge = job.maxAge()
	}
	step.Missing = func(ctx context.Context, r graph.Record) string {
		// The packages are in the worktree: a new worktree doesn't have them.
		made, _ := rt.ws.Load(worktree.Record) // an empty record will do
		if worktree.Action.(*addWorktree).gone(ctx, made) != "" {
			return "the worktree is made again"
		}
		var out depsOutputs
		if err := r.Decode(&out); err != nil {
			return "the record is damaged"
		}
		for _, name := range out.Installed {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				return "package " + name + " is missing"
			}
		}
		return ""
	}
	if job.Command.Name == "deps" {
		step.Always = "asked for"
	}
	line := depsLine(job)
	step.Action = &installPackages{
		dbts: rt.dbts, job: job, argv: line.Argv(), dir: dir,
		environ:  job.exported(rt.isolate(job, line).Env),
		lockFile: filepath.Join(b.ProjectDir(), lockFile), lock: packages.lock,
	}
	return step
}

// depsLine returns the dbt deps command line of a job.
func depsLine(job *job) dbt.CommandLine {
	line := dbt.CommandLine{DBT: job.DBT}
	line.Command, _ = dbt.LookupCommand("deps")
	line.Command = line.Command.In(job.tool.Version)
	if job.Command.Name == "deps" { // the user's flags may upgrade locked packages
		line.Options, line.Positional = job.Options, job.Positional
	}
	if o, given := job.Lookup("version-check"); given && len(line.Options) == 0 {
		line.Options = append(line.Options, o) // deps checks the version, too
	}
	for _, o := range job.Fixed {
		if line.Command.Takes(o.Flag) && slices.Contains([]string{"project-dir", "profiles-dir", "target-path", "log-path", "vars"}, o.Flag) {
			line.Fixed = append(line.Fixed, o)
		}
	}
	return line
}

// pinned reports whether the lock file in the build's commit pins its packages. (If
// the lock file doesn't match packages.yml, dbt replaces it.)
func (h *home) pinned(b *build, lock []byte) bool {
	last, ok := h.installed(b)
	return lock != nil && (!ok || last.Lock == digest(lock))
}

// installed returns the outputs of the last deps step for a build. ok is false if
// there are none.
func (h *home) installed(b *build) (out depsOutputs, ok bool) {
	record, err := h.ws.Load(b.Commit.ProjectRecord(b.Project, "deps"))
	if err != nil || record.Decode(&out) != nil {
		return depsOutputs{}, false
	}
	return out, true
}

// installPackages runs dbt deps.
type installPackages struct {
	*dbts
	job      *job
	argv     []string
	environ  []string
	dir      string // the directory of the packages
	lockFile string // the path of dbt's lock file
	lock     []byte // the lock file in the commit, nil for none
}

func (a *installPackages) Describe(graph.Planned) []string { return []string{text.ShellQuote(a.argv)} }

func (a *installPackages) DBTCalls() []run.Call { return []run.Call{a.dbtCall()} }

func (a *installPackages) dbtCall() run.Call {
	return a.dbts.dbtCall(a.job, a.argv, a.environ)
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
		return nil, &DBTError{Command: "deps", On: a.job.build.Commit.Short, Code: a.job.command("deps").ExitCode(exit.Code, false), How: exit.String(), Advice: []string{"--no-deps goes on without them"}}
	}
	return a.look()
}

// checkWay returns an error if symbolic links could mislead dbt deps, which empties
// the directory of the packages first. A link in the commit could name another
// directory, or another dbt_project.yml than the one that dot has read from git.
func (a *installPackages) checkWay() error {
	b := a.job.build
	for _, name := range []string{b.project.PackagesPath, "dbt_project.yml", "packages.yml", "dependencies.yml"} {
		if link := linkOnTheWay(b.Commit.Worktree(), path.Join(b.Project, name)); link != "" {
			return hint.New(
				fmt.Sprintf("no packages were installed, because %s is a symbolic link at %s", link, b.Commit.Short),
				"replace it with a file or directory in a new commit, and build that",
			)
		}
	}
	return nil
}

// restoreLock restores the lock file of the commit. The file that dbt wrote last
// time pins each package, so that dbt would not look for newer ones (dbt 1.11.16).
func (a *installPackages) restoreLock() error {
	if err := removeFile(a.lockFile); err != nil {
		return err
	}
	if a.lock == nil {
		return nil
	}
	return os.WriteFile(a.lockFile, a.lock, 0o644)
}

// ownMove reports whether the packages that a package has itself may be different when they are installed
// again: also if dot can't read which they are.
func ownMove(dir string) bool {
	for _, name := range []string{"packages.yml", "dependencies.yml"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		packages, failed := profile.ParsePackages(name, text)
		if err != nil || failed != nil || slices.ContainsFunc(packages, profile.Package.Moves) {
			return true
		}
	}
	return false
}

// look reads what dbt deps has installed.
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
		out.Moves = out.Moves || ownMove(root)
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
