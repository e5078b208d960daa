package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// dotDir is the directory in Root that holds dot's worktrees. Nothing outside of it is ever
// removed.
const dotDir = ".dot"

// asCommitted makes a worktree contain the commit and nothing else, whatever the user has
// configured for their own: no sparse checkout, no submodules, and the commit's own attributes, so
// that a commit has the same bytes everywhere. git notices every edit, also one that keeps a file's
// time and size.
var asCommitted = []string{
	"-c", "core.sparseCheckout=false", "-c", "submodule.recurse=false", "-c", "advice.detachedHead=false",
	"-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c", "core.attributesFile=" + os.DevNull,
	"-c", "core.ignoreStat=false", "-c", "core.trustctime=true", "-c", "core.checkStat=default",
}

// AddWorktree makes a worktree of commit (a full hash) at path, which is below Root/.dot. Its HEAD
// is detached, and it is locked with the reason "dot", so that git never prunes it. Anything at
// path is removed first. git inherits the files in inherit. For submodules, see
// [Repo.AddSubmodules].
//
// AddWorktree may be killed at any moment: then [Repo.CheckWorktree] reports it, and the next call
// starts over.
func (r *Repo) AddWorktree(ctx context.Context, path, commit string, inherit []*os.File) error {
	return r.addWorktree(ctx, path, commit, nil, nil, inherit)
}

// addWorktree passes gitDir to git, which names the repository where git would not find it from
// Top. The worktree is sparse if cone isn't empty.
func (r *Repo) addWorktree(ctx context.Context, path, commit string, gitDir []string, cone Cone, inherit []*os.File) error {
	if !fullHash().MatchString(commit) {
		return fmt.Errorf("making a worktree: %q is not the hash of a commit", commit)
	}
	if err := r.remove(path); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil { // git would let others in
		return fmt.Errorf("making a worktree: %w", err)
	}
	add := command(r.Top, append(gitDir, asCommitted...)...)
	add.Argv = append(add.Argv, "worktree", "add", "--quiet", "--detach", "--lock")
	if len(cone) > 0 {
		add.Argv = append(add.Argv, "--no-checkout")
	}
	add.Argv = append(add.Argv, "--", path, commit)
	add.Inherit = inherit
	for attempt := 1; ; attempt++ {
		_, err := run(ctx, "worktree add", add)
		if err == nil && len(cone) > 0 {
			err = r.fill(ctx, path, cone, inherit)
		}
		if err == nil {
			err = r.finish(path)
		}
		if err == nil {
			return nil
		}
		err = errors.Join(err, r.remove(path))
		if !metAnother(err) || attempt == maxAttempts {
			return notWritten(err, path)
		}
	}
}

// notWritten adds advice that git (2.39) lacks for a file that it could not write.
func notWritten(err error, path string) error {
	failed := (*commandError)(nil)
	if !errors.As(err, &failed) || !strings.Contains(failed.failed.Stderr, "unable to write file") {
		return err
	}
	return hint.Add(err, "git doesn't say why; often there is no space left on the device: df "+filepath.Dir(path))
}

// maxAttempts is how often git may collide with another git before that is an error.
const maxAttempts = 20

// metAnother reports whether git failed because another git was making or removing a worktree at
// the same time. git reads the administration of all worktrees, and gives up if a file of one is
// not written yet. Or the other git removed the common directory with the last worktree in it,
// before this one could add its own (git 2.39).
func metAnother(err error) bool {
	failed := (*commandError)(nil)
	if !errors.As(err, &failed) {
		return false
	}
	stderr := failed.failed.Stderr
	return strings.Contains(stderr, "failed to read ") && strings.Contains(stderr, "/commondir:") ||
		strings.Contains(stderr, "could not create directory of ")
}

// finish marks the worktree at path as complete.
func (r *Repo) finish(path string) error {
	admin, err := r.admin(path)
	if err == nil {
		err = lock(admin, lockReason)
	}
	if err != nil {
		return fmt.Errorf("the worktree that git made at %s: %w", path, err)
	}
	return nil
}

