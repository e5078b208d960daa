package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/proc"
)

// A sparse worktree has some directories of its commit only, and the files beside them on the way down
// from the top, as for git sparse-checkout in cone mode. The index has all files: the others have the
// flag skip-worktree, which git honours without any configuration. So neither the configuration that
// all worktrees share nor extensions.worktreeConfig has to change.

// coneFile is the file in the admin of a sparse worktree that lists its directories, one a line.
const coneFile = "dot-sparse"

// asSparse makes git leave out what the admin's info/sparse-checkout doesn't name.
var asSparse = []string{"-c", "core.sparseCheckout=true", "-c", "core.sparseCheckoutCone=true", "-c", "index.sparse=false"}

// A Cone is the directories that a sparse worktree has, as paths from the top of the repository with
// slashes. An empty one stands for all files.
type Cone []string

// NewCone returns the cone of directories: sorted, and without those that others contain. ok is false if
// a name has characters with a meaning in git's patterns.
func NewCone(dirs ...string) (c Cone, ok bool) {
	for _, dir := range dirs {
		switch dir = path.Clean(dir); {
		case dir == ".":
			return nil, true
		case path.IsAbs(dir) || strings.HasPrefix(dir, "..") || strings.ContainsAny(dir, "*?[]\\\n\r!#\"") || strings.TrimSpace(dir) != dir:
			return nil, false
		}
		c = append(c, path.Clean(dir))
	}
	slices.Sort(c)
	return slices.Compact(slices.DeleteFunc(c, func(dir string) bool {
		return slices.ContainsFunc(dirs, func(other string) bool { return below(dir, path.Clean(other)) })
	})), true
}

