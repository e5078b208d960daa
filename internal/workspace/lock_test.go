//go:build unix

package workspace

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"dot-for-dbt/graph"
)

var (
	exclusive = graph.Lock{Name: "build-dev", What: "build dev@9b13827"}
	shared    = graph.Lock{Name: "build-dev", What: "build dev@9b13827", Shared: true}
)

func mustLock(t *testing.T, l *Locker, lock graph.Lock) graph.Held {
	t.Helper()
	held, err := l.Lock(t.Context(), []graph.Lock{lock}, func(l graph.Lock, who string) {
		t.Errorf("waits for %s, held by %s", l.What, who)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(held.Release)
	return held
}

// blocked tries to take a lock that must be held already, and returns its holder.
func blocked(t *testing.T, l *Locker, lock graph.Lock) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	by := ""
	_, err := l.Lock(ctx, []graph.Lock{lock}, func(_ graph.Lock, who string) { by = who; cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got the lock: %v", err)
	}
	return by
}

func TestLocks(t *testing.T) {
	w := created(t)
	one, two := w.Locker("dot build dev@HEAD"), w.Locker("dot run")

	held := mustLock(t, one, exclusive)
	if by := blocked(t, two, exclusive); !strings.Contains(by, "(dot build dev@HEAD)") {
		t.Errorf("held by %q", by)
	}
	blocked(t, two, shared)
	if by := two.Holder(shared); !strings.Contains(by, "dot build dev@HEAD") {
		t.Errorf("holder: %q", by)
	}
	held.Release()

	if by := two.Holder(exclusive); by != "" {
		t.Errorf("a free lock is held by %q", by)
	}
	mustLock(t, one, shared)
	mustLock(t, two, shared)
	blocked(t, two, exclusive)
	if by := two.Holder(shared); by != "" {
		t.Errorf("a shared lock stands against sharing it: %q", by)
	}
}

func TestHolderMakesNoFile(t *testing.T) {
	w := created(t)
	if by := w.Locker("dot").Holder(exclusive); by != "" {
		t.Errorf("held by %q", by)
	}
	if _, err := os.Stat(w.file("locks")); err == nil {
		t.Error("looking at a lock made its directory")
	}
}

// A child that inherited a lock's file holds the lock after its parent has let
// go, until it ends.
func TestInheritedLockLastsAsLongAsTheChild(t *testing.T) {
	w := created(t)
	l := w.Locker("dot build")
	held := mustLock(t, l, exclusive)
	child := exec.CommandContext(t.Context(), "cat")
	child.ExtraFiles = held.Files([]graph.Lock{exclusive})
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	held.Release()
	blocked(t, l, exclusive)
	stdin.Close()
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	mustLock(t, l, exclusive)
}

func TestHeld(t *testing.T) {
	w := created(t)
	one, two := w.Locker("dot build"), w.Locker("dot doctor")
	if got, err := two.Held(); err != nil || len(got) > 0 {
		t.Errorf("held before any was taken: %v, %v", got, err)
	}
	locks := mustLock(t, one, exclusive)
	got, err := two.Held()
	if want := []HeldLock{{exclusive.Name, one.self}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	locks.Release()
	if got, err := two.Held(); err != nil || len(got) > 0 {
		t.Errorf("held after it was let go: %v, %v", got, err)
	}
}
