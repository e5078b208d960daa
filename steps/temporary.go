package steps

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/internal/git"
)

// temporaryQuestion is the beginning of the name of a temporary directory for a question to the warehouse.
const temporaryQuestion = "dot-question-"

// inUse is the longest time that an invocation needs a temporary directory.
const inUse = 24 * time.Hour

// LeftBehind returns temporary directories that a dot which was killed has left: those that nobody has
// changed for a day.
func LeftBehind(world World) []string {
	tmp, _ := world.Getenv("TMPDIR")
	tmp = cmp.Or(tmp, os.TempDir())
	var left []string
	for _, start := range append(git.Temporary(), temporaryQuestion) {
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
