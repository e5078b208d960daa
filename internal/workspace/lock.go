package workspace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"dot-for-dbt/graph"
)

const (
	// retryDelay is how often a lock that another process holds is tried
	// again: flock(2) has no wait that a context could end.
	retryDelay = 50 * time.Millisecond
	// glance is how long somebody who only looks at a lock (Holder) may hold
	// it before that is worth a word.
	glance = 2 * retryDelay
)

// A Locker takes locks as files in .dot/locks. The kernel lets go of them when
// the last process that has the file open is gone, so a dbt that inherited
// them keeps them even if dot is killed. The files stay: deleting one would
// let two processes lock different files of one name.
type Locker struct {
	dir string
	// self is what others read of this process while they wait.
	self string
}

// Locker returns the workspace's Locker; command is what this process runs, as
// others are shown it.
func (w *Workspace) Locker(command string) *Locker {
	return &Locker{dir: w.file("locks"), self: fmt.Sprintf("pid %d (%s)", os.Getpid(), command)}
}

func (l *Locker) path(lock graph.Lock) string { return filepath.Join(l.dir, lock.Name) }

// Lock implements graph.Locker.
func (l *Locker) Lock(ctx context.Context, locks []graph.Lock, waiting func(graph.Lock, string)) (graph.Held, error) {
	if len(locks) == 0 {
		return held{}, nil
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of locks: %w", err)
	}
	got := held{}
	for _, lock := range locks {
		f, err := l.take(ctx, lock, waiting)
		if err != nil {
			got.Release()
			return nil, fmt.Errorf("lock %s: %w", lock.What, err)
		}
		got[lock.Name] = f
	}
	return got, nil
}

// take opens a lock's file and locks it, however long that takes.
func (l *Locker) take(ctx context.Context, lock graph.Lock, waiting func(graph.Lock, string)) (*os.File, error) {
	f, err := os.OpenFile(l.path(lock), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	said := false
	for started := time.Now(); ; {
		ok, err := tryLock(f, lock.Shared)
		if ok {
			break
		}
		if err == nil {
			if !said && time.Since(started) >= glance {
				waiting(lock, signature(f))
				said = true
			}
			select {
			case <-time.After(retryDelay):
				continue
			case <-ctx.Done():
				err = context.Cause(ctx)
			}
		}
		f.Close()
		return nil, err
	}
	if !lock.Shared {
		// For people only: it is not synced, and nothing depends on it.
		_ = f.Truncate(0)
		_, _ = f.WriteAt([]byte(l.self+"\n"), 0)
	}
	return f, nil
}

// signature returns who holds a lock, as far as its file tells.
func signature(f *os.File) string {
	text := make([]byte, 200)
	n, _ := f.ReadAt(text, 0)
	who, _, _ := strings.Cut(string(text[:n]), "\n")
	if who == "" {
		return "another dot"
	}
	return who
}

// Holder implements graph.Locker. It takes the lock for an instant where it
// can; a lock that was never taken has no file, and none is made.
func (l *Locker) Holder(lock graph.Lock) string {
	f, err := os.Open(l.path(lock))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		return "another dot"
	}
	defer f.Close()
	if free, err := tryLock(f, lock.Shared); free || err != nil {
		return ""
	}
	return signature(f)
}

// A HeldLock is a lock that somebody holds.
type HeldLock struct {
	Name   string // such as "commit-9b13827"
	Holder string // who, as far as the lock's file tells
}

// Held lists the locks that are held. It changes nothing.
func (l *Locker) Held() ([]HeldLock, error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []HeldLock
	for _, entry := range entries {
		if who := l.Holder(graph.Lock{Name: entry.Name()}); who != "" {
			all = append(all, HeldLock{Name: entry.Name(), Holder: who})
		}
	}
	return all, nil
}

// held are the files of the locks that are held, by name.
type held map[string]*os.File

// Files implements graph.Held.
func (h held) Files(locks []graph.Lock) []*os.File {
	var files []*os.File
	for _, lock := range locks {
		if f := h[lock.Name]; f != nil {
			files = append(files, f)
		}
	}
	return files
}

// Release implements graph.Held. Closing, rather than unlocking, leaves the
// lock to whoever inherited the file and is still alive.
func (h held) Release() {
	for _, f := range h {
		f.Close()
	}
}
