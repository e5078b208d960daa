package saves

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/fsnotify/fsnotify"

	"dot-for-dbt/internal/hint"
)

// Places says what is watched. All paths are absolute and without symbolic links.
type Places struct {
	// Trees are directories that are watched with all directories below them. They may come and go
	// below Top.
	Trees []string
	Top   string
	// Files are watched whatever the ignore rules say. They need not exist.
	Files []string
	// Except are files and directories that are not watched, with all below them.
	Except []string
}

// Equal reports whether both are the same.
func (p Places) Equal(q Places) bool {
	return p.Top == q.Top && slices.Equal(p.Trees, q.Trees) && slices.Equal(p.Files, q.Files) && slices.Equal(p.Except, q.Except)
}

// Ignored returns which of some paths don't count. A directory's path ends in a separator.
type Ignored func(ctx context.Context, paths []string) (map[string]bool, error)

// A Watcher notices saved files: new, changed and removed ones.
type Watcher struct {
	// Saved has the paths of files that were saved, once it is quiet. A path may be a directory's.
	Saved <-chan []string
	// Failed has the error of a watcher that can't go on.
	Failed <-chan error

	events  *fsnotify.Watcher
	ignored Ignored
	add     func(dir string) error
	failed  chan error
	ended   sync.WaitGroup

	mu      sync.Mutex
	places  Places
	watched map[string]bool // directories
	known   map[string]bool // which paths are ignored
}

// buffered is how many events the watcher takes at once: git checkout makes many.
const buffered = 4096

// New returns a watcher that watches nothing yet. The caller must close it.
func New(ignored Ignored) (*Watcher, error) {
	events, err := fsnotify.NewBufferedWatcher(buffered)
	if err != nil {
		return nil, limited(err, 0)
	}
	saved, failed, notes := make(chan []string), make(chan error, 1), make(chan []string)
	w := &Watcher{
		Saved: saved, Failed: failed, failed: failed,
		events: events, ignored: ignored, add: events.Add, watched: map[string]bool{}, known: map[string]bool{},
	}
	w.ended.Go(func() { gather(notes, Quiet, saved) })
	w.ended.Go(func() {
		defer close(notes)
		w.listen(notes)
	})
	return w, nil
}

// Close ends the watching.
func (w *Watcher) Close() error {
	err := w.events.Close()
	w.ended.Wait()
	return err
}

// Watch sets what is watched from now on, and returns the number of directories.
func (w *Watcher) Watch(ctx context.Context, places Places) (directories int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places = places
	w.known = map[string]bool{}
	err = w.scan(ctx)
	return len(w.watched), err
}

// listen passes on the paths of events that count, until the watcher is closed.
func (w *Watcher) listen(notes chan<- []string) {
	for {
		var paths []string
		var err error
		select {
		case event, ok := <-w.events.Events:
			if !ok {
				return
			}
			paths, err = w.take(append([]fsnotify.Event{event}, w.more()...))
		case failed, ok := <-w.events.Errors:
			if !ok {
				return
			}
			if paths, err = nil, failed; errors.Is(failed, fsnotify.ErrEventOverflow) {
				paths, err = w.again()
			}
		}
		if err != nil {
			select {
			case w.failed <- err:
			default: // one is enough
			}
		}
		if len(paths) > 0 {
			notes <- paths
		}
	}
}

// more returns the events that have come already.
func (w *Watcher) more() (events []fsnotify.Event) {
	for range buffered {
		select {
		case event, ok := <-w.events.Events:
			if !ok {
				return events
			}
			events = append(events, event)
		default:
			return events
		}
	}
	return events
}

// again looks for new directories after events were lost: anything may have changed.
func (w *Watcher) again() ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = map[string]bool{}
	return w.places.Trees, w.scan(context.Background())
}

// take returns the paths of the events that count, and watches new directories.
func (w *Watcher) take(events []fsnotify.Event) (saved []string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	ctx := context.Background()
	var inTrees []string
	rescan := false
	for _, event := range events {
		path := filepath.Clean(event.Name)
		if event.Op == fsnotify.Chmod {
			continue
		}
		if event.Has(fsnotify.Remove) || event.Has(fsnotify.Rename) {
			w.forget(path)
		}
		switch {
		case slices.Contains(w.places.Files, path):
			saved = append(saved, path)
		case w.places.excepts(path):
		case w.places.inTree(path):
			if filepath.Base(path) == ".gitignore" {
				rescan, w.known = true, map[string]bool{}
			}
			inTrees = append(inTrees, path)
		default: // on the way to a tree, or of no interest
			for _, tree := range w.places.Trees {
				if isDir(tree) && !w.watched[tree] && within(tree, path) {
					rescan, saved = true, append(saved, tree)
				}
			}
		}
	}
	if inTrees, err = w.counting(ctx, inTrees); err != nil {
		return nil, err
	}
	saved = append(saved, inTrees...)
	if rescan {
		return saved, w.scan(ctx)
	}
	for _, path := range inTrees {
		if isDir(path) && !w.watched[path] {
			if err := w.addTree(ctx, path); err != nil {
				return saved, err
			}
		}
	}
	return saved, nil
}

