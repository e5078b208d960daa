package git

import (
	"context"
	"strings"

	"dot-for-dbt/internal/proc"
)

// Change is a file that differs from HEAD.
type Change struct {
	Status string // two letters, as in git status --porcelain: " M", "??", ...
	Path   string // from the top of the worktree, with slashes
}

// String reads " M models/a.sql".
func (c Change) String() string { return c.Status + " " + c.Path }

// Uncommitted counts the changed and untracked files below dir, a path below Top with slashes, ""
// for all. Ignored files and files in `.dot` don't count.
func (r *Repo) Uncommitted(ctx context.Context, dir string) (int, error) {
	c := command(r.Top, statusArgs...)
	if dir != "" {
		c.Argv = append(c.Argv, "--", dir)
	}
	changes, err := status(ctx, c)
	count := 0
	for _, change := range changes {
		if !strings.HasPrefix(change.Path, dotDir+"/") {
			count++
		}
	}
	return count, err
}

// statusArgs overrule the user's own preferences. They also make git take paths literally, and
// report submodules like files.
var statusArgs = []string{
	"--literal-pathspecs", "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=none",
}

// status runs git status and parses its output.
func status(ctx context.Context, c proc.Command) ([]Change, error) {
	out, err := run(ctx, "status", c)
	var changes []Change
	for _, entry := range entries(out) {
		if len(entry) > 3 { // "XY path"
			changes = append(changes, Change{Status: entry[:2], Path: entry[3:]})
		}
	}
	return changes, err
}
