package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/workspace"
)

// Models and hooks may write files: dbt runs in the worktree, so a relative path leads
// there. Such a file is no change of the commit until somebody else changes it.

// runFiles is the name of the file that lists the files that a build's runs made.
const runFiles = "files.json"

// noteFiles lists the files in a build's worktree that its command has made. Before the
// command, there were no others: see pristine.
func (rt *runtime) noteFiles(b *build) error {
	ctx := context.Background() // also after an interrupt
	changes, err := rt.changes(ctx, b)
	if err != nil {
		return err
	}
	own := filepath.Join(b.Dir(), runFiles)
	made := filesOfRuns(own)
	if len(changes) == 0 {
		return nil
	}
	for _, change := range changes {
		if change.Status == "??" {
			made[change.Path] = stamp(b.Commit, change.Path)
		}
	}
	data, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return durable.Write(own, data, 0o600)
}

// withoutRuns leaves out the untracked files that runs of the commit's builds made.
func withoutRuns(b *build, changes []git.Change) []git.Change {
	lists, err := filepath.Glob(filepath.Join(filepath.Dir(b.Dir()), "*", runFiles))
	if err != nil || len(lists) == 0 {
		return changes
	}
	return slices.DeleteFunc(changes, func(change git.Change) bool {
		now := stamp(b.Commit, change.Path)
		return change.Status == "??" && now != "" && slices.ContainsFunc(lists, func(list string) bool {
			return filesOfRuns(list)[change.Path] == now
		})
	})
}

// filesOfRuns reads a list: the files' stamps by their paths. One that can't be read is
// empty.
func filesOfRuns(list string) map[string]string {
	made := map[string]string{}
	if text, err := os.ReadFile(list); err == nil && json.Unmarshal(text, &made) != nil {
		return map[string]string{}
	}
	return made
}

// stamp tells two states of a file in a worktree apart; "" if it can't.
func stamp(commit workspace.Commit, file string) string {
	info, err := os.Lstat(filepath.Join(commit.Worktree(), filepath.FromSlash(file)))
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return fmt.Sprint(info.Size(), " ", info.ModTime().UnixNano())
}
