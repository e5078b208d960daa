package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/proc"
)

// A submodule is a directory of a commit that stands for a commit of another repository. git keeps
// that repository at <common>/modules/<name> for the main worktree, and at
// <common>/worktrees/<id>/modules/<name> for a linked one. So `git submodule update` in a worktree
// of dot's would clone again what the user already has.
//
// dot avoids that: if the user has the repository, dot checks the submodule out as a linked
// worktree of it. Nothing is copied or fetched, and the user's own checkout and configuration stay
// as they are. If the user doesn't have it, git clones it.

// Submodule is a submodule of a commit, or of one of its submodules.
type Submodule struct {
	Path   string `json:"path"`   // with slashes, from the top of the outermost worktree
	Commit string `json:"commit"` // in the submodule's repository
}

// Submodules lists the submodules of a commit: the directories that are commits and have a name in
// .gitmodules. It does not list submodules inside submodules.
func (o *Objects) Submodules(commit string) ([]Submodule, error) {
	named, err := submodules(o.ctx, o.repo.reader, commit)
	var all []Submodule
	for _, s := range named {
		all = append(all, s.Submodule)
	}
	return all, err
}

// AddSubmodules checks out all submodules, nested ones too, in the complete worktree at path, which
// is below Root/.dot. It returns all of them. A complete submodule stays as it is, even with
// changes in it. An incomplete one is made again. git inherits the files in inherit.
//
// If the user's repository has the commit, no network is used. An error has hints.
func (r *Repo) AddSubmodules(ctx context.Context, path string, inherit []*os.File) ([]Submodule, error) {
	admin, err := r.admin(path)
	if err != nil {
		return nil, fmt.Errorf("the worktree at %s: %w", path, err)
	}
	top := &checkout{top: r, path: path, gitDir: admin, commonDir: r.CommonDir, inherit: inherit}
	return top.addSubmodules(ctx)
}

// CheckSubmodules says which submodule of the worktree at path is incomplete, and why. It runs no
// git and doesn't look for changes: [Repo.WorktreeChanges] finds those, and also other commits that
// somebody checked out.
func (r *Repo) CheckSubmodules(path string, all []Submodule) error {
	for _, s := range all {
		_, err := checkSubmodule(filepath.Join(path, filepath.FromSlash(s.Path)), s.Commit)
		if moved := (*MovedError)(nil); err != nil && !errors.As(err, &moved) {
			return fmt.Errorf("submodule %s: %w", printable(s.Path), err)
		}
	}
	return nil
}

// checkSubmodule says why the directory at dir is not a complete checkout of a submodule. It also
// returns the submodule's git directory.
func checkSubmodule(dir, commit string) (gitDir string, err error) {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("missing")
	}
	if gitDir, err = gitFile(dir); err != nil {
		return "", err
	}
	if _, err := os.Lstat(gitDir); errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("its repository is gone")
	}
	switch worktree := worktreeOf(gitDir); {
	case worktree == "" && read(gitDir, "locked") == "": // cloned by git, and not yet marked as complete by dot
		return "", ErrHalfMade
	case worktree != "" && !samePath(worktree, dir):
		return "", errors.New("not registered with git")
	}
	return gitDir, whole(gitDir, commit)
}

// gitlink is the mode of a submodule in a tree.
const gitlink = "160000"

// named is a submodule with its name in .gitmodules, which decides where git keeps its repository.
type named struct {
	Submodule
	name string
}

// submodules lists the submodules of a commit. git is a git command on its repository.
func submodules(ctx context.Context, git func(args ...string) proc.Command, commit string) ([]named, error) {
	out, err := run(ctx, "ls-tree", git("ls-tree", "-r", "--full-tree", "-z", commit))
	if err != nil {
		return nil, err
	}
	commits, file := map[string]string{}, ""
	for _, entry := range entries(out) {
		about, name, _ := strings.Cut(entry, "\t") // mode, type and id
		switch mode, id := about[:6], about[strings.LastIndex(about, " ")+1:]; {
		case mode == gitlink:
			commits[name] = id
		case name == ".gitmodules" && mode != "120000": // git ignores a .gitmodules that is a symbolic link
			file = id
		}
	}
	if len(commits) == 0 || file == "" {
		return nil, nil
	}
	out, err = run(ctx, "config", git("config", "--blob", file, "--null", "--get-regexp", `^submodule\..*\.path$`))
	if failed := (*proc.ExitError)(nil); errors.As(err, &failed) && failed.Exit.Code == 1 && failed.Stderr == "" {
		return nil, nil // no submodule has a name
	}
	if err != nil {
		return nil, fmt.Errorf(".gitmodules at %s: %w", commit, err)
	}
	var all []named
	for _, entry := range entries(out) {
		key, at, _ := strings.Cut(entry, "\n")
		at = path.Clean(at)
		if id := commits[at]; id != "" {
			delete(commits, at) // if the path repeats, the first name counts
			name := strings.TrimSuffix(strings.TrimPrefix(key, "submodule."), ".path")
			all = append(all, named{Submodule{Path: at, Commit: id}, name})
		}
	}
	return all, nil
}
