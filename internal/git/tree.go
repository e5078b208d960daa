package git

import (
	"fmt"
	"path"
)

// Find returns the files called name in a commit, in any directory: their paths from the top of the
// repository, with slashes.
func (o *Objects) Find(commit, name string) ([]string, error) {
	out, err := run(o.ctx, "ls-tree", o.repo.reader("ls-tree", "-r", "--full-tree", "--name-only", "-z", commit))
	if err != nil {
		return nil, fmt.Errorf("looking for %s at %s: %w", name, commit, err)
	}
	var found []string
	for _, file := range entries(out) {
		if path.Base(file) == name {
			found = append(found, file)
		}
	}
	return found, nil
}