// counting returns the paths that are not ignored.
func (w *Watcher) counting(ctx context.Context, paths []string) ([]string, error) {
	named := func(path string) string {
		if isDir(path) {
			return path + string(filepath.Separator)
		}
		return path
	}
	var asked []string
	for _, path := range paths {
		if name := named(path); !slices.Contains(asked, name) {
			if _, known := w.known[name]; !known {
				asked = append(asked, name)
			}
		}
	}
	if len(asked) > 0 {
		ignored, err := w.ignored(ctx, asked)
		if err != nil {
			return nil, fmt.Errorf("find out which files are ignored: %w", err)
		}
		for _, name := range asked {
			w.known[name] = ignored[name]
		}
	}
	var counting []string
	for _, path := range paths {
		if !w.known[named(path)] && !slices.Contains(counting, path) {
			counting = append(counting, path)
		}
	}
	return counting, nil
}

// scan watches all places. What is watched already stays so.
func (w *Watcher) scan(ctx context.Context) error {
	for _, tree := range w.places.Trees {
		for dir := filepath.Dir(tree); within(dir, w.places.Top); dir = filepath.Dir(dir) {
			if err := w.addDir(dir); err != nil {
				return err
			}
		}
		if err := w.addTree(ctx, tree); err != nil {
			return err
		}
	}
	for _, file := range w.places.Files {
		if err := w.addDir(filepath.Dir(file)); err != nil {
			return err
		}
	}
	return nil
}

// addTree watches a directory and those below it. It asks once for each level which are ignored.
func (w *Watcher) addTree(ctx context.Context, root string) error {
	for level := []string{root}; len(level) > 0; {
		var below []string
		for _, dir := range level {
			if err := w.addDir(dir); err != nil { // before it is read: what comes later makes events
				return err
			}
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				return err
			}
			for _, entry := range entries {
				path := filepath.Join(dir, entry.Name())
				if entry.IsDir() && w.places.inTree(path) && !isRepository(path) {
					below = append(below, path)
				}
			}
		}
		var err error
		if level, err = w.counting(ctx, below); err != nil {
			return err
		}
	}
	return nil
}

// addDir watches a directory. One that has gone is no error: its parent tells when it is back.
func (w *Watcher) addDir(dir string) error {
	if w.watched[dir] {
		return nil
	}
	err := w.add(dir)
	switch {
	case err == nil:
		w.watched[dir] = true
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrPermission):
		return nil
	}
	return limited(err, len(w.watched))
}

// forget notes that a directory has gone or has another name, with all below it.
func (w *Watcher) forget(dir string) {
	if !w.watched[dir] {
		return
	}
	for path := range w.watched {
		if within(path, dir) {
			delete(w.watched, path)
			_ = w.events.Remove(path) // gone already, unless it was moved
		}
	}
}

// limited adds advice to an error of the system's limits.
func limited(err error, directories int) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return hint.New(
			fmt.Sprintf("the project has too many directories to watch: the system lets dot watch %d (fs.inotify.max_user_watches)", directories),
			"raise the limit: sudo sysctl fs.inotify.max_user_watches=524288",
			"or let git ignore directories that the project doesn't need: .gitignore",
		)
	case errors.Is(err, syscall.EMFILE) && directories == 0:
		return hint.New("too many programs of yours watch files (fs.inotify.max_user_instances), or dot may not open another file",
			"raise the limit: sudo sysctl fs.inotify.max_user_instances=512", "or: ulimit -n 4096")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return hint.New(fmt.Sprintf("the project has too many directories to watch: dot may not open more files after %d", directories),
			"raise the limit: ulimit -n 4096")
	}
	return fmt.Errorf("watch files: %w", err)
}

// inTree reports whether a path is one of a tree.
func (p Places) inTree(path string) bool {
	return !p.excepts(path) && slices.ContainsFunc(p.Trees, func(tree string) bool { return within(path, tree) })
}

// excepts reports whether a path is not watched although it is below a tree: git's own are not,
// either.
func (p Places) excepts(path string) bool {
	if slices.ContainsFunc(p.Except, func(except string) bool { return within(path, except) }) {
		return true
	}
	for _, tree := range p.Trees {
		if below, ok := strings.CutPrefix(path, tree+string(filepath.Separator)); ok &&
			slices.Contains(strings.Split(below, string(filepath.Separator)), ".git") {
			return true
		}
	}
	return false
}

// within reports whether a path is a directory or below it.
func within(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator)))
	return ok && (rest == "" || rest[0] == filepath.Separator)
}

func isDir(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.IsDir()
}

// isRepository reports whether a directory is the top of another repository or worktree.
func isRepository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}
