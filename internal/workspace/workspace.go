package workspace

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"dot-for-dbt/internal/durable"
)

// Dir is the name of the workspace's directory at the repository's root.
const Dir = ".dot"

// A Workspace is the .dot directory of a repository. It need not exist yet.
type Workspace struct {
	path    string
	secret  []byte
	unsaved bool     // the secret is not in its file yet
	hidden  sync.Map // the texts of the names that Hide has given
	// commits are the names of the commits that have a directory; nil if they may change: see Freeze.
	commits map[string]bool
}

// Open returns the workspace of the repository with the main worktree root. It
// writes nothing.
func Open(root string) (*Workspace, error) {
	w := &Workspace{path: filepath.Join(root, Dir)}
	switch info, err := os.Lstat(w.path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a directory, and dot keeps its builds there: move it away", w.path)
	}
	text, err := os.ReadFile(w.file("key"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, ok := parseKey(text)
	if !ok {
		// Without a valid key, all digests made with it change. The new key stays
		// in memory until Create.
		key = make([]byte, sha256.Size)
		rand.Read(key)
		w.unsaved = true
	}
	w.secret = key
	return w, nil
}

// Freeze notes which commits have a directory. From then on, w looks for no file of other commits. It is
// for invocations that run nothing: a plan of many commits would look for thousands of files.
func (w *Workspace) Freeze() {
	entries, err := os.ReadDir(w.file("build"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // who reads a file there, says why
	}
	w.commits = make(map[string]bool, len(entries))
	for _, e := range entries {
		w.commits[e.Name()] = true
	}
}

// isBare reports whether a commit is known to have no files.
func (w *Workspace) isBare(short string) bool { return w.commits != nil && !w.commits[short] }

// KeyLost reports whether the workspace has builds, but no valid key: the digests in
// their records and ledgers then mean nothing.
func (w *Workspace) KeyLost() bool { return w.unsaved && w.hasBuilds() }

// hasBuilds reports whether dot has written any ledger. Another tool's builds have none.
func (w *Workspace) hasBuilds() bool {
	_, err := os.Stat(w.file("places"))
	return err == nil
}

// parseKey parses the text of the key file.
func parseKey(text []byte) (key []byte, ok bool) {
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	return key, err == nil && len(key) == sha256.Size
}

// Exists reports whether the directory exists.
func (w *Workspace) Exists() bool {
	_, err := os.Stat(w.path)
	return err == nil
}

// Path returns the absolute path of the .dot directory.
func (w *Workspace) Path() string { return w.path }

func (w *Workspace) file(elem ...string) string {
	return w.path + string(filepath.Separator) + filepath.Join(elem...)
}

// Create makes the directory, with a .gitignore that excludes all of it and the
// random key for Digest. Existing files stay unless they are damaged; see also
// [ErrOtherKey].
func (w *Workspace) Create() error {
	if err := os.MkdirAll(w.path, 0o700); err != nil {
		return fmt.Errorf("make dot's directory: %w", err)
	}
	ignore := w.file(".gitignore")
	if info, err := os.Stat(ignore); errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		if err := durable.Write(ignore, []byte("*\n"), 0o600); err != nil {
			return fmt.Errorf("make dot's directory: %w", err)
		}
	}
	if w.unsaved {
		return w.saveKey()
	}
	return nil
}

// ErrOtherKey means that another process saved a key first: digests made with
// the key in memory must be made again.
var ErrOtherKey = errors.New("another dot has made the workspace meanwhile")

// saveKey saves the key unless the file has a valid one by now.
func (w *Workspace) saveKey() error {
	text := []byte(hex.EncodeToString(w.secret) + "\n")
	err := durable.Create(w.file("key"), text, 0o600)
	if errors.Is(err, fs.ErrExist) {
		there, readErr := os.ReadFile(w.file("key"))
		if key, ok := parseKey(there); readErr == nil && ok {
			w.secret, w.unsaved = key, false
			return ErrOtherKey
		}
		err = durable.Write(w.file("key"), text, 0o600) // a damaged one
	}
	if err != nil {
		return fmt.Errorf("make dot's directory: %w", err)
	}
	w.unsaved = false
	return nil
}

// Digest returns an HMAC of text under the workspace's random key. Equal texts
// have equal digests within a workspace. Without the key, nobody can check a
// guess of the text.
func (w *Workspace) Digest(text string) string {
	mac := hmac.New(sha256.New, w.secret)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
