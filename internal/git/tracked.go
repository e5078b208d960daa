package git

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
)

// InMainWorktree reports whether the commit of the main worktree has an entry called name at its
// top. Upper and lower case don't matter: some file systems take .DOT for .dot.
func (o *Objects) InMainWorktree(name string) (bool, error) {
	var tree []byte
	id, err := o.get("main-worktree/HEAD:", func(size int64, r io.Reader) error {
		tree = make([]byte, size)
		_, err := io.ReadFull(r, tree)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) { // a branch without commits
		return false, nil
	}
	// "<mode> <name>\x00<id>" for each entry, the id in bytes.
	for len(tree) > 0 {
		entry, rest, _ := bytes.Cut(tree, []byte{0})
		if _, found, _ := strings.Cut(string(entry), " "); strings.EqualFold(found, name) {
			return true, err
		}
		tree = rest[min(len(id)/2, len(rest)):]
	}
	return false, err
}
