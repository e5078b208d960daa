//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/standin"
)

// interrupting is printed at once while dbt runs.
const interrupting = " interrupting: dbt may take a while to cancel its queries; "

// TestSignals stops dot in the middle of a build, in every possible way. No process
// keeps running, dot knows dbt's results if dbt could report them, and the same
// command continues the build. It proves A.7.
func TestSignals(t *testing.T) {
	withRace(t)
	const partly = "1 of 5 nodes ok" // of the baseline that was stopped
	send := func(signal syscall.Signal) func(*testing.T, *running) {
		return func(t *testing.T, h *running) { h.signal(t, signal) }
	}
	for _, tt := range []struct {
		name     string
		terminal bool
		env      []string
		stop     func(*testing.T, *running)
		code     int    // -1: killed
		again    string // what a second time does, it says
		built    string
	}{
		{name: "SIGINT", stop: send(syscall.SIGINT), code: 130, again: "Ctrl-C again kills it", built: partly},
		{name: "SIGTERM", stop: send(syscall.SIGTERM), code: 143, again: "a second signal kills it", built: partly},
		{name: "SIGHUP", stop: send(syscall.SIGHUP), code: 129, again: "a second signal kills it", built: partly},
		{
			name: "twice, and dbt is deaf", env: []string{"STANDIN_DEAF=1"}, code: 130, again: "Ctrl-C again kills it",
			stop: func(t *testing.T, h *running) {
				h.signal(t, syscall.SIGINT)
				h.says(t, standin.Deaf)
				h.says(t, "Ctrl-C again kills it") // while dbt still runs
				h.signal(t, syscall.SIGTERM)
			},
		},
		{name: "SIGKILL", stop: send(syscall.SIGKILL), code: -1},
		{name: "Ctrl-C", terminal: true, code: 130, again: "Ctrl-C again kills it", built: partly, stop: func(t *testing.T, h *running) { h.typed(t, ctrlC) }},
		{
			name: "Ctrl-C twice, and dbt is deaf", terminal: true, env: []string{"STANDIN_DEAF=1"}, code: 130, again: "Ctrl-C again kills it",
			stop: func(t *testing.T, h *running) { h.typed(t, ctrlC); h.says(t, standin.Deaf); h.typed(t, ctrlC) },
		},
		{
			name: "the terminal is closed", terminal: true, code: 129, built: partly,
			stop: func(_ *testing.T, h *running) { h.screen.Close() },
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			h := s.startHalfway("build dev@HEAD", "build", tt.terminal, tt.env...)
			tt.stop(t, h)
			if code := h.wait(t); code != tt.code {
				t.Errorf("exit code %d, want %d; it said\n%s", code, tt.code, h.said)
			}
			s.nobodyLeft()
			h.saneTerminal(t)
			want, said := 0, h.said.String()
			if tt.again != "" {
				want = 1
			}
			if strings.Count(said, interrupting) != want || !strings.Contains(said, tt.again) {
				t.Errorf("%q has to be said %d times, with %q:\n%s", interrupting, want, tt.again, said)
			}

			plan := s.run("plan build dev@HEAD").stdout
			if !strings.Contains(plan, "interrupted") {
				t.Errorf("the plan does not say that it was interrupted:\n%s", plan)
			}
			later := s.dot(strings.Fields("plan build prod@main --defer dev@HEAD -s orders"))
			if tt.built != "" && !strings.Contains(later.stdout, tt.built) {
				t.Errorf("what was built is not known:\n%s", later.both)
			}
			s.run("build dev@HEAD")
			undisturbed := newShop(t)
			undisturbed.run("build dev@HEAD")
			if diff := cmp.Diff(undisturbed.warehouse(), s.warehouse()); diff != "" {
				t.Errorf("what there is at the end (-undisturbed +stopped):\n%s", diff)
			}
		})
	}
}

// An interactive dbt gets Ctrl-C itself and prints its own message.
func TestInterruptedAtItsTerminal(t *testing.T) {
	withRace(t)
	t.Parallel()
	h := newShop(t).startHalfway("init", "init", true)
	h.typed(t, ctrlC)
	if code := h.wait(t); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	h.saneTerminal(t)
	if said := h.said.String(); strings.Contains(said, "interrupting") {
		t.Errorf("dot speaks for it:\n%s", said)
	}
}

// Ctrl-C ends a plan, too, also while it waits for git: here for changes in a worktree.
func TestInterruptedPlan(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	s.run("build dev@HEAD")
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	hung := filepath.Join(bin, "hung")
	if err := syscall.Mkfifo(hung, 0o600); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\ncase \" $* \" in *\" status \"*) echo > '%s'; exec sleep 1000;; esac\nexec '%s' \"$@\"\n", hung, git)
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	h := s.start("plan build dev@HEAD --reset-worktree", false, "PATH="+bin+":"+os.Getenv("PATH"))
	if _, err := os.ReadFile(hung); err != nil {
		t.Fatal(err)
	}
	h.signal(t, syscall.SIGINT)
	if code := h.wait(t); code != 130 {
		t.Errorf("exit code %d, want 130; it said\n%s", code, h.said)
	}
}
