package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/saves"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
)

// Watched is the project in the working tree, with the files that a build of it depends on.
type Watched struct {
	world World
	req   Request
	repo  *git.Repo
}

// Watch finds what a request builds of the working tree. The request has no other specs.
func Watch(ctx context.Context, world World, req Request) (*Watched, error) {
	dir, err := findProject(world.Dir)
	if err != nil {
		return nil, err
	}
	repo, err := git.Open(ctx, dir)
	if err != nil {
		return nil, err
	}
	return &Watched{world, req, repo}, nil
}

// project returns the project's directory as the repository has it.
func (w *Watched) project() string {
	return filepath.Join(w.repo.Top, filepath.FromSlash(w.repo.Prefix))
}

// Places returns where the files are, as the project says it now. If it can't be read, that is at least
// the project's own directory.
func (w *Watched) Places(ctx context.Context) saves.Places {
	project := w.project()
	p := saves.Places{
		Top: w.repo.Top, Trees: append([]string{project}, w.localPackages()...),
		Files: config.Files(project), Except: []string{filepath.Join(w.repo.Root, workspace.Dir)},
	}
	packages := "dbt_packages"
	w.outputs(ctx, func(read profile.Project, file, duckdb string) {
		packages = read.PackagesPath
		for _, name := range []string{file, real(file)} {
			if !slices.Contains(p.Files, name) {
				p.Files = append(p.Files, name)
			}
		}
		if duckdb != "" { // each round writes it
			p.Except = append(p.Except, real(duckdb), real(duckdb)+".wal")
		}
	})
	if file := dbt.DotEnvFile("", "", project); file != "" {
		p.Files = append(p.Files, file)
	}
	for _, tree := range p.Trees {
		for _, made := range []string{"target", "logs", packages} {
			p.Except = append(p.Except, filepath.Join(tree, made))
		}
	}
	return p
}

// real returns a path without symbolic links, or as it is if there is nothing.
func real(path string) string {
	if found, err := filepath.EvalSymlinks(path); err == nil {
		return found
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.Base(path))
}

// outputs calls visit with the profile's file and the DuckDB file of each environment that is built.
// What can't be read is left out: the round says so.
func (w *Watched) outputs(ctx context.Context, visit func(project profile.Project, file, duckdb string)) {
	p, err := openProject(w.world, Request{Command: w.req.Command, Args: w.req.Args, Specs: w.req.Specs, Baseline: w.req.Baseline, Planning: true})
	if err != nil {
		return
	}
	given, err := p.readArguments()
	if err != nil {
		return
	}
	project, err := p.workingProject()
	if err != nil {
		return
	}
	for _, s := range w.req.Specs {
		if env, err := p.environment(ctx, spec.Spec{Env: s.Env}, project, given, nil); err == nil && env.output != nil {
			visit(project, env.output.File(), p.factsOf(env.output).duckdb)
		}
	}
}

// localPackages returns the directories of packages that are in the repository, but not in the
// project's directory.
func (w *Watched) localPackages() (dirs []string) {
	for _, name := range []string{"packages.yml", "dependencies.yml"} {
		text, err := os.ReadFile(filepath.Join(w.project(), name))
		if err != nil {
			continue
		}
		asked, _ := profile.ParsePackages(name, text) // dbt says what is wrong with it
		for _, one := range asked {
			dir := path.Join(w.repo.Prefix, one.Local)
			if one.Local == "" || path.IsAbs(one.Local) || !filepath.IsLocal(filepath.FromSlash(dir)) || within(dir, w.repo.Prefix) {
				continue
			}
			if dir = filepath.Join(w.repo.Top, filepath.FromSlash(dir)); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// Ignored returns which of some paths git ignores; see [saves.Ignored].
func (w *Watched) Ignored(ctx context.Context, paths []string) (map[string]bool, error) {
	return w.repo.Ignored(ctx, paths)
}

// Busy says what git is in the middle of, "" for nothing.
func (w *Watched) Busy() string { return w.repo.Operation() }

// A TreeState tells states of the watched files apart.
type TreeState struct {
	Commit string // the hash of the working tree's commit
	Files  string // a digest of the files that count although git may ignore them
}

// State returns the state of the files now. It writes nothing.
func (w *Watched) State(ctx context.Context) (TreeState, error) {
	repo, err := git.Open(ctx, w.world.Dir)
	if err != nil {
		return TreeState{}, err
	}
	files := w.Files(ctx)
	commits, err := repo.Resolve(ctx, []string{git.WorkingTree})
	if err = errors.Join(err, repo.DropDraft()); err != nil {
		return TreeState{}, err
	}
	return TreeState{commits[0].Hash, files}, nil
}

// Files returns a digest of the files that count although git may ignore them.
func (w *Watched) Files(ctx context.Context) string {
	var all []byte
	for _, name := range w.Places(ctx).Files {
		text, err := os.ReadFile(name)
		all = fmt.Appendf(all, "%q %t %q\n", name, err == nil, text)
	}
	return digest(all)
}

// WorkingTree returns the hash of the working tree's commit that the program builds, "" for none.
func (p *Program) WorkingTree() string {
	for _, r := range p.Resolved {
		if r.Commit.Draft != nil {
			return r.Commit.Hash
		}
	}
	return ""
}

// MayRead reports whether a command that the program runs may read one of these files of the working
// tree, with absolute paths. It doesn't read the file of a model, seed or snapshot that it neither
// works on nor depends on. Of all other files it isn't certain.
func (p *Program) MayRead(files []string) bool {
	return slices.ContainsFunc(p.Builds, func(b *Built) bool {
		return slices.ContainsFunc(files, func(file string) bool { return b.mayRead(file) })
	})
}

func (b *Built) mayRead(file string) bool {
	rt, build := b.runtime, b.job.build
	if build == nil || !slices.Contains([]string{".sql", ".py", ".csv"}, filepath.Ext(file)) {
		return true
	}
	project := filepath.Join(rt.repo.Top, filepath.FromSlash(rt.repo.Prefix))
	name, err := filepath.Rel(project, file)
	if err != nil || !filepath.IsLocal(name) {
		return true
	}
	if record, err := rt.ws.Load(build.CheckRecord(b.job.slot)); err != nil || record.State != graph.Succeeded {
		return true // the check hasn't said yet what the command works on
	}
	checked, err := rt.checked(b.job)
	if err != nil {
		return true
	}
	nodes, err := readGraph(filepath.Join(build.Target(), "manifest.json"))
	if err != nil {
		return true
	}
	selected := slices.Clone(checked.Others)
	for _, n := range checked.Nodes {
		selected = append(selected, n.ID)
	}
	below := nodes.Ancestors(selected)
	defined := nodes.InFile(build.project.Name, strings.ReplaceAll(name, `\`, "/"))
	return len(defined) == 0 || slices.ContainsFunc(defined, func(id string) bool {
		return below[id] || slices.Contains(selected, id)
	})
}
