// Package git is git as a library: where a repository is, which commits refs mean, what commits
// hold, and dot's worktrees. No other package runs git.
//
// It knows git's command line and the layout of a repository. It must not know what dot keeps under
// `.dot`, nor anything of dbt.
//
// It needs git 2.20 or newer. Only [Repo.AddWorktree], [Repo.WidenWorktree], [Repo.AddSubmodules], [Repo.RemoveWorktree]
// and [Repo.ResetWorktree] write: below [Repo.Root]/.dot, and in git's administration of the
// worktrees there. [Repo.KeepDraft] adds objects. Everything else leaves every byte of the repository as it is, the index
// included. No hook of the repository is run. Nothing is fetched, except submodules that the user
// doesn't have and objects that a partial clone left out; [Repo.Origin] asks a remote what it has.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// gitUsage is git's exit code for an unknown option.
const gitUsage = 129

// oldest is the oldest git that has every option used here.
const oldest = "2.20"

// command is git with the options that every call gets: those of lookup, and --no-replace-objects.
// So what is read from a commit and checked out of it is what its hash stands for.
func command(dir string, args ...string) proc.Command {
	return lookup(dir, append([]string{"--no-replace-objects"}, args...)...)
}

// lookup is git for finding commits by name. It honours git replace, because the user's own git
// does: a replacement may join two histories, and HEAD~3 follows that. It runs without pager,
// hooks, optional locks and fsmonitor, which may be a program or start a daemon. It also skips the
// clean-up that git starts after fetching objects that a partial clone left out.
func lookup(dir string, args ...string) proc.Command {
	global := []string{
		"git", "--no-pager", "--no-optional-locks", "-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false",
		"-c", "gc.auto=0", "-c", "maintenance.auto=false",
	}
	return proc.Command{Argv: append(global, args...), Dir: dir, Env: environment(os.Environ())}
}

// run runs git in dir and returns its stdout. what is the command's name in the error: "status".
func run(ctx context.Context, what string, c proc.Command) ([]byte, error) {
	out, err := proc.Output(ctx, c)
	return out, explain(ctx, what, err)
}

// explain turns the error of a git process into one with advice for the user.
func explain(ctx context.Context, what string, err error) error {
	failed := (*proc.ExitError)(nil)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return hint.Add(
			fmt.Errorf("git is not installed: %w", err),
			"install git "+oldest+" or newer, and see that it is in PATH: git --version",
		)
	case !errors.As(err, &failed):
		return fmt.Errorf("git %s: %w", what, err)
	case failed.Exit.Code == gitUsage:
		return tooOld(ctx, what, failed)
	}
	return &commandError{what: what, failed: failed}
}

// tooOld explains that git does not know an option.
func tooOld(ctx context.Context, what string, failed *proc.ExitError) error {
	version, err := proc.Output(ctx, proc.Command{Argv: []string{"git", "--version"}})
	if err != nil {
		return &commandError{what: what, failed: failed}
	}
	return hint.Add(
		fmt.Errorf("%s is too old: %w", bytes.TrimSpace(version), &commandError{what: what, failed: failed}),
		"dot needs git "+oldest+" or newer",
	)
}

// commandError is the failure of a git command, in git's own words.
type commandError struct {
	what   string
	failed *proc.ExitError
}

func (e *commandError) Error() string {
	if said := gitSaid(e.failed.Stderr); said != "" {
		return fmt.Sprintf("git %s: %s", e.what, said)
	}
	return fmt.Sprintf("git %s: %s", e.what, e.failed.Exit)
}

func (e *commandError) Unwrap() error { return e.failed }

// maxSaid is how many of git's complaints are shown.
const maxSaid = 5

// gitSaid extracts git's complaints from its stderr, without the leading "fatal:" and without git's
// own hints.
func gitSaid(stderr string) string {
	var said []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "hint:") {
			continue
		}
		said = append(said, strings.TrimPrefix(strings.TrimPrefix(line, "fatal: "), "error: "))
	}
	if n := len(said); n > maxSaid { // for example one for each file
		said = append(said[:maxSaid-1], fmt.Sprintf("… and %d more", n-maxSaid), said[n-1])
	}
	return strings.Join(said, "; ")
}
