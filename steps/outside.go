package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
)

// A build is its commit and nothing else. But a project can name directories
// outside of the repository, and dbt follows symbolic links when it reads one and
// when it installs packages: a commit of somebody else's could have a file of the
// user's read into the warehouse, or a directory of theirs removed by dbt deps.

// checkReads refuses to run dbt on a build that is led out of its worktree.
func (rt *runtime) checkReads(b *build) error {
	root, err := filepath.EvalSymlinks(b.Commit.Worktree())
	if err != nil {
		return err
	}
	s := search{root: root, scope: profile.Scope{Env: rt.world.Getenv, Vars: b.env.Vars}, seen: map[string]bool{}}
	err = s.project(b.ProjectDir(), b.project)
	if err == nil {
		err = s.packages(filepath.Join(b.ProjectDir(), filepath.FromSlash(b.project.PackagesPath)))
	}
	if err != nil {
		return fmt.Errorf("look for what %s reads: %w", b, err)
	}
	if len(s.outside) == 0 {
		return nil
	}
	return hint.New(
		fmt.Sprintf("%s is not all that dbt would read: nothing was run, because these lead out of its worktree:%s",
			b.Commit.Short, lines(s.outside)),
		"in a commit of yours, put what they lead to in their place, and build that",
	)
}

// A search finds what leads dbt out of a worktree.
type search struct {
	root    string // the worktree, without links
	scope   profile.Scope
	seen    map[string]bool // directories
	outside []string        // what was found, as a person reads it
}

// project looks at the directories that a project in dir names, and at the files
// beside its dbt_project.yml.
func (s *search) project(dir string, p profile.Project) error {
	for _, source := range p.Sources() {
		rendered, err := s.scope.Render(source)
		if err != nil {
			s.outside = append(s.outside, source+", which can't be told")
			continue
		}
		at := filepath.FromSlash(rendered)
		if !filepath.IsAbs(at) {
			at = filepath.Join(dir, at)
		}
		if err := s.look(at); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if file := filepath.Join(dir, e.Name()); e.Type()&fs.ModeSymlink != 0 && readByDBT(file) {
			err = errors.Join(err, s.look(file))
		}
	}
	return err
}

// packages looks at those that are installed in a directory.
func (s *search) packages(dir string) error {
	installed, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range installed {
		at := filepath.Join(dir, e.Name())
		text, readErr := readFile(filepath.Join(at, "dbt_project.yml"))
		p, parseErr := profile.ParseProject("dbt_project.yml", text)
		if target, isDir, ok := follow(at); !ok || !isDir {
			continue // dbt complains
		} else if readErr == nil && parseErr == nil && inside(s.root, target) {
			err = errors.Join(err, s.project(target, p))
		} else {
			err = errors.Join(err, s.look(at))
		}
	}
	return err
}

// look reports a path that is outside, in the end, and follows one that isn't.
// What isn't there isn't read.
func (s *search) look(at string) error {
	target, isDir, ok := follow(at)
	switch {
	case !ok:
		return nil
	case !inside(s.root, target):
		name := at
		if relative, err := filepath.Rel(s.root, at); err == nil && filepath.IsLocal(relative) {
			name = filepath.ToSlash(relative) + " → " + target
		}
		s.outside = append(s.outside, name)
		return nil
	case !isDir || s.seen[target]:
		return nil
	}
	s.seen[target] = true
	return filepath.WalkDir(target, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink == 0 {
			return err
		}
		if _, isDir, _ := follow(file); isDir || readByDBT(file) {
			return s.look(file)
		}
		return nil
	})
}

// follow says what a path leads to, in the end; ok is false for nothing.
func follow(name string) (target string, isDir, ok bool) {
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", false, false
	}
	info, err := os.Stat(target)
	return target, err == nil && info.IsDir(), err == nil
}

// readByDBT reports whether dbt reads files of that name in a project.
func readByDBT(file string) bool {
	ext := strings.ToLower(path.Ext(file))
	return renderedByDBT(file) || ext == ".csv" || ext == ".py"
}

// inside reports whether a path is that of a directory or of something in it;
// neither holds links.
func inside(dir, file string) bool {
	relative, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(relative)
}

// linkOnTheWay returns the first part of a path below a directory that is a
// symbolic link, "" if there is none.
func linkOnTheWay(dir, name string) string {
	at := ""
	for part := range strings.SplitSeq(path.Clean(filepath.ToSlash(name)), "/") {
		at = path.Join(at, part)
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(at)))
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return at
		}
	}
	return ""
}

// readFile reads a file, where links lead if there are any, unless it is one
// without an end, such as a device.
func readFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: file, Err: fs.ErrInvalid}
	}
	return os.ReadFile(file)
}
