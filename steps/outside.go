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

// A build must read only its commit. But a project can name directories outside of
// the repository, and dbt follows symbolic links. So another author's commit could
// make dbt load one of the user's files into the warehouse, or make dbt deps delete
// one of the user's directories.

// checkReads returns an error if paths or links lead dbt out of the worktree.
func (b *build) checkReads() error {
	root, err := filepath.EvalSymlinks(b.Commit.Worktree())
	if err != nil {
		return err
	}
	s := search{root: root, scope: profile.Scope{Env: b.world.Getenv, Vars: b.env.Vars}, seen: map[string]bool{}}
	err = s.project(b.ProjectDir(), b.project)
	if err == nil {
		err = s.packages(filepath.Join(b.ProjectDir(), filepath.FromSlash(b.project.PackagesPath)))
	}
	if err != nil {
		return fmt.Errorf("look for the files that %s reads: %w", b, err)
	}
	if len(s.outside) == 0 {
		return nil
	}
	return hint.New(
		fmt.Sprintf("dbt would read more than %s: nothing was run, because these paths lead out of its worktree:%s",
			b.Commit.Short, lines(s.outside)),
		"commit the files themselves at these paths, and build that commit",
	)
}

// A search finds paths and links that lead dbt out of a worktree.
type search struct {
	root    string // the worktree, without links
	scope   profile.Scope
	seen    map[string]bool // directories
	outside []string        // the result, for the user
}

// project checks the directories that a project in dir names, and the files beside
// its dbt_project.yml.
func (s *search) project(dir string, p profile.Project) error {
	for _, source := range p.Sources() {
		rendered, err := s.scope.Render(source)
		if err != nil {
			s.outside = append(s.outside, source+", which dot can't evaluate")
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

// packages checks the packages that are installed in a directory.
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
			continue // dbt reports it
		} else if readErr == nil && parseErr == nil && inside(s.root, target) {
			err = errors.Join(err, s.project(target, p))
		} else {
			err = errors.Join(err, s.look(at))
		}
	}
	return err
}

// look adds a path to s.outside if it leads out of the worktree. Otherwise it checks
// what the path leads to. Missing paths are skipped.
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

// follow resolves all links of a path. ok is false if the path leads nowhere.
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

// inside reports whether a path is a directory or in that directory. Neither has
// links.
func inside(dir, file string) bool {
	relative, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(relative)
}

// linkOnTheWay returns the first part of a path that is a symbolic link, "" for
// none. The path is relative to dir.
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

// readFile reads a regular file and follows links. Other files, such as devices, are
// an error: they may have no end.
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
