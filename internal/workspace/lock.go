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
	// retryDelay is the delay between two attempts to take a lock. (A context
	// can't end a waiting flock(2).)
	retryDelay = 50 * time.Millisecond
	// glance is how long Holder may hold a lock that it only looks at. Waiting
	// for less time than this is not reported.
	glance = 2 * retryDelay
)

// A Locker locks files in .dot/locks. The kernel releases a lock when the last
// process that has the file open ends. So a dbt that inherited the file keeps
// the lock even if dot is killed. The files are never deleted: otherwise two
// processes could lock different files of one name.
type Locker struct {
	dir string
	// self describes this process to those that wait for its locks.
	self string
}

// Locker returns the workspace's Locker. command is this process's command line:
// other processes show it while they wait.
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

// take opens a lock's file and waits until it has locked it.
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
		// The text is only shown to people: errors don't matter.
		_ = f.Truncate(0)
		_, _ = f.WriteAt([]byte(l.self+"\n"), 0)
	}
	return f, nil
}

// signature reads from a lock's file who holds the lock.
func signature(f *os.File) string {
	text := make([]byte, 200)
	n, _ := f.ReadAt(text, 0)
	who, _, _ := strings.Cut(string(text[:n]), "\n")
	if who == "" {
		return "another dot"
	}
	return who
}

// Holder implements graph.Locker. If the lock is free, Holder takes and releases
// it. It doesn't create a missing file.
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

// A HeldLock is a lock that a process holds.
type HeldLock struct {
	Name   string // such as "commit-9b13827"
	Holder string // from the lock's file
}

// Held returns the locks that are held.
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

// held has the files of this process's locks, by name.
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

// Release implements graph.Held. It closes the files and doesn't unlock them:
// processes that inherited a file keep its lock.
func (h held) Release() {
	for _, f := range h {
		f.Close()
	}
}