// below reports whether a path is in a directory, at any depth.
func below(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

// Plus returns the cone of the directories of both.
func (c Cone) Plus(other Cone) Cone {
	if len(c) == 0 || len(other) == 0 {
		return nil
	}
	both, ok := NewCone(slices.Concat(c, other)...)
	if !ok {
		return nil
	}
	return both
}

// Covers reports whether the cone has all that another has.
func (c Cone) Covers(other Cone) bool {
	if len(c) == 0 {
		return true
	}
	return len(other) > 0 && !slices.ContainsFunc(other, func(dir string) bool { return !c.inside(dir) })
}

// inside reports whether a path is one of the directories, or in one.
func (c Cone) inside(name string) bool {
	return slices.ContainsFunc(c, func(dir string) bool { return name == dir || below(name, dir) })
}

// leads reports whether a directory is on the way from the top to one of the cone's.
func (c Cone) leads(dir string) bool {
	return dir == "" || dir == "." || slices.ContainsFunc(c, func(d string) bool { return below(d, dir) })
}

// Has reports whether a sparse worktree has a file.
func (c Cone) Has(file string) bool {
	return len(c) == 0 || c.inside(file) || c.leads(path.Dir(file))
}

// ancestors returns the directories on the way to the cone's, the top ("") first.
func (c Cone) ancestors() []string {
	all := []string{""}
	for _, dir := range c {
		for i, r := range dir {
			if r == '/' {
				all = append(all, dir[:i])
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// patterns returns the cone as git's info/sparse-checkout.
func (c Cone) patterns() []byte {
	var out bytes.Buffer
	for _, dir := range c.ancestors() {
		if dir != "" {
			dir = "/" + dir
			fmt.Fprintf(&out, "%s/\n", dir)
		} else {
			out.WriteString("/*\n")
		}
		fmt.Fprintf(&out, "!%s/*/\n", dir)
	}
	for _, dir := range c {
		fmt.Fprintf(&out, "/%s/\n", dir)
	}
	return out.Bytes()
}

// AddSparseWorktree is [Repo.AddWorktree] for a worktree with the files of a cone only.
func (r *Repo) AddSparseWorktree(ctx context.Context, path, commit string, cone Cone, inherit []*os.File) error {
	return r.addWorktree(ctx, path, commit, nil, cone, inherit)
}

// fill checks out the files of a cone in a worktree that has none yet.
func (r *Repo) fill(ctx context.Context, path string, cone Cone, inherit []*os.File) error {
	admin, err := r.admin(path)
	if err != nil {
		return err
	}
	if err := writeCone(admin, cone); err != nil {
		return err
	}
	all := slices.Concat(gitDirAt(admin, path), asCommitted, asSparse, []string{"reset", "--quiet", "--hard", "HEAD", "--"})
	reset := command(path, all...)
	reset.Inherit = inherit
	_, err = run(ctx, "reset", reset)
	return err
}

// writeCone makes a cone that of a worktree: git's patterns first, since the list counts.
func writeCone(admin string, cone Cone) error {
	if len(cone) == 0 {
		err := os.Remove(filepath.Join(admin, coneFile))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return errors.Join(err, os.RemoveAll(filepath.Join(admin, "info", "sparse-checkout")))
	}
	if err := os.MkdirAll(filepath.Join(admin, "info"), 0o777); err != nil {
		return err
	}
	if err := replace(filepath.Join(admin, "info", "sparse-checkout"), cone.patterns()); err != nil {
		return err
	}
	return replace(filepath.Join(admin, coneFile), []byte(strings.Join(cone, "\n")+"\n"))
}

// readCone returns the cone of a worktree, by its git directory. It is empty if the worktree is whole.
func readCone(gitDir string) Cone {
	var cone Cone
	for line := range strings.Lines(read(gitDir, coneFile)) {
		cone = append(cone, strings.TrimSuffix(line, "\n"))
	}
	return cone
}

// Cone returns the directories that the worktree at path has: empty if that is whole, or none.
func (r *Repo) Cone(path string) Cone {
	admin, err := r.admin(path)
	if err != nil {
		return nil
	}
	return readCone(admin)
}

// WidenWorktree adds to a sparse worktree what it lacks of a cone; an empty one makes it whole. Files
// that are there already stay as they are, but for those outside of what the worktree had.
//
// It may be killed at any moment: then the worktree has the cone that it had, and the next call goes on. A
// file that git had begun to write counts as changed.
func (r *Repo) WidenWorktree(ctx context.Context, path string, cone Cone, inherit []*os.File) error {
	admin, err := r.admin(path)
	if err != nil {
		return fmt.Errorf("the worktree at %s: %w", path, err)
	}
	had := readCone(admin)
	if had.Covers(cone) {
		return nil
	}
	cone = had.Plus(cone)
	listed, err := run(ctx, "ls-files", checkoutCommand(admin, path, "ls-files", "-z"))
	if err != nil {
		return err
	}
	var names []string
	for _, name := range entries(listed) {
		if !had.Has(name) && cone.Has(name) {
			names = append(names, name)
		}
	}
	if err := r.prefetch(ctx, read(admin, "HEAD"), cone...); err != nil {
		return err
	}
	if len(names) > 0 {
		for _, args := range [][]string{
			{"update-index", "-z", "--no-skip-worktree", "--stdin"},
			{"checkout-index", "--quiet", "--force", "-u", "-z", "--stdin"},
		} {
			c := checkoutCommand(admin, path, args...)
			c.Inherit, c.Stdin = inherit, strings.NewReader(strings.Join(names, "\x00")+"\x00")
			if _, err := run(ctx, args[0], c); err != nil {
				return notWritten(err, path)
			}
		}
	}
	return writeCone(admin, cone)
}

// strays returns what the sparse worktree at path has beside its cone: directories that nothing of the
// cone is in.
func (c Cone) strays(top string) ([]string, error) {
	var found []string
	for _, dir := range c.ancestors() {
		listed, err := os.ReadDir(filepath.Join(top, filepath.FromSlash(dir)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range listed {
			at := path.Join(dir, e.Name())
			if e.IsDir() && at != ".git" && !c.inside(at) && !c.leads(at) {
				found = append(found, at)
			}
		}
	}
	return found, nil
}

// hides reports whether git status could hide changes of the files at top: because of flags that
// somebody else has set, or since files of a sparse worktree are there that it shouldn't have.
func (c Cone) hides(top string, listed []string) (bool, error) {
	for _, line := range listed {
		if isFlagged(line) && (line[0] != 'S' || len(c) == 0 || c.Has(line[2:])) {
			return true, nil
		}
	}
	if len(c) == 0 {
		return false, nil
	}
	strays, err := c.strays(top)
	return len(strays) > 0, err
}

// withoutLeftOut leaves out the files that a sparse worktree doesn't have.
func (c Cone) withoutLeftOut(changes []Change) []Change {
	return slices.DeleteFunc(changes, func(change Change) bool {
		return change.Status == " D" && !c.Has(change.Path)
	})
}

// resetCone makes a sparse worktree ready for a checkout from scratch: without what is beside its cone.
// It returns the options for that checkout.
func (r *Repo) resetCone(admin, top string) ([]string, error) {
	cone := readCone(admin)
	if len(cone) == 0 {
		return nil, nil
	}
	strays, err := cone.strays(top)
	if err != nil {
		return nil, err
	}
	for _, stray := range strays {
		inside, err := r.insideDot(filepath.Join(top, filepath.FromSlash(stray)))
		if err == nil {
			err = r.removeInside(inside)
		}
		if err != nil {
			return nil, err
		}
	}
	return asSparse, writeCone(admin, cone)
}

// checkoutWith is checkoutCommand with more options.
func checkoutWith(gitDir, path string, options []string, args ...string) proc.Command {
	return checkoutCommand(gitDir, path, append(slices.Clone(options), args...)...)
}
