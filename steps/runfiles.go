package steps

import (
	"context"
	"encoding/json"
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

// makeExternal makes the directory for the files of a build's external models: DuckDB
// doesn't.
func makeExternal(b *build) error {
	if b.external == "" {
		return nil
	}
	mode := os.FileMode(0o777)
	if inside(b.FilesDir(), b.external) {
		mode = 0o700
	}
	return os.MkdirAll(b.external, mode)
}

// noteFiles lists the files that the build's command has made in the worktree. pristine
// has checked before that there were no others.
func (w *worktrees) noteFiles(b *build) error {
	changes, err := w.changes(context.Background(), b) // also after an interrupt
	if err != nil || len(changes) == 0 {
		return err
	}
	list := filepath.Join(b.Dir(), runFiles)
	made := readRunFiles(list)
	for _, change := range changes {
		if !isTracked(change) {
			made[change.Path] = stateOf(b.Commit, change.Path)
		}
	}
	data, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return durable.Write(list, data, 0o600)
}

// withoutRuns leaves out the files outside of the commit that runs of the commit's builds made.
func withoutRuns(b *build, changes []git.Change) []git.Change {
	if len(changes) == 0 {
		return nil
	}
	var made []map[string]string
	environments := filepath.Dir(b.Dir())
	builds, _ := os.ReadDir(environments) // none before the first build
	for _, build := range builds {
		made = append(made, readRunFiles(filepath.Join(environments, build.Name(), runFiles)))
	}
	return slices.DeleteFunc(changes, func(change git.Change) bool {
		state := stateOf(b.Commit, change.Path)
		return !isTracked(change) && state != "" &&
			slices.ContainsFunc(made, func(files map[string]string) bool { return files[change.Path] == state })
	})
}

// readRunFiles reads the list of a build: the files' states, by their paths. It is empty
// if it can't be read.
func readRunFiles(list string) map[string]string {
	made := map[string]string{}
	if text, err := os.ReadFile(list); err == nil && json.Unmarshal(text, &made) != nil {
		return map[string]string{}
	}
	return made
}

// stateOf identifies the state of a regular file in a worktree; "" for other files.
func stateOf(commit workspace.Commit, file string) string {
	info, err := os.Lstat(filepath.Join(commit.Worktree(), filepath.FromSlash(file)))
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	return markOf(info)
}
