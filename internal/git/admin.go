package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/smallfile"
)

// git keeps the state of a linked worktree in a directory, <common>/worktrees/<id>, called its
// admin here (gitrepository-layout(5)). The admin's file `gitdir` names the worktree's .git file,
// which names the admin in turn. HEAD is what is checked out. `locked` keeps git from pruning the
// worktree, and says why.

// lockReason is the content of `locked` in every complete worktree of dot's. dot writes it once git
// is done, so that a half-made worktree never passes for a complete one.
const lockReason = "dot"

// unfinished are the lock reasons of worktrees that are being made or removed. The first two are
// git 2.39's own, in English: see environment.
var unfinished = []string{"initializing", "added with --lock", beingRemoved}

const beingRemoved = "dot: being removed"

// fullHash matches a complete hash, SHA-1 or SHA-256.
var fullHash = lazy.Regexp(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// MovedError says that a worktree is complete, but that somebody checked out another commit or
// branch in it.
type MovedError struct {
	At string // what its HEAD file says: a hash, or "ref: refs/heads/..."
}

func (e *MovedError) Error() string {
	at, isRef := strings.CutPrefix(e.At, "ref: ")
	switch branch, isBranch := strings.CutPrefix(at, "refs/heads/"); {
	case isBranch:
		at = "branch " + branch
	case !isRef && fullHash().MatchString(at):
		at = at[:12]
	}
	return "its HEAD is at " + printable(at)
}

// ErrHalfMade says that making or removing a worktree was interrupted. Everything in such a
// worktree came from git, so nothing of a user's is lost with it.
var ErrHalfMade = errors.New("half made")

// CheckWorktree says in a few words why the directory at path is not a complete worktree of this
// repository at commit (a full hash). The error is a [MovedError] if only its HEAD differs.
// CheckWorktree runs no git and doesn't look at the files: see [Repo.WorktreeChanges].
func (r *Repo) CheckWorktree(path, commit string) error {
	switch info, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("missing")
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("not a directory")
	}
	admin, err := r.admin(path)
	if err != nil {
		return err
	}
	return whole(admin, commit)
}

// whole says why a git directory (an admin or a submodule's) does not describe a complete checkout
// of commit.
func whole(gitDir, commit string) error {
	if slices.Contains(unfinished, read(gitDir, "locked")) {
		return ErrHalfMade
	}
	if _, err := os.Stat(filepath.Join(gitDir, "index")); err != nil {
		return errors.New("its index is missing")
	}
	if at := read(gitDir, "HEAD"); at != commit {
		return &MovedError{At: at}
	}
	return nil
}

// admin finds the admin of the worktree at path. It fails unless admin and worktree name each
// other.
func (r *Repo) admin(path string) (string, error) {
	admin, err := gitFile(path)
	if err != nil {
		return "", err
	}
	if !samePath(filepath.Dir(admin), filepath.Join(r.CommonDir, "worktrees")) {
		return "", errors.New("registered with another repository")
	}
	if !samePath(worktreeOf(admin), path) {
		return "", errors.New("not registered with git")
	}
	return admin, nil
}

var errNoGitFile = errors.New("its .git file is missing")

// gitFile returns the git directory that the .git file of a worktree names.
func gitFile(path string) (gitDir string, err error) {
	text, err := os.ReadFile(filepath.Join(path, ".git"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errNoGitFile
	}
	if err != nil {
		return "", err
	}
	gitDir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !ok {
		return "", errors.New("its .git file is damaged")
	}
	return absolute(path, gitDir), nil
}

// allAdmins lists the admins of all linked worktrees.
func (r *Repo) allAdmins() ([]string, error) {
	all := filepath.Join(r.CommonDir, "worktrees")
	found, err := os.ReadDir(all)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the worktrees of %s: %w", r.CommonDir, err)
	}
	admins := make([]string, len(found))
	for i, entry := range found {
		admins[i] = filepath.Join(all, entry.Name())
	}
	return admins, nil
}

// admins lists the admins that name a worktree at path, whether or not that exists. After a crash
// there can be several.
func (r *Repo) admins(path string) ([]string, error) {
	all, err := r.allAdmins()
	return slices.DeleteFunc(all, func(admin string) bool { return !samePath(worktreeOf(admin), path) }), err
}

// worktreeOf returns the worktree that an admin names, "" if it names none.
func worktreeOf(admin string) string {
	file := read(admin, "gitdir")
	if file == "" {
		return ""
	}
	return filepath.Dir(absolute(admin, file))
}

// read returns the content of one of an admin's files. A missing file reads as an empty one.
func read(admin, name string) string {
	text, _ := smallfile.Read(filepath.Join(admin, name))
	return strings.TrimSpace(string(text))
}

// absolute resolves a path from one of git's files. Such a path has slashes, and is relative to the
// file's directory if the user wants it so (worktree.useRelativePaths, git 2.48).
func absolute(dir, path string) string {
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return filepath.Clean(path)
}

// samePath compares two paths after resolving symbolic links. Neither path needs to exist.
func samePath(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(filepath.Clean(a), filepath.Clean(b))
	}
	return filepath.Clean(a) == filepath.Clean(b)
}

// lock writes, atomically, the reason why an admin must not be pruned.
func lock(admin, reason string) error {
	return replace(filepath.Join(admin, "locked"), []byte(reason+"\n"))
}

// replace writes one of an admin's files, atomically.
func replace(name string, data []byte) error {
	temporary := name + ".new"
	if err := os.WriteFile(temporary, data, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