// RemoveWorktree removes the worktree at path, which is below Root/.dot, and git's administration
// of it. Neither needs to exist. All files in it are lost. A path through a symbolic link is
// refused.
func (r *Repo) RemoveWorktree(ctx context.Context, path string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return r.remove(path)
}

// remove does what git worktree remove does. git itself refuses half-made worktrees, and git
// worktree prune would remove the user's prunable ones, too.
func (r *Repo) remove(path string) error {
	inside, err := r.insideDot(path)
	if err != nil {
		return err
	}
	admins, err := r.admins(path)
	if err != nil {
		return err
	}
	for _, admin := range admins {
		// From here on the worktree never passes for a complete one, even if removing stops
		// halfway.
		if err := lock(admin, beingRemoved); err != nil {
			return fmt.Errorf("removing a worktree: %w", err)
		}
	}
	if err := r.forgetBelow(path); err != nil {
		return err
	}
	if err := r.removeInside(inside); err != nil {
		return fmt.Errorf("removing the worktree at %s: %w", path, err)
	}
	for _, admin := range admins {
		if err := os.RemoveAll(admin); err != nil {
			return fmt.Errorf("removing git's administration of a worktree: %w", err)
		}
	}
	if len(admins) > 0 {
		// As git does. It fails, as intended, if there are other worktrees.
		_ = os.Remove(filepath.Join(r.CommonDir, "worktrees"))
	}
	return nil
}

// insideDot returns path relative to Root/.dot. It fails if path is not below it, or if a part of
// path is a symbolic link.
func (r *Repo) insideDot(path string) (string, error) {
	inside, err := filepath.Rel(filepath.Join(r.Root, dotDir), path)
	if err != nil || inside == "." || !filepath.IsLocal(inside) {
		return "", fmt.Errorf("%s is not one of dot's worktrees: it is not below %s", path, filepath.Join(r.Root, dotDir))
	}
	part := r.Root
	for name := range strings.SplitSeq(filepath.Join(dotDir, inside), string(filepath.Separator)) {
		part = filepath.Join(part, name)
		if info, err := os.Lstat(part); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return "", hint.Add(
				fmt.Errorf("%s is a symbolic link: dot does not make or remove worktrees through one", part),
				"remove the link, and run dot again",
			)
		}
	}
	return inside, nil
}

