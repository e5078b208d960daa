// Package gittest makes git repositories for tests. They have the same hashes every time, and
// ignore the user's configuration.
package gittest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Repo is a repository, or a worktree of one, at Dir (absolute, without symbolic links).
type Repo struct {
	Dir string

	t     testing.TB
	clock *time.Time // time of the next commit
}

// New makes a repository without commits, on the branch main. For the rest of the test, which can't
// be parallel, every git process ignores the configuration of user and system.
func New(t testing.TB) *Repo {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "GIT_") {
			t.Setenv(name, "") // t.Setenv restores the variable after the test
			os.Unsetenv(name)
		}
	}
	for name, value := range environment() {
		t.Setenv(name, value)
	}
	clock := time.Date(2024, time.January, 1, 12, 0, 0, 0, time.UTC)
	r := &Repo{t: t, Dir: filepath.Join(dir, "repo"), clock: &clock}
	if err := os.Mkdir(r.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	r.Git("init", "--quiet")
	return r
}

// environment isolates git from the machine's configuration. Other variables stay as they are.
func environment() map[string]string {
	env := map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
		"GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.com",
	}
	settings := [][2]string{
		{"init.defaultBranch", "main"}, {"protocol.file.allow", "always"}, {"gc.auto", "0"}, {"maintenance.auto", "false"},
	}
	for i, setting := range settings {
		env[fmt.Sprintf("GIT_CONFIG_KEY_%d", i)], env[fmt.Sprintf("GIT_CONFIG_VALUE_%d", i)] = setting[0], setting[1]
	}
	env["GIT_CONFIG_COUNT"] = fmt.Sprint(len(settings))
	return env
}

// At returns the worktree or clone at a path relative to Dir.
func (r *Repo) At(path string) *Repo {
	other := *r
	other.Dir = r.Path(path)
	return &other
}

// Path returns the path of a file below Dir, given with slashes. An absolute path stays as it is.
func (r *Repo) Path(path string) string {
	if path = filepath.FromSlash(path); filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(r.Dir, path)
}

// Write writes a file below Dir, and makes missing directories.
func (r *Repo) Write(path, text string) {
	r.t.Helper()
	file := r.Path(path)
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(text), 0o644)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// Commit commits all changes in the worktree, and works without any, too. Each commit is a minute
// later than the one before. It returns the commit's full hash.
func (r *Repo) Commit(message string) string {
	r.t.Helper()
	r.Git("add", "--all")
	r.Git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
	*r.clock = r.clock.Add(time.Minute)
	return r.Git("rev-parse", "HEAD")
}

// Git runs git in Dir and returns its trimmed stdout. The test ends if git fails.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	date := r.clock.Format(time.RFC3339)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "LC_ALL=C")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// Snapshot maps each path below Dir, .git included, to its mode and a digest of its content. Two
// snapshots are equal if not a byte changed in between.
func (r *Repo) Snapshot() map[string]string {
	r.t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(r.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var text []byte
			text, err = os.ReadFile(path)
			content = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		inside, _ := filepath.Rel(r.Dir, path)
		files[filepath.ToSlash(inside)] = fmt.Sprintf("%v %s", info.Mode(), content)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return files
}
