package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Ignores reports whether the repository's own rules ignore a directory at
// Root: a .gitignore above what is in it, or info/exclude. Neither a
// .gitignore inside the directory counts nor the user's core.excludesFile,
// which nobody else has. Where Root is no worktree, as with a bare repository,
// there is nothing to ignore it in: true.
//
// Where Root's .gitignore has a line for just this directory, no git runs.
func (r *Repo) Ignores(ctx context.Context, dir string) (bool, error) {
	if _, err := os.Lstat(filepath.Join(r.Root, ".git")); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if ignoredPlainly(filepath.Join(r.Root, ".gitignore"), dir) {
		return true, nil
	}
	// Asked about something in the directory, which need not exist, so that
	// "dir/*" counts too. --no-index: a rule counts even if files are tracked.
	inside := dir + "/x"
	check := command(r.Root, "-c", "core.excludesFile=", "check-ignore", "--verbose", "--no-index", "-z", "--stdin")
	check.Stdin = strings.NewReader(inside + "\x00")
	out, err := run(ctx, "check-ignore", check)
	var failed *proc.ExitError
	switch {
	case errors.As(err, &failed) && failed.Exit.Code == 1: // no rule
		return false, nil
	case errors.As(err, &failed) && strings.Contains(failed.Stderr, "must be run in a work tree"):
		return true, nil
	case err != nil:
		return false, err
	}
	// The rule: its file, line and pattern, and the path (git-check-ignore(1)).
	fields := entries(out)
	if len(fields) < 3 {
		return false, fmt.Errorf("git answers %q to whether %s is ignored", out, dir)
	}
	file, pattern := fields[0], fields[2]
	return !strings.HasPrefix(file, dir+"/") && !strings.HasPrefix(pattern, "!"), nil
}

// ignoredPlainly reports whether a .gitignore has a line for just dir. Where a
// later line takes something back, it is git's to say what that means.
func ignoredPlainly(file, dir string) bool {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() { // git follows no symbolic link here since 2.32
		return false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	// The last one is about what is in it: there, git would name the directory's own .gitignore, if it has one.
	plain := []string{dir, dir + "/", "/" + dir, "/" + dir + "/", dir + "/*"}
	found := false
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		switch line = strings.TrimRight(line, "\r\n"); {
		case strings.HasPrefix(line, "!"):
			found = false
		case slices.Contains(plain, line):
			found = true
		}
	}
	return found
}
