package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"dot-for-dbt/internal/durable"
)

// A Flaw is a damaged, leftover or exposed file in the workspace.
type Flaw struct {
	Path string // of the file, absolute
	Kind FlawKind
	Err  error // what is wrong with it
}

// A FlawKind is a kind of flaw.
type FlawKind string

// The kinds of flaws.
const (
	BadRecord FlawKind = "record"   // can't be trusted: its step runs again
	BadLedger FlawKind = "ledger"   // can't be trusted: its builds run again, and nobody can defer to them
	Leftover  FlawKind = "leftover" // a temporary file of an interrupted write
	Exposed   FlawKind = "exposed"  // others can read a file that may hold a secret
	BadKey    FlawKind = "key"      // the random key is damaged
	BadConfig FlawKind = "config"   // the user's file can't be read
	Closed    FlawKind = "closed"   // a directory can't be read
	Fixed     FlawKind = "fixed"    // a directory, or a lock in it, can't be written to; nor perhaps what is below it
)

// A FixedError says that this user can't write to a file, or make files in a directory.
type FixedError struct {
	Err     error
	Foreign bool // it belongs to another user
	Owner   int  // that user's ID
}

func (e *FixedError) Error() string {
	text := "dot can't write there: " + e.Err.Error()
	if e.Foreign {
		text += fmt.Sprintf(", and it belongs to user %d", e.Owner)
	}
	return text
}

func (e *FixedError) Unwrap() error { return e.Err }

// writing is the longest time that a write takes. A younger temporary file may
// still be in use.
const writing = time.Minute

// Examine looks for flaws in dot's own files, not in those of git, dbt and pip.
// It changes nothing. A workspace that doesn't exist has no flaws.
func (w *Workspace) Examine(now time.Time) ([]Flaw, error) {
	var flaws []Flaw
	add := func(kind FlawKind, file string, err error) {
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // another dot may remove files meanwhile
			flaws = append(flaws, Flaw{Path: file, Kind: kind, Err: err})
		}
	}
	fixed := "" // the last such directory
	addFixed := func(dir string, err error) {
		if err != nil && (fixed == "" || dir != fixed && !strings.HasPrefix(dir, fixed+string(os.PathSeparator))) {
			add(Fixed, dir, err)
			fixed = dir
		}
	}
	err := filepath.WalkDir(w.path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed meanwhile, or no workspace at all
			return nil
		case errors.Is(err, fs.ErrPermission) && entry != nil:
			add(Closed, file, err)
			return fs.SkipDir
		case err != nil:
			return err
		}
		relative, err := filepath.Rel(w.path, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(relative)
		if entry.IsDir() {
			addFixed(file, CheckWritable(file))
			if foreign(name) {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case path.Dir(name) == "locks":
			addFixed(filepath.Dir(file), CheckWritable(file))
		case durable.IsTemporary(entry.Name()):
			add(Leftover, file, leftover(entry, now))
		case path.Base(path.Dir(name)) == "records" && path.Ext(name) == ".json":
			_, err := w.Load(strings.TrimSuffix(name, ".json"))
			add(BadRecord, file, err)
		case path.Dir(name) == "places" && path.Ext(name) == ".json":
			add(BadLedger, file, checkLedger(file))
		case path.Base(path.Dir(name)) == "layer" && path.Ext(name) == ".json":
			add(BadLedger, file, checkLayer(file))
		case path.Base(name) == "profiles.yml":
			add(Exposed, file, exposed(entry))
		case name == "key":
			add(Exposed, file, exposed(entry))
			add(BadKey, file, checkKey(file))
		case name == configFile:
			_, err := w.PromptDisabled("gitignore")
			add(BadConfig, file, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("examine %s: %w", w.path, err)
	}
	if _, err := os.Stat(w.file("key")); errors.Is(err, fs.ErrNotExist) && w.hasBuilds() {
		flaws = append(flaws, Flaw{Path: w.file("key"), Kind: BadKey, Err: errNewKey("it is missing")})
	}
	return flaws, nil
}

// foreign reports whether only git, dbt or pip writes to a directory.
func foreign(name string) bool {
	switch path.Base(name) {
	case "venv":
		return path.Dir(path.Dir(name)) == "toolchains"
	case "worktree":
		return path.Dir(path.Dir(name)) == "build"
	case "target", "logs":
		return path.Base(path.Dir(path.Dir(name))) == "env"
	}
	return false
}

// leftover returns an error for a temporary file that no process is writing.
func leftover(entry fs.DirEntry, now time.Time) error {
	info, err := entry.Info()
	if err != nil || now.Sub(info.ModTime()) < writing {
		return err
	}
	return errors.New("left by a dot that was killed while it wrote")
}

// exposed returns an error for a file that others than its owner can read.
// Windows has no such modes.
func exposed(entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil || runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return err
	}
	return fmt.Errorf("others can read it: its mode is %04o", info.Mode().Perm())
}

// checkLedger checks a ledger file as Ledger does.
func checkLedger(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := parseLedger(data)
	if err != nil {
		return err
	}
	if want := l.Place.ID() + ".json"; filepath.Base(file) != want {
		return fmt.Errorf("it is the ledger of another place: %s", want)
	}
	return nil
}

// checkLayer checks a layer file as Layer does.
func checkLayer(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = parseLayer(data)
	return err
}

func checkKey(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if _, ok := parseKey(text); !ok {
		return errNewKey("it is damaged")
	}
	return nil
}

// errNewKey returns what a lost key means.
func errNewKey(why string) error {
	return errors.New(why + ": dot makes a new one, and steps that read environment variables run again")
}
