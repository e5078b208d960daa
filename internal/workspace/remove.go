package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Builds returns the builds of a commit that have a directory, sorted.
func (c Commit) Builds() []Build {
	found, _ := c.w.buildsOf(c.Short)
	builds := make([]Build, len(found))
	for i, f := range found {
		builds[i] = f.Build
	}
	return builds
}

// RestingOn returns the builds that rest on others, by the ID of the lower one. unknown are
// builds whose layer is damaged: they may rest on any.
func (w *Workspace) RestingOn() (resting map[string][]Build, unknown []Build, err error) {
	found, _, err := w.Builds()
	if err != nil {
		return nil, nil, err
	}
	resting = map[string][]Build{}
	for _, f := range found {
		refs, damaged := w.Below(f.Build)
		if damaged {
			unknown = append(unknown, f.Build)
		}
		for _, ref := range refs {
			below := w.BuildOf(ref).ID()
			if below != f.ID() && !slices.Contains(resting[below], f.Build) {
				resting[below] = append(resting[below], f.Build)
			}
		}
	}
	return resting, unknown, nil
}

// Forget removes what dot knows of a build: its entries in the ledgers of these places, and its
// directory. If it was the commit's last, the commit's directory goes, too; its worktree must be
// gone by then. The caller holds the build's lock.
func (w *Workspace) Forget(b Build, places []Place) error {
	for _, p := range places {
		if err := w.forgetAt(b, p); err != nil {
			return err
		}
	}
	for _, dir := range w.comparisonsOf(b) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	// The directory of layers goes last: it says what is left to be done.
	entries, err := os.ReadDir(b.Dir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if e.Name() != "layer" {
			if err := os.RemoveAll(filepath.Join(b.Dir(), e.Name())); err != nil {
				return err
			}
		}
	}
	if err := os.RemoveAll(b.Dir()); err != nil {
		return err
	}
	if len(b.Commit.Builds()) > 0 {
		return nil
	}
	if _, err := os.Stat(b.Commit.Worktree()); err == nil {
		return nil
	}
	return os.RemoveAll(b.Commit.Dir())
}

// forgetAt removes a build's entries from a ledger, and those of others with the same schema. A ledger
// without any is removed, and what names the build that has the schema.
func (w *Workspace) forgetAt(b Build, p Place) error {
	release, err := w.guard(p)
	if err != nil {
		return err
	}
	defer release()
	l, err := w.Ledger(p)
	if err != nil {
		return err
	}
	for name, e := range l.Relations {
		if b.Shares(e.Build) {
			delete(l.Relations, name)
		}
	}
	if len(l.Relations) > 0 {
		l.Marked = Marked{}
		return w.saveLedger(l)
	}
	for _, file := range []string{w.tipFile(p), w.ledgerFile(p)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// comparisonsOf returns the directories of the comparisons with a build.
func (w *Workspace) comparisonsOf(b Build) []string {
	dir := w.file("compare", filepath.FromSlash(b.Project))
	entries, _ := os.ReadDir(dir)
	var dirs []string
	for _, e := range entries {
		one, other, ok := strings.Cut(e.Name(), "..")
		if ok && (one == b.file() || other == b.file()) {
			dirs = append(dirs, filepath.Join(dir, e.Name()))
		}
	}
	return dirs
}
