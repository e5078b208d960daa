package steps

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/internal/git"
)

// The beginnings of the names of temporary directories: for a question to the warehouse, for a baseline from
// elsewhere, and for a build on its way to others.
const (
	temporaryQuestion = "dot-question-"
	temporaryBaseline = "dot-baseline-"
	temporaryPush     = "dot-push-"
)

// inUse is the longest time that an invocation needs a temporary directory.
const inUse = 24 * time.Hour

// LeftBehind returns temporary directories that a dot which was killed has left: those that nobody has
// changed for a day.
func LeftBehind(world World) []string {
	tmp, _ := world.Getenv("TMPDIR")
	tmp = cmp.Or(tmp, os.TempDir())
	var left []string
	for _, start := range append(git.Temporary(), temporaryQuestion, temporaryBaseline, temporaryPush) {
		found, _ := filepath.Glob(filepath.Join(tmp, start+"*"))
		for _, dir := range found {
			if info, err := os.Lstat(dir); err == nil && info.IsDir() && world.Now().Sub(info.ModTime()) > inUse {
				left = append(left, dir)
			}
		}
	}
	slices.Sort(left)
	return left
}
