package git

import (
	"os"
	"path/filepath"
)

// operations are the files and directories of a worktree that are there as long as git does something
// that takes several steps (gitrepository-layout(5) and wt-status.c).
var operations = []struct{ file, what string }{
	{"rebase-merge", "a rebase"},
	{"rebase-apply", "a rebase"},
	{"MERGE_HEAD", "a merge"},
	{"CHERRY_PICK_HEAD", "a cherry-pick"},
	{"REVERT_HEAD", "a revert"},
	{"index.lock", "a git command"},
}

// Operation says what git is in the middle of, such as "a rebase"; "" for nothing. Until it is over,
// the files of the working tree are those of some step.
func (r *Repo) Operation() string {
	for _, o := range operations {
		if _, err := os.Lstat(filepath.Join(r.gitDir, o.file)); err == nil {
			return o.what
		}
	}
	return ""
}
