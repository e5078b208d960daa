package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"dot-for-dbt/internal/proc"
)

// local are the variables that tie git to one repository, as `git rev-parse
// --local-env-vars` lists them (git 2.39). A hook has them set; in the
// repository that dot works on they would mean another one.
var local = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
	"GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
	"GIT_INDEX_FILE", "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX",
	"GIT_SHALLOW_FILE", "GIT_COMMON_DIR", "GIT_INTERNAL_SUPER_PREFIX",
}

// environ is the environment git runs in: messages in English, no questions,
// no locks that reading doesn't need, and no repository but that of its
// directory.
func environ() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(local, name)
	})
	return append(env, "LC_ALL=C", "LANGUAGE=C", "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_PAGER=cat")
}

// command is a call of git in a directory.
func command(dir string, args ...string) proc.Command {
	return proc.Command{Argv: append([]string{"git", "--no-optional-locks"}, args...), Dir: dir, Env: environ()}
}

// output runs git and returns what it prints.
func output(ctx context.Context, c proc.Command) (string, error) {
	out, err := proc.Output(ctx, c)
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) && !exists(c.Dir) {
		return "", startError(c, err)
	}
	return string(out), err
}

func exists(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}

// startError says why git could not be started.
func startError(c proc.Command, err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return &hintError{msg: "git was not found in PATH", hints: []string{"install git: dot builds commits of a git repository"}, err: err}
	}
	return fmt.Errorf("run git in %s: %w", c.Dir, err)
}

// stderrOf is what a failed git had to say.
func stderrOf(err error) string {
	var exit *proc.ExitError
	if errors.As(err, &exit) {
		return strings.TrimSpace(exit.Stderr)
	}
	return ""
}

// hintError is an error that says what to do next.
type hintError struct {
	msg   string
	hints []string
	err   error
}

func (e *hintError) Error() string { return e.msg }

// Hints are what to do next.
func (e *hintError) Hints() []string { return e.hints }

func (e *hintError) Unwrap() error { return e.err }
