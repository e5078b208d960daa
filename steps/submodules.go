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

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// worktreeOutputs are the outputs in the record of the worktree step.
type worktreeOutputs struct {
	Submodules []submodule `json:"submodules,omitempty"`
	// AsMade are digests of files, by path, that git reports as changed right after
	// the checkout.
	AsMade map[string]string `json:"as_made,omitempty"`
}

// A submodule is a submodule that was checked out in a worktree.
type submodule struct {
	git.Submodule
	// EnvVars and Computed are the environment variables that its files read. They
	// are known only after the checkout, since the files are in another repository.
	EnvVars  []string `json:"env_vars,omitempty"`
	Computed []string `json:"computed,omitempty"`
}

// addSubmodules checks out the submodules of a commit's worktree.
func (a *addWorktree) addSubmodules(ctx context.Context, held []*os.File) ([]submodule, error) {
	commit := a.build.Commit
	all, err := a.repo.AddSubmodules(ctx, commit.Worktree(), held)
	if err != nil {
		return nil, fmt.Errorf("check out the submodules of %s: %w", commit.Short, err)
	}
	var out []submodule
	for _, s := range all {
		use, err := scanDir(filepath.Join(commit.Worktree(), filepath.FromSlash(s.Path)), s.Path)
		if err != nil {
			return nil, fmt.Errorf("look for env_var in submodule %s: %w", s.Path, err)
		}
		use = use.Public()
		out = append(out, submodule{Submodule: s, EnvVars: use.Names, Computed: use.Computed})
	}
	return out, nil
}

// checkSubmodules returns an error if one of the checked-out submodules is missing or
// at another commit.
func (w *worktrees) checkSubmodules(commit workspace.Commit, out worktreeOutputs) error {
	all := make([]git.Submodule, len(out.Submodules))
	for i, s := range out.Submodules {
		all[i] = s.Submodule
	}
	return w.repo.CheckSubmodules(commit.Worktree(), all)
}

// submoduleReads returns the environment variables that the checked-out submodules of a
// build read, if its project or its other source files are in them or around them.
func (w *worktrees) submoduleReads(b *build) profile.EnvUse {
	var use profile.EnvUse
	var out worktreeOutputs
	record, err := w.ws.Load(b.Commit.Record("worktree"))
	if err != nil || record.Decode(&out) != nil {
		return use
	}
	paths := b.sourcePaths()
	for _, s := range out.Submodules {
		if slices.ContainsFunc(paths, func(at string) bool { return within(s.Path, at) || within(at, s.Path) }) {
			use = use.Plus(profile.EnvUse{Names: s.EnvVars, Computed: s.Computed})
		}
	}
	return use
}

// within reports whether a path is a directory or in that directory. "" is the top
// directory.
func within(name, dir string) bool {
	return dir == "" || name == dir || strings.HasPrefix(name, dir+"/")
}

// scanDir returns the environment variables that the files below a directory read.
// EnvUse gives the directory's files below name.
func scanDir(dir, name string) (profile.EnvUse, error) {
	var use profile.EnvUse
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !renderedByDBT(file) {
			return err
		}
		text, err := readFile(file)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
			return nil // a broken link, or one to a directory or device
		}
		use = use.Plus(profile.ScanEnvVars(path.Join(name, filepath.ToSlash(file[len(dir):])), text))
		return err
	})
	return use, err
}
