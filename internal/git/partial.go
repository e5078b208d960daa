package git

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// emptyTree maps the length of a hash to the hash of a tree without entries.
var emptyTree = map[int]string{
	40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
	64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}

// prefetch fetches, in one request, the files below paths (none: all files) that a partial clone left out of a commit.
// git would fetch them one by one while reading, with a round trip for each. In other repositories
// prefetch does nothing.
func (r *Repo) prefetch(ctx context.Context, commit string, paths ...string) error {
	packs, _ := os.ReadDir(filepath.Join(r.CommonDir, "objects", "pack"))
	partial := slices.ContainsFunc(packs, func(pack os.DirEntry) bool { return strings.HasSuffix(pack.Name(), ".promisor") })
	if !partial || emptyTree[len(commit)] == "" {
		return nil
	}
	// For the statistics of a difference, git fetches all its files at once (git 2.22).
	args := []string{"--literal-pathspecs", "diff-tree", "-r", "--shortstat", emptyTree[len(commit)], commit, "--"}
	_, err := run(ctx, "diff-tree", r.reader(append(args, paths...)...))
	return err
}