// removeInside removes a file or directory below Root/.dot. A symbolic link made meanwhile can't
// lead it elsewhere.
func (r *Repo) removeInside(inside string) error {
	root, err := os.OpenRoot(filepath.Join(r.Root, dotDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(inside)
}

// WorktreeChanges lists the files of the worktree at path that differ from its HEAD, and untracked
// ones. Ignored files have the status "!!".
func (r *Repo) WorktreeChanges(ctx context.Context, path string) ([]Change, error) {
	admin, err := r.admin(path)
	if err != nil {
		return nil, fmt.Errorf("the worktree at %s: %w", path, err)
	}
	return checkoutChanges(ctx, admin, path)
}

// SubmoduleChanges is WorktreeChanges for the ignored and the flagged files of a submodule in the
// worktree at path, which git status doesn't mention there. Paths start at path.
func (r *Repo) SubmoduleChanges(ctx context.Context, path string, s Submodule) ([]Change, error) {
	dir := filepath.Join(path, filepath.FromSlash(s.Path))
	gitDir, err := gitFile(dir)
	if errors.Is(err, errNoGitFile) {
		return nil, nil // excluded by the user's configuration
	}
	if err != nil {
		return nil, fmt.Errorf("submodule %s: %w", printable(s.Path), err)
	}
	changes, err := checkoutChanges(ctx, gitDir, dir)
	for i := range changes {
		changes[i].Path = s.Path + "/" + changes[i].Path
	}
	return changes, err
}

// checkoutChanges compares the files at path with the HEAD in gitDir.
func checkoutChanges(ctx context.Context, gitDir, path string) ([]Change, error) {
	flagged, err := run(ctx, "ls-files", checkoutCommand(gitDir, path, "ls-files", "-v", "-z"))
	if err != nil {
		return nil, err
	}
	c := checkoutCommand(gitDir, path, append(statusArgs, "--ignored")...)
	cone := readCone(gitDir)
	hides, err := cone.hides(path, entries(flagged))
	if err != nil {
		return nil, err
	}
	if !hides {
		changes, err := status(ctx, c)
		return cone.withoutLeftOut(changes), err
	}
	index, err := scratchIndex(ctx, func(args ...string) proc.Command { return checkoutCommand(gitDir, path, args...) }, "HEAD")
	if err != nil {
		return nil, err
	}
	defer index.remove()
	changes, err := status(ctx, index.use(c))
	return cone.withoutLeftOut(changes), err
}

// isFlagged reports whether a line of git ls-files -v is of a file whose edits git ignores, as
// somebody told it with git update-index --assume-unchanged or --skip-worktree.
func isFlagged(line string) bool {
	return line != "" && (line[0] == 'S' || line[0] >= 'a' && line[0] <= 'z')
}

// CheckoutChanges is WorktreeChanges for a worktree that git has just made. Git trusts a file
// whose time and size are those in the index, unless the index is no newer than the file: whether
// it looks at what it has just written is a matter of milliseconds (gitformat-index(5), racy git).
// Here it always looks.
func (r *Repo) CheckoutChanges(ctx context.Context, path string) (changes []Change, err error) {
	c, err := r.inWorktree(path, "rev-parse", "--path-format=absolute", "--git-path", "index")
	if err != nil {
		return nil, err
	}
	out, err := run(ctx, "rev-parse", c)
	if err != nil {
		return nil, err
	}
	index := strings.TrimSuffix(string(out), "\n")
	info, err := os.Stat(index)
	if errors.Is(err, fs.ErrNotExist) { // the commit has no files
		return r.WorktreeChanges(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chtimes(index, time.Time{}, time.Unix(1, 0)); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Chtimes(index, time.Time{}, info.ModTime())) }()
	return r.WorktreeChanges(ctx, path)
}

// ResetWorktree restores the worktree at path, which is below Root/.dot: HEAD is detached at
// commit, every file is as committed, and other files are gone, ignored ones too. A branch that
// somebody checked out there keeps its commit. Afterwards submodules are gone: see
// [Repo.AddSubmodules].
func (r *Repo) ResetWorktree(ctx context.Context, path, commit string) error {
	if err := r.removeSubmodules(ctx, path); err != nil {
		return fmt.Errorf("resetting the worktree at %s: %w", path, err)
	}
	// The index may say that edits of some files don't count.
	admin, err := r.admin(path)
	var options []string
	if err == nil {
		options, err = r.resetCone(admin, path)
	}
	if err == nil {
		err = os.Remove(filepath.Join(admin, "index"))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("resetting the worktree at %s: %w", path, err)
	}
	for _, args := range [][]string{
		{"checkout", "--quiet", "--force", "--detach", commit, "--"},
		{"clean", "--quiet", "-d", "-x", "--force", "--force"}, // twice: nested repositories, too
	} {
		if _, err := run(ctx, args[0], checkoutWith(admin, path, options, args...)); err != nil {
			return fmt.Errorf("resetting the worktree at %s: %w", path, err)
		}
	}
	return nil
}

// inWorktree is a git command in the worktree at path. It names repository and worktree to git. In
// a directory that is no worktree any more, git would otherwise use the repository around it, which
// is the user's.
func (r *Repo) inWorktree(path string, args ...string) (proc.Command, error) {
	admin, err := r.admin(path)
	if err != nil {
		return proc.Command{}, fmt.Errorf("the worktree at %s: %w", path, err)
	}
	return checkoutCommand(admin, path, args...), nil
}

// checkoutCommand is a git command on the files at path, whose HEAD is in gitDir.
func checkoutCommand(gitDir, path string, args ...string) proc.Command {
	all := append(gitDirAt(gitDir, path), asCommitted...)
	return command(path, append(all, args...)...)
}
