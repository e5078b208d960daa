package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// listAfter is the number of commits that a Finder looks for one by one. After
// them it lists all directories: that costs more the more builds there are, but
// nothing for each commit.
const listAfter = 16

// A Finder finds the directories of commits. It doesn't notice directories that
// other processes create later.
type Finder struct {
	w      *Workspace
	sought int
	names  map[string]bool // of the directories; nil until they are listed
}

// Finder returns a Finder for many commits.
func (w *Workspace) Finder() *Finder { return &Finder{w: w} }

// Commit returns the directory of a commit, named after the abbreviation short.
// A commit that already has a directory under another abbreviation keeps it,
// unless exact is set. If short is another commit's directory, Commit takes a
// longer abbreviation.
func (f *Finder) Commit(hash, short string, exact bool) (Commit, error) {
	if len(short) < minShort || !strings.HasPrefix(hash, short) {
		return Commit{}, fmt.Errorf("%q does not abbreviate commit %s", short, hash)
	}
	if f.sought++; f.sought > listAfter && f.names == nil {
		if err := f.list(); err != nil {
			return Commit{}, err
		}
	}
	if !exact {
		// Try each length, so that the cost doesn't grow with the number of builds.
		for n := minShort; n <= len(hash); n++ {
			owner, err := f.owner(hash[:n])
			if err != nil {
				return Commit{}, err
			}
			if owner == hash {
				return Commit{Hash: hash, Short: hash[:n], w: f.w}, nil
			}
		}
	}
	for n := len(short); n <= len(hash); n++ {
		owner, err := f.owner(hash[:n])
		if err != nil {
			return Commit{}, err
		}
		if owner == "" || owner == hash {
			return Commit{Hash: hash, Short: hash[:n], w: f.w}, nil
		}
	}
	return Commit{}, fmt.Errorf("every abbreviation of %s in %s is another commit's", hash, f.w.file("build"))
}

func (f *Finder) list() error {
	entries, err := os.ReadDir(f.w.file("build"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f.names = make(map[string]bool, len(entries))
	for _, e := range entries {
		f.names[e.Name()] = true
	}
	return nil
}

// owner is [Workspace.owner], without a look at what isn't listed.
func (f *Finder) owner(short string) (string, error) {
	if f.names != nil && !f.names[short] {
		return "", nil
	}
	return f.w.owner(short)
}
