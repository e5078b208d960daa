// Package dotdir compares the .dot directories of two equal runs. It is for tests. It knows the
// layout of .dot, but not the code that writes it.
package dotdir

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// volatile are the fields of records and ledgers that differ between equal runs, or depend on the
// number of runs. A manifest's size differs because it contains times. Whether a node was built
// from scratch is unknown if a killed run may have started it.
var volatile = []string{"seal", "number", "pid", "started", "finished", "time", "since", "run", "invocation", "manifest", "file", "log"}

// Tree returns the content of a .dot directory, by path, without what differs between equal runs:
// times, ids and process ids, dbt's own files, temporary files of killed processes, and ledgers
// that were moved aside. It also leaves out the given fields of records and ledgers.
func Tree(root string, fields ...string) (map[string]string, error) {
	fields = append(fields, volatile...)
	files := map[string]string{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		inWorktree := strings.Contains(name, "/worktree/")
		if d.IsDir() {
			if !inWorktree && (d.Name() == "target" || d.Name() == "logs") {
				return filepath.SkipDir
			}
			return nil
		}
		top, _, _ := strings.Cut(name, "/")
		folder := filepath.Base(filepath.Dir(file))
		switch {
		case inWorktree && d.Name() == ".git": // git chooses a number in its content
			files[name] = "is there"
		case inWorktree:
			files[name], err = Contents(file, d)
		case strings.Contains(d.Name(), ".tmp-"), path.Ext(name) == ".damaged":
		case top == "locks", top == "key", strings.Contains(name, "/state/"), strings.Contains(name, "/defer/"), strings.Contains(name, "/changed/"):
			files[name] = "is there"
		case top == "memo" && isOfLast(file):
			files[name] = "is there"
		case top == "places", folder == "records", folder == "layer" && !inWorktree:
			files[name], err = steady(file, fields)
		default:
			files[name], err = Contents(file, d)
		}
		return err
	})
	return files, err
}

// isOfLast reports whether a memo has the names of the nodes that the last check saw. Which check is
// the last differs between runs of several dots at once.
func isOfLast(file string) bool {
	data, err := os.ReadFile(file)
	return err == nil && strings.HasPrefix(string(data), "names of nodes: ")
}

// Contents returns a digest of a file's bytes, or the target of a symbolic link.
func Contents(file string, d fs.DirEntry) (string, error) {
	switch {
	case d.Type()&fs.ModeSymlink != 0:
		return os.Readlink(file)
	case !d.Type().IsRegular():
		return "", nil
	}
	data, err := os.ReadFile(file)
	return fmt.Sprintf("%d bytes %x", len(data), sha256.Sum256(data)), err
}

// steady returns a JSON file without some fields.
func steady(file string, without []string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	text, err := json.MarshalIndent(strip(value, without), "", " ")
	return string(text), err
}

func strip(value any, without []string) any {
	switch v := value.(type) {
	case map[string]any:
		if v["command"] != nil { // a ledger's run
			delete(v, "id")
		}
		for name, field := range v {
			if slices.Contains(without, name) {
				delete(v, name)
			} else {
				v[name] = strip(field, without)
			}
		}
	case []any:
		for i := range v {
			v[i] = strip(v[i], without)
		}
	}
	return value
}
