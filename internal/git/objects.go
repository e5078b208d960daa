package git

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"
)

// Objects reads the content of commits from git's object database. One git process, started by the
// first call, answers all calls. It is safe for concurrent use, except for Links; calls wait for each
// other.
//
// Names are git's: "<commit>:<path>", the path with slashes and from the top of the repository, and
// "<commit>:" for the tree at the top. A symbolic link is a blob that holds its target. git doesn't
// follow it, and its mode isn't told here (its mode in the raw tree is 120000). A submodule does
// not exist, since its commit is in another repository. ReadFile and FileID follow links.
type Objects struct {
	ctx  context.Context // for the process, which outlives single calls
	repo *Repo

	mu   sync.Mutex
	talk *conversation // nil until the first call, and after git ended
	made bool          // talk knows the draft's objects

	below map[string][]treeEntry // of Links: directories and links, by the hash of their tree
}

// Objects returns a reader. Its process lives until [Objects.Close] or until ctx is done.
func (r *Repo) Objects(ctx context.Context) *Objects { return &Objects{ctx: ctx, repo: r} }

// Read returns the content of an object: the committed bytes of a blob, or a tree in git's raw
// form. A missing object is an [fs.ErrNotExist].
func (o *Objects) Read(name string) ([]byte, error) {
	var content []byte
	_, err := o.get(name, func(size int64, r io.Reader) (err error) {
		content, err = readAll(size, r)
		return err
	})
	return content, err
}

func readAll(size int64, r io.Reader) ([]byte, error) {
	content := make([]byte, size)
	_, err := io.ReadFull(r, content)
	return content, err
}

// ID returns an object's hash. The hash of a tree is a digest of everything below it. A missing
// object is an [fs.ErrNotExist]. ID takes as long as reading the object.
func (o *Objects) ID(name string) (string, error) {
	return o.get(name, func(size int64, r io.Reader) error {
		_, err := io.CopyN(io.Discard, r, size)
		return err
	})
}

