package git

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// What git keeps of a linked worktree is a directory, <common>/worktrees/<id>, called its admin here
// (gitrepository-layout(5)). `gitdir` in it names the worktree's .git file, which names the admin in turn; HEAD is what
// is checked out; `locked` keeps git from pruning it, and says why.

// lockReason is in `locked` of a whole worktree of dot's. It is written when git is done, so that half of a worktree is
// never taken for a whole one.
const lockReason = "dot"

// unfinished are the lock reasons of worktrees that are being made (git 2.39's own, in English: see environment) or
// removed.
var unfinished = []string{"initializing", "added with --lock", beingRemoved}

const beingRemoved = "dot: being removed"

// fullHash is a hash as it stands in a file: SHA-1 or SHA-256.
var fullHash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// MovedError says that a worktree is whole, but that somebody checked something else out in it.
type MovedError struct {
	At string // what its HEAD file says: a hash, or "ref: refs/heads/..."
}

func (e *MovedError) Error() string {
	at, isRef := strings.CutPrefix(e.At, "ref: ")
	switch branch, isBranch := strings.CutPrefix(at, "refs/heads/"); {
	case isBranch:
		at = "branch " + branch
	case !isRef && fullHash.MatchString(at):
		at = at[:12]
	}
	return "its HEAD is at " + printable(at)
}

// ErrHalfMade says of a worktree that it was being made, or removed, when that was interrupted: nothing in it is of
// anybody's making but git's.
var ErrHalfMade = errors.New("half made")

// CheckWorktree tells why what stands at path is not a whole worktree of this repository at commit (a full hash): a few
// words. It is a [MovedError] if only its HEAD is another one. It runs no git, and does not look at the files: see
// [Repo.WorktreeChanges].
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

// whole tells why what git keeps in a git directory is not the checkout of a commit.
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

// admin finds the admin of the worktree at path, and makes sure that each names the other.
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

// gitFile is where the .git file of a worktree leads.
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

// allAdmins are the admins of all worktrees but the main one.
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

// admins are all that are about a worktree at path, which need not exist: there is more than one after a crash.
func (r *Repo) admins(path string) ([]string, error) {
	all, err := r.allAdmins()
	return slices.DeleteFunc(all, func(admin string) bool { return !samePath(worktreeOf(admin), path) }), err
}

// worktreeOf is the worktree that an admin names, "" if it doesn't.
func worktreeOf(admin string) string {
	file := read(admin, "gitdir")
	if file == "" {
		return ""
	}
	return filepath.Dir(absolute(admin, file))
}

// read is the content of one of an admin's files, "" if there is none. A missing and an empty one mean the same.
func read(admin, name string) string {
	text, _ := os.ReadFile(filepath.Join(admin, name))
	return strings.TrimSpace(string(text))
}

// absolute is a path that stands in a file of git's: with slashes, and relative to the file's directory if the user
// wants it so (worktree.useRelativePaths, git 2.48).
func absolute(dir, path string) string {
	path = filepath.FromSlash(path)
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return filepath.Clean(path)
}

// samePath compares paths without symbolic links, of which neither need exist.
func samePath(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(filepath.Clean(a), filepath.Clean(b))
	}
	return filepath.Clean(a) == filepath.Clean(b)
}

// lock writes why an admin must not be pruned, at once or not at all.
func lock(admin, reason string) error {
	temporary := filepath.Join(admin, "locked.new")
	if err := os.WriteFile(temporary, []byte(reason+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, filepath.Join(admin, "locked"))
}
