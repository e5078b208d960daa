package git

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Objects reads the content of commits from git's object database. One git process, started by the
// first call, answers all calls. It is safe for concurrent use; calls wait for each other.
//
// Names are git's: "<commit>:<path>", the path with slashes and from the top of the repository, and
// "<commit>:" for the tree at the top. A symbolic link is a blob that holds its target. git doesn't
// follow it, and its mode isn't told here (its mode in the raw tree is 120000). A submodule does
// not exist, since its commit is in another repository.
type Objects struct {
	ctx  context.Context // for the process, which outlives single calls
	repo *Repo

	mu   sync.Mutex
	talk *conversation // nil until the first call, and after git ended
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
	for size := len(id) / 2; len(tree) > 0; { // an entry is "<mode> <name>", NUL, and the hash in bytes
		entry, rest, _ := bytes.Cut(tree, []byte{0})
		mode, name, _ := strings.Cut(string(entry), " ")
		if len(rest) < size {
			return nil, fmt.Errorf("reading %s from git: not a whole tree", id)
		}
		if strings.HasPrefix(mode, "1") && mode != "160000" && slices.Contains(names, name) {
			files[name] = hex.EncodeToString(rest[:size])
		}
		tree = rest[size:]
	}
	return files, nil
}

// get asks for an object and passes its content to read, which must consume all of it.
func (o *Objects) get(name string, read func(size int64, r io.Reader) error) (id string, err error) {
	if strings.ContainsAny(name, "\n\x00") {
		return "", fmt.Errorf("reading %q from git: a name must not hold line breaks", name)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.talk == nil {
		if o.talk, err = converse(o.ctx, command(o.repo.Top, "cat-file", "--batch")); err != nil {
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
	if o.talk == nil {
		return nil
	}
	_, err := o.talk.end()
	o.talk = nil
	return err
}
