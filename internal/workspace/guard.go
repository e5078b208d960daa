package workspace

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// guard locks the ledgers of a place's database while one of them is changed.
// Unlike the locks of steps, this lock is held only briefly, and its holder never
// waits for another lock.
func (w *Workspace) guard(p Place) (release func(), err error) {
	name := w.file("locks", "ledger-"+p.database())
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := tryLock(f, false)
		switch {
		case ok:
			return func() { f.Close() }, nil
		case err != nil:
			f.Close()
			return nil, fmt.Errorf("lock the ledgers of %s: %w", p.Schema, err)
		}
		time.Sleep(glance / 20)
	}
}
