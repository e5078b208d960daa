package standin

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"
)

// A warehouse is a directory that one process at a time may use.
type warehouse struct {
	dir, database string
	lock          *flock.Flock
}

// openWarehouse makes the directory. As with DuckDB, it fails if another process uses it.
func (s *session) openWarehouse() (*warehouse, error) {
	if s.output.Adapter != "duckdb" {
		return nil, usage("the stand-in has no warehouse for %s", s.output.Adapter)
	}
	w := &warehouse{dir: s.output.Path, database: s.output.Database, lock: flock.New(s.output.Path + ".lock")}
	switch free, err := w.lock.TryLock(); {
	case err != nil:
		return nil, err
	case !free:
		return nil, usage("IO Error: Could not set lock on file \"%s\": Conflicting lock is held in another process", w.dir)
	}
	return w, os.MkdirAll(w.dir, 0o755)
}

func (w *warehouse) close() { _ = w.lock.Unlock() }

// file returns the path of a node's relation. Relations of another database are in a directory with
// that database's name.
func (w *warehouse) file(n *node) string {
	if n.Database != w.database {
		return filepath.Join(w.dir, n.Database, n.Schema, n.Alias)
	}
	return filepath.Join(w.dir, n.Schema, n.Alias)
}

func (w *warehouse) has(n *node) bool { return n.Relation != nil && exists(w.file(n)) }

func (w *warehouse) put(n *node, content string) error {
	if strings.ContainsAny(n.Schema+n.Alias, `/\`) {
		return errors.New("the stand-in can't write a relation of that name")
	}
	if err := os.MkdirAll(filepath.Dir(w.file(n)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(w.file(n), []byte(content), 0o644)
}
