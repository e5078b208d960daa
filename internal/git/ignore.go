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

// Ignores reports whether the repository's own rules ignore a directory at Root: a .gitignore above
// the directory's content, or info/exclude. A .gitignore inside the directory doesn't count.
// Neither does the user's core.excludesFile, since nobody else has it. If Root is no worktree, as
// in a bare repository, the answer is true: git never looks at the directory there.
//
// If Root's .gitignore has a line for exactly this directory, no git runs.
func (r *Repo) Ignores(ctx context.Context, dir string) (bool, error) {
	if _, err := os.Lstat(filepath.Join(r.Root, ".git")); errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if ignoredPlainly(filepath.Join(r.Root, ".gitignore"), dir) {
		return true, nil
	}
	// The directory need not exist. A name in it stands for "dir/*"; a rule for files
	// should not have that name. --no-index: a rule counts even if files are tracked.
	asked := []string{dir + "/", dir + "/.dot-asks-whether-all-here-is-ignored"}
	check := command(r.Root, "-c", "core.excludesFile=", "check-ignore", "--verbose", "--no-index", "-z", "--stdin")
	check.Stdin = strings.NewReader(strings.Join(asked, "\x00") + "\x00")
	out, err := run(ctx, "check-ignore", check)
	var failed *proc.ExitError
	switch {
	case errors.As(err, &failed) && failed.Exit.Code == 1: // no rule matches
		return false, nil
	case errors.As(err, &failed) && strings.Contains(failed.Stderr, "must be run in a work tree"):
		return true, nil
	case err != nil:
		return false, err
	}
	// For each path the rule: its file, line and pattern, and the path (git-check-ignore(1)).
	for rule := range slices.Chunk(entries(out), 4) {
		if len(rule) < 4 {
			return false, fmt.Errorf("asking git whether %s is ignored: unexpected output %q", dir, out)
		}
		file, pattern := rule[0], rule[2]
		if !strings.HasPrefix(file, dir+"/") && !strings.HasPrefix(pattern, "!") {
			return true, nil
		}
	}
	return false, nil
}

// ignoredPlainly reports whether a .gitignore has a line for exactly dir. A negated pattern after
// it makes the answer false: git must decide then.
func ignoredPlainly(file, dir string) bool {
	info, err := os.Lstat(file)
	if err != nil || !info.Mode().IsRegular() { // since 2.32, git follows no symbolic link here
		return false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	// The last pattern matches the directory's content. For that, git would name the directory's
	// own .gitignore, if it has one.
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
