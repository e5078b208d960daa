package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/workspace"
)

// packages are the packages that a project requires at a commit.
type packages struct {
	asked  []profile.Package
	inputs []graph.Input // of installing them
	vars   []graph.Input // those of them that are vars: environments may differ in them
	lock   []byte        // the lock file in the commit, nil for none
}

// readsVars matches where a file of packages may read a var, and namedVar where the var's name is written out.
var (
	readsVars = lazy.Regexp(`\bvar\s*[(|]`)
	namedVar  = lazy.Regexp(`\bvar\s*\(\s*\\?['"]+(\w+)\\?['"]+\s*[,)]`)
)

// varsOf returns the inputs for the vars that a file of packages reads: all, if it computes a name.
func varsOf(text []byte, vars map[string]any) ([]graph.Input, error) {
	calls, names := readsVars().FindAll(text, -1), namedVar().FindAllSubmatch(text, -1)
	if len(calls) == len(names) {
		read := map[string]any{}
		for _, name := range names {
			if value, set := vars[string(name[1])]; set {
				read[string(name[1])] = value
			}
		}
		vars = read
	}
	return varInputs(vars)
}

// packageFiles are the files that list a project's packages.
var packageFiles = []string{"packages.yml", "dependencies.yml", lockFile}

// A packageFile is one of packageFiles at a commit.
type packageFile struct {
	text  []byte
	asked []profile.Package
	reads profile.EnvUse // the environment variables that it reads
}

// packageFile reads the package file with a hash from git.
func (c *contents) packageFile(commit workspace.Commit, name, id string) (packageFile, error) {
	return c.known.packages.get(name+" "+id, func() (f packageFile, err error) {
		file := path.Join(c.prefix, name)
		if f.text, err = c.objects.Read(id); err != nil || name == lockFile {
			return f, err
		}
		f.asked, err = profile.ParsePackages(fmt.Sprintf("%s at %s", file, commit.Short), f.text)
		f.reads = profile.ScanEnvVars(file, f.text)
		return f, err
	})
}

// packages reads the packages that the project requires at the commit of a job's
// build.
func (c *contents) packages(job *job) (packages, error) {
	b := job.build
	var out packages
	var reads profile.EnvUse
	for _, name := range packageFiles {
		id, err := c.fileAt(b.Commit.Hash, name)
		if err != nil {
			return out, err
		}
		if id == "" {
			continue
		}
		file, err := c.packageFile(b.Commit, name, id)
		if err != nil {
			return out, err
		}
		out.inputs = append(out.inputs, graph.Input{Label: name, Value: string(file.text)})
		if name == lockFile {
			out.lock = file.text
		}
		var vars []graph.Input
		if name != lockFile {
			if vars, err = varsOf(file.text, job.env.Vars); err != nil {
				return out, err
			}
		}
		out.vars = append(out.vars, vars...)
		out.asked = append(out.asked, file.asked...)
		reads = reads.Plus(file.reads)
	}
	out.inputs = append(out.inputs, out.vars...)
	out.inputs = append(out.inputs, c.envInputs(job, job.env, reads.Public().Names)...)
	local := map[string]bool{} // a package may be named twice
	for _, asked := range out.asked {
		if asked.Local == "" || local[asked.Local] {
			continue
		}
		local[asked.Local] = true
		at := path.Join(c.prefix, asked.Local)
		if path.IsAbs(asked.Local) || at == ".." || strings.HasPrefix(at, "../") {
			return out, hint.New(
				fmt.Sprintf("the local package %s is outside of the repository: commit %s doesn't include it", asked.Local, b.Commit.Short),
				"keep it in the repository, or name it by its git URL",
			)
		}
		tree, err := c.treeID(b.Commit, at)
		if errors.Is(err, fs.ErrNotExist) {
			return out, fmt.Errorf("the local package %s does not exist at %s", asked.Local, b.Commit.Short)
		}
		if err != nil {
			return out, err
		}
		out.inputs = append(out.inputs, graph.Input{Label: "package " + asked.Local, Value: tree})
	}
	if hub, ok := b.world.Getenv("DBT_PACKAGE_HUB_URL"); ok {
		out.inputs = append(out.inputs, graph.Input{Label: "DBT_PACKAGE_HUB_URL", Value: hub})
	}
	out.inputs = append(out.inputs, graph.Input{Label: "packages-install-path", Value: b.project.PackagesPath})
	if len(out.asked) == 0 {
		return out, nil
	}
	return out, c.checkPackagesPath(b)
}

// checkPackagesPath returns an error if the directory of the packages, which dbt deps
// empties, may be outside of the worktree or may have the project's own files.
func (c *contents) checkPackagesPath(b *build) error {
	if profile.HasJinja(b.project.PackagesPath) {
		return hint.New(
			fmt.Sprintf("dot can't evaluate packages-install-path, a directory that dbt deps empties: %s", b.project.PackagesPath),
			"let dbt_project.yml name a directory in the project; dot evaluates env_var and var only",
		)
	}
	if filepath.IsAbs(b.project.PackagesPath) || !filepath.IsLocal(path.Join(b.Project, b.project.PackagesPath)) {
		return hint.New(
			fmt.Sprintf("packages-install-path is %s: there, each build would replace the packages of the others", b.project.PackagesPath),
			"let dbt_project.yml name a directory in the project, or unset the variable that it reads",
		)
	}
	dir := strings.TrimPrefix(path.Clean(filepath.ToSlash(b.project.PackagesPath)), ".") // "" is the project itself
	for _, source := range b.sources() {
		own := within(source, dir)
		if !own && within(dir, source) {
			_, err := c.treeID(b.Commit, path.Join(b.Project, dir))
			own = err == nil
		}
		if own {
			return hint.New(
				fmt.Sprintf("packages-install-path is %s: dbt deps would delete the project's files there (%s)", b.project.PackagesPath, source),
				"let dbt_project.yml name a directory of its own, such as dbt_packages",
			)
		}
	}
	return nil
}

// sources returns the directories of the project that have its source files, with
// slashes. Paths that dot can't evaluate are left out: checkReads reports them.
func (b *build) sources() []string {
	scope := profile.Scope{Env: b.world.Getenv, Vars: b.env.Vars}
	var out []string
	for _, source := range b.project.Sources() {
		if rendered, err := scope.Render(source); err == nil {
			out = append(out, path.Clean(filepath.ToSlash(rendered)))
		}
	}
	return out
}

// treeID returns git's hash of a directory at a commit, the commit of the submodule
// that contains it, or the hash of the symbolic link on the way to it: what a link
// leads to is part of the commit, or a check refuses it. If there is no such directory,
// the error is fs.ErrNotExist.
func (c *contents) treeID(commit workspace.Commit, dir string) (string, error) {
	if dir == "." { // the repository's root
		return c.objects.ID(commit.Hash + ":")
	}
	id, err := c.objects.ID(commit.Hash + ":" + dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, err
	}
	for _, above := range above(dir)[1:] {
		link, failed := c.objects.ID(commit.Hash + ":" + above)
		if failed != nil {
			break
		}
		if _, failed = c.objects.ID(commit.Hash + ":" + above + "/"); failed != nil { // no directory
			return link, nil
		}
	}
	submodules, failed := c.objects.Submodules(commit.Hash)
	if failed != nil {
		return "", failed
	}
	for _, s := range submodules {
		if within(dir, s.Path) {
			return s.Commit, nil
		}
	}
	return "", err
}
