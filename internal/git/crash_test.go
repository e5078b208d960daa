package git_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/proc"
)

// D.3: `git worktree add` is killed at each of its steps, first to last. The next call must replace
// what is left.
func TestHalfMadeWorktreesAreMadeWhole(t *testing.T) {
	admin := ".git/worktrees/worktree/"
	for name, leave := range map[string]func(t *testing.T, f fixture){
		"a directory":             func(t *testing.T, f fixture) { check(t, os.MkdirAll(f.path, 0o755)) },
		"a directory with a file": func(_ *testing.T, f fixture) { f.Write(filepath.Join(f.path, "file"), "") },
		"a file":                  func(_ *testing.T, f fixture) { f.Write(f.path, "") },
		"an admin":                func(t *testing.T, f fixture) { check(t, os.MkdirAll(f.Path(admin), 0o755)) },
		"an admin that is locked": func(_ *testing.T, f fixture) { f.Write(admin+"locked", "initializing") },
		"an admin that is a file": func(_ *testing.T, f fixture) { f.Write(".git/worktrees/worktree", "") },
		"an admin without .git":   func(_ *testing.T, f fixture) { f.Write(admin+"gitdir", f.path+"/.git\n") },
		"an empty gitdir":         func(_ *testing.T, f fixture) { f.Write(admin+"gitdir", "") },
		"a .git without admin":    func(_ *testing.T, f fixture) { f.Write(f.path+"/.git", "gitdir: "+f.Path(admin)+"\n") },
		"an empty .git":           func(_ *testing.T, f fixture) { f.Write(f.path+"/.git", "") },
		"a locked index":          func(t *testing.T, f fixture) { f.add(t); f.Write(admin+"index.lock", "") },
		"two admins":              func(t *testing.T, f fixture) { f.add(t); f.Git("worktree", "unlock", f.path); copyAdmin(t, f) },
		"no HEAD":                 func(t *testing.T, f fixture) { f.add(t); f.Write(admin+"HEAD", strings.Repeat("0", 40)+"\n") },
		"files that are protected": func(t *testing.T, f fixture) {
			f.add(t)
			check(t, os.Chmod(filepath.Join(f.path, "models", "a.sql"), 0o444))
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			leave(t, f)
			f.add(t)
			check(t, f.git.CheckWorktree(f.path, f.first))
			if name == "an admin that is locked" || name == "an admin" || name == "an empty gitdir" || name == "an admin that is a file" {
				return // these name no worktree: the user's git may be making one right now
			}
			f.wantWhole(t)
		})
	}
}

func copyAdmin(t *testing.T, f fixture) {
	t.Helper()
	from := os.DirFS(f.Path(".git/worktrees/worktree"))
	check(t, os.CopyFS(f.Path(".git/worktrees/worktree1"), from))
}

// D.3: git is killed during the checkout, and this process with it, so that nothing is cleaned up.
func TestWorktreeAddKilledInMidCheckout(t *testing.T) {
	f := newFixture(t)
	if runtime.GOOS == "windows" {
		t.Skip("the filter is a shell script")
	}
	// A filter stops git at the first file and reports it.
	f.Write(".gitattributes", "*.sql filter=stop\n")
	f.first = f.Commit("with a filter")
	f.second = f.first
	at := f.Path("../at")
	check(t, exec.Command("mkfifo", at).Run())
	f.Git("config", "filter.stop.smudge", fmt.Sprintf("echo here >'%s' && exec sleep 60", at))
	f.Git("config", "filter.stop.required", "true")

	kill := make(chan struct{})
	ended := make(chan proc.Exit, 1)
	add := proc.Command{
		Argv: []string{"git", "worktree", "add", "--quiet", "--detach", "--lock", f.path, f.first}, Dir: f.Dir,
	}
	go func() {
		exit, _ := add.Run(proc.WithKill(context.Background(), kill))
		ended <- exit
	}()
	if _, err := os.ReadFile(at); err != nil { // returns when the filter has written
		t.Fatal(err)
	}
	close(kill)
	if exit := <-ended; exit.Signal != "SIGKILL" {
		t.Fatalf("git ended with %v", exit)
	}
	wantError(t, f.git.CheckWorktree(f.path, f.first), "half made")

	f.Git("config", "--remove-section", "filter.stop")
	f.add(t)
	f.wantWhole(t)
}

