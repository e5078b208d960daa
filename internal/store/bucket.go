package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/until"
)

// objects are what a store consists of. Their names have slashes.
type objects interface {
	// list lists the objects whose names begin with a prefix that ends with a slash.
	list(ctx context.Context, prefix string) ([]bucket.Object, error)
	// open opens an object; if there is none, the error is fs.ErrNotExist.
	open(ctx context.Context, name string) (io.ReadCloser, error)
	// size returns the size of an object in bytes; if there is none, the error is fs.ErrNotExist.
	size(ctx context.Context, name string) (int64, error)
	// create makes a new object, whole or not at all. If there is one, the error is fs.ErrExist.
	create(ctx context.Context, name string, from *os.File) error
	// remove removes an object, if it is there.
	remove(ctx context.Context, name string) error
}

// Variable is the environment variable with the address of the store.
const Variable = "DOT_STORE"

// Open opens the store at a URL. what names the URL in an error, and getenv reads environment variables.
// Nothing is written, and nothing sent yet.
func Open(getenv func(string) (string, bool), what, text string) (*Store, error) {
	wrong := func(problem string, hints ...string) (*Store, error) {
		return nil, hint.New(what+": "+problem, hints...)
	}
	const example = "such as file:///srv/dot, s3://bucket/dot, gs://bucket/dot or az://container/dot"
	if strings.ContainsFunc(text, unicode.IsControl) {
		return wrong("the URL of the store holds a control character")
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" { // the error would quote the text, which may hold a password
		return wrong("the store is not a URL", example)
	}
	shown := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	switch {
	case u.Scheme == "file":
	case bucket.IsBucket(u.Scheme):
		b, err := bucket.Open(getenv, u)
		if err != nil {
			return nil, hint.Reword(err, what+": "+err.Error())
		}
		return &Store{shown: shown, remedy: pushAgain, in: inBucket{b}}, nil
	default:
		return wrong(fmt.Sprintf("%s: a URL of file, %s is expected, not of %q", shown, bucket.Schemes(), u.Scheme), example)
	}
	if u.Host != "" && u.Host != "localhost" {
		return wrong(fmt.Sprintf("%s names the host %s: a file URL has three slashes", shown, u.Host), "file:///"+u.Host+u.Path)
	}
	dir := filepath.FromSlash(u.Path)
	if runtime.GOOS == "windows" { // /C:/builds
		dir = strings.TrimPrefix(dir, `\`)
	}
	if !filepath.IsAbs(dir) {
		return wrong(shown+" is not an absolute path", example)
	}
	return &Store{shown: shown, remedy: pushAgain, in: directory{dir}}, nil
}

// pushAgain is the hint for an object that can't be used.
const pushAgain = "push the build again, which replaces it: dot push prod@main --force"

// inBucket are objects in a bucket of a cloud.
type inBucket struct{ in bucket.Bucket }

func (b inBucket) list(ctx context.Context, prefix string) ([]bucket.Object, error) {
	return b.in.List(ctx, prefix)
}

func (b inBucket) open(ctx context.Context, name string) (io.ReadCloser, error) {
	r, _, err := b.in.Read(ctx, name, "")
	if err != nil {
		return nil, err
	}
	return fromServer{r}, nil
}

// fromServer reads an object that a server sends. Its errors are lost.
type fromServer struct{ io.ReadCloser }

func (r fromServer) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &lost{err}
	}
	return n, err
}

// A lost error means that the connection ended while a server sent an object. That says nothing of the object.
type lost struct{ cause error }

func (e *lost) Error() string { return "the connection was lost: " + e.cause.Error() }

func (e *lost) Unwrap() error { return e.cause }

func (b inBucket) size(ctx context.Context, name string) (int64, error) { return b.in.Size(ctx, name) }

// create checks that the server knows of conditions: one that doesn't takes the same object twice.
func (b inBucket) create(ctx context.Context, name string, from *os.File) error {
	if err := b.in.Create(ctx, name, from); err != nil || !strings.HasPrefix(name, buildsDir) {
		return err
	}
	switch err := b.in.Create(ctx, name, from); {
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrPermission): // who may not replace it needs no condition
		return nil
	case err != nil:
		return err
	}
	return hint.New("the server doesn't know conditional writes, such as If-None-Match: two pushes at once would overwrite each other",
		"use a bucket of a server that does, or a shared directory")
}

func (b inBucket) remove(ctx context.Context, name string) error { return b.in.Remove(ctx, name) }

// directory are objects in a directory that the users share.
type directory struct{ dir string }

func (d directory) file(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

// there returns an error if the directory isn't there: dot doesn't make it, since it may be that of a
// file system that isn't mounted.
func (d directory) there() error {
	info, err := os.Stat(d.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.New(fmt.Sprintf("there is no directory %s", d.dir), "make it, or mount its file system")
	case err != nil:
		return err
	case !info.IsDir():
		return hint.New(fmt.Sprintf("%s is not a directory", d.dir), "name a directory")
	}
	return nil
}

func (d directory) list(ctx context.Context, prefix string) (found []bucket.Object, err error) {
	if err := d.there(); err != nil {
		return nil, err
	}
	root := d.file(prefix)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist): // it was removed meanwhile
			return nil
		case err != nil:
			return err
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		at, err := filepath.Rel(d.dir, path)
		found = append(found, bucket.Object{Name: filepath.ToSlash(at), Size: info.Size(), Changed: info.ModTime()})
		return err
	})
	return found, err
}

func (d directory) open(_ context.Context, name string) (io.ReadCloser, error) {
	if err := d.there(); err != nil {
		return nil, err
	}
	info, err := os.Stat(d.file(name))
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait
		return nil, fmt.Errorf("%s is not a file", d.file(name))
	}
	return os.Open(d.file(name))
}

func (d directory) size(_ context.Context, name string) (int64, error) {
	info, err := os.Stat(d.file(name))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (d directory) create(ctx context.Context, name string, from *os.File) error {
	if err := d.there(); err != nil {
		return err
	}
	return durable.Publish(d.file(name), until.Done(ctx, from))
}

func (d directory) remove(_ context.Context, name string) error {
	err := os.Remove(d.file(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