// Files returns the hashes of the files called names that a commit has in a directory, by name. dir
// is "" for the top of the repository. A file that isn't there is left out.
func (o *Objects) Files(commit, dir string, names ...string) (map[string]string, error) {
	name := commit + ":"
	if dir != "" {
		name += dir + "/" // so that a file is no directory
	}
	var tree []byte
	id, err := o.get(name, func(size int64, r io.Reader) (err error) {
		tree, err = readAll(size, r)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	files := make(map[string]string, len(names))
	for entry, err := range treeEntries(id, tree) {
		if err != nil {
			return nil, err
		}
		if entry.isFile() && slices.Contains(names, entry.name) {
			files[entry.name] = entry.id
		}
	}
	return files, nil
}

// treeEntry is an entry of a tree.
type treeEntry struct{ mode, name, id string }

// The modes of a directory and a symbolic link in a tree.
const (
	directoryMode = "40000"
	linkMode      = "120000"
)

// isFile reports whether the entry is a file or a symbolic link.
func (e treeEntry) isFile() bool { return strings.HasPrefix(e.mode, "1") && e.mode != gitlink }

// treeEntries reads a tree in git's raw form: "<mode> <name>", NUL, and the hash in bytes for each
// entry.
func treeEntries(id string, tree []byte) iter.Seq2[treeEntry, error] {
	return func(yield func(treeEntry, error) bool) {
		for size := len(id) / 2; len(tree) > 0; {
			head, rest, _ := bytes.Cut(tree, []byte{0})
			mode, name, _ := strings.Cut(string(head), " ")
			if len(rest) < size {
				yield(treeEntry{}, fmt.Errorf("reading %s from git: not a whole tree", id))
				return
			}
			if !yield(treeEntry{mode, name, hex.EncodeToString(rest[:size])}, nil) {
				return
			}
			tree = rest[size:]
		}
	}
}

// maxLinks is how many symbolic links a path may lead through, as on Linux.
const maxLinks = 40

// follow finds what a commit has at a path, through symbolic links. If the path leads into a
// submodule, the entry is the submodule's, and inside is the rest of the path. A path that leads
// nowhere, or out of the commit, is an [fs.ErrNotExist].
func (o *Objects) follow(commit, name string) (found treeEntry, inside string, err error) {
	missing := &fs.PathError{Op: "read", Path: commit + ":" + name, Err: fs.ErrNotExist}
	at, rest := "", strings.Split(path.Clean(name), "/")
	for links := 0; ; {
		if path.IsAbs(name) || at == ".." || strings.HasPrefix(at, "../") {
			return treeEntry{}, "", missing
		}
		if rest[0] == ".." || rest[0] == "." {
			at, rest = path.Join(at, rest[0]), rest[1:]
			if len(rest) == 0 {
				return treeEntry{}, "", missing // a directory
			}
			continue
		}
		entry, err := o.entry(commit, at, rest[0])
		switch {
		case err != nil:
			return treeEntry{}, "", err
		case entry.mode == linkMode:
			target, err := o.Read(entry.id)
			if links++; err != nil || links > maxLinks || path.IsAbs(string(target)) {
				return treeEntry{}, "", errors.Join(err, missing)
			}
			rest = append(strings.Split(path.Clean(string(target)), "/"), rest[1:]...)
		case entry.mode == gitlink || len(rest) == 1:
			return entry, path.Join(rest[1:]...), nil
		case entry.mode != directoryMode:
			return treeEntry{}, "", missing
		default:
			at, rest = path.Join(at, rest[0]), rest[1:]
		}
	}
}

// entry returns what a commit has in a directory under a name.
func (o *Objects) entry(commit, dir, name string) (treeEntry, error) {
	at := commit + ":"
	if dir != "" && dir != "." {
		at += dir + "/"
	}
	var tree []byte
	id, err := o.get(at, func(size int64, r io.Reader) (err error) {
		tree, err = readAll(size, r)
		return err
	})
	if err != nil {
		return treeEntry{}, err
	}
	for entry, err := range treeEntries(id, tree) {
		if err != nil || entry.name == name {
			return entry, err
		}
	}
	return treeEntry{}, &fs.PathError{Op: "read", Path: at + name, Err: fs.ErrNotExist}
}

// ReadFile returns the content of a commit's file, through symbolic links. A file of a submodule
// doesn't exist.
func (o *Objects) ReadFile(commit, name string) ([]byte, error) {
	entry, _, err := o.follow(commit, name)
	if err != nil || !entry.isFile() {
		return nil, cmp.Or[error](err, &fs.PathError{Op: "read", Path: commit + ":" + name, Err: fs.ErrNotExist})
	}
	return o.Read(entry.id)
}

// FileID returns a digest of a commit's file, through symbolic links. That of a file in a submodule is
// another one for each of the submodule's commits, whether the file exists or not.
func (o *Objects) FileID(commit, name string) (string, error) {
	entry, inside, err := o.follow(commit, name)
	if err != nil || entry.mode != gitlink {
		return entry.id, err
	}
	return entry.id + ":" + inside, nil
}

// Links returns the symbolic links that a commit has below dir, by path, with their targets. dir is
// "" for all. If dir itself is a link or doesn't exist, there are none below it.
func (o *Objects) Links(commit, dir string) (map[string]string, error) {
	name := commit + ":"
	if dir != "" {
		name += dir + "/"
	}
	links := map[string]string{}
	var tree []byte
	id, err := o.get(name, func(size int64, r io.Reader) (err error) {
		tree, err = readAll(size, r)
		return err
	})
	if err == nil {
		err = o.linksIn(id, tree, dir, links)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return links, err
}

// linksIn adds the links below a tree; nil means that it is read. Commits share most trees:
// each is read once.
func (o *Objects) linksIn(id string, tree []byte, dir string, links map[string]string) error {
	below, known := o.below[id]
	if !known {
		if tree == nil {
			var err error
			if tree, err = o.Read(id); err != nil {
				return err
			}
		}
		for entry, err := range treeEntries(id, tree) {
			if err != nil {
				return err
			}
			if entry.mode == directoryMode || entry.mode == linkMode {
				below = append(below, entry)
			}
		}
		if o.below == nil {
			o.below = map[string][]treeEntry{}
		}
		o.below[id] = below
	}
	for _, entry := range below {
		at := path.Join(dir, entry.name)
		if entry.mode == directoryMode {
			if err := o.linksIn(entry.id, nil, at, links); err != nil {
				return err
			}
			continue
		}
		target, err := o.Read(entry.id)
		if err != nil {
			return err
		}
		links[at] = string(target)
	}
	return nil
}

// get asks for an object and passes its content to read, which must consume all of it.
func (o *Objects) get(name string, read func(size int64, r io.Reader) error) (id string, err error) {
	if strings.ContainsAny(name, "\n\x00") {
		return "", fmt.Errorf("reading %q from git: a name must not hold line breaks", name)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if drafted := o.repo.drafted.Load() != nil; o.made != drafted {
		o.made = drafted
		if err := o.end(); err != nil {
			return "", err
		}
	}
	if o.talk == nil {
		if o.talk, err = converse(o.ctx, o.repo.reader("cat-file", "--batch")); err != nil {
			return "", err
		}
	}
	object, err := o.talk.ask(name)
	switch {
	case err != nil:
		return "", o.broken(name, err)
	case object.state == "ambiguous":
		return "", fmt.Errorf("reading %q from git: the name fits several objects", name)
	case object.id == "":
		return "", &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	if err := errors.Join(read(object.size, o.talk.out), o.talk.skipNewline()); err != nil {
		return "", o.broken(name, err)
	}
	return object.id, nil
}

// broken ends a conversation that stopped in the middle of an answer. The next call starts a new
// one.
func (o *Objects) broken(name string, err error) error {
	_, ended := o.talk.end()
	o.talk = nil
	if ended != nil {
		err = ended
	}
	return fmt.Errorf("reading %q: %w", name, err)
}

// Close ends the git process, if one was started.
func (o *Objects) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.end()
}

func (o *Objects) end() error {
	if o.talk == nil {
		return nil
	}
	_, err := o.talk.end()
	o.talk = nil
	return err
}