// attempts is how often git is killed: enough to hit different moments, few enough to be quick.
const attempts = 10

// commitMany makes the first commit one whose checkout takes a moment.
func (f *fixture) commitMany() {
	for i := range 60 {
		f.Write(fmt.Sprintf("many/%d/file", i), strings.Repeat("text\n", i))
	}
	f.first = f.Commit("many")
}

// D.3: the same, killed at random moments.
func TestWorktreeAddKilledAnywhere(t *testing.T) {
	f := newFixture(t)
	f.commitMany()
	start := time.Now()
	f.add(t)
	whole := time.Since(start)
	check(t, f.git.RemoveWorktree(t.Context(), f.path))

	unfinished := 0
	for range attempts {
		kill := make(chan struct{})
		timer := time.AfterFunc(rand.N(whole), func() { close(kill) })
		err := f.git.AddWorktree(proc.WithKill(t.Context(), kill), f.path, f.first, nil)
		if timer.Stop() {
			check(t, err)
		}
		if err != nil {
			unfinished++
			// dot cleans up after a git that failed, unless dot was killed, too.
			wantError(t, f.git.CheckWorktree(f.path, f.first), "missing")
		} else {
			check(t, f.git.CheckWorktree(f.path, f.first))
		}
	}
	if unfinished == 0 {
		t.Error("no attempt was cut short: the test is of no use")
	}
	f.add(t)
	check(t, f.git.CheckWorktree(f.path, f.first))
	changes, err := f.git.WorktreeChanges(t.Context(), f.path)
	if err != nil || len(changes) > 0 {
		t.Errorf("changes %v, %v", changes, err)
	}
}

// D.3: only git is killed, at a random moment. The next git must cope with what it left.
func TestGitKilledAnywhere(t *testing.T) {
	f := newFixture(t)
	f.commitMany()
	args := []string{"git", "worktree", "add", "--quiet", "--detach", "--lock", f.path, f.first}
	start := time.Now()
	f.Git(args[1:]...)
	whole := time.Since(start)

	for range attempts {
		check(t, f.git.RemoveWorktree(t.Context(), f.path))
		kill := make(chan struct{})
		timer := time.AfterFunc(rand.N(whole), func() { close(kill) })
		_, err := proc.Command{Argv: args, Dir: f.Dir}.Run(proc.WithKill(t.Context(), kill))
		check(t, err)
		timer.Stop()
		// dot has not marked it as complete, even if it is.
		if err := f.git.CheckWorktree(f.path, f.first); err == nil {
			t.Fatal("half a worktree was taken for a whole one")
		}
		f.add(t)
		check(t, f.git.CheckWorktree(f.path, f.first))
		changes, err := f.git.WorktreeChanges(t.Context(), f.path)
		if err != nil || len(changes) > 0 {
			t.Fatalf("changes %v, %v", changes, err)
		}
	}
}

func TestAddWorktreeCancelled(t *testing.T) {
	f := newFixture(t)
	before := f.Snapshot()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.git.AddWorktree(ctx, f.path, f.first, nil); err == nil {
		t.Fatal("no error")
	}
	after := f.Snapshot()
	for _, path := range []string{".dot", ".dot/build", ".dot/build/" + filepath.Base(filepath.Dir(f.path))} {
		delete(after, path)
	}
	wantEqual(t, after, before)
}

// A lock of dot's must last as long as the git that works under it.
func TestAddWorktreeHandsOnFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows can't")
	}
	f := newFixture(t)
	f.Write(".gitattributes", "*.sql filter=say\n")
	f.first = f.Commit("with a filter")
	f.Git("config", "filter.say.smudge", "echo here >&3; cat")
	r, w, err := os.Pipe()
	check(t, err)
	defer r.Close()
	check(t, f.git.AddWorktree(t.Context(), f.path, f.first, []*os.File{w}))
	w.Close()
	said := make([]byte, 4)
	if _, err := r.Read(said); err != nil || string(said) != "here" {
		t.Errorf("got %q, %v", said, err)
	}
}
