package store

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/until"
	"dot-for-dbt/internal/workspace"
)

// A Layer is a build as the store has it: what the ledgers say, and dbt's artifacts.
type Layer struct {
	Project string // dbt's name of the project
	workspace.Shared
	// Files are the paths of the files on this machine, by name.
	Files map[string]string
}

// The names of a layer's files.
const (
	Manifest   = "manifest.json"
	RunResults = "run_results.json"
	Packages   = "packages.json"
)

// The largest sizes that are read, in bytes. Manifests of 300 MB exist.
const (
	mostFile  = 2 << 30
	mostHead  = 256 << 20
	mostOffer = 1 << 20
)

// version is that of the formats of layers and offers.
const version = 1

// headName is the name of a layer's own file in its archive.
const headName = "layer.json"

// head is a layer's description of itself.
type head struct {
	Version int    `json:"version"`
	Project string `json:"project"`
	workspace.Shared
	Files map[string]digest `json:"files"`
}

// A digest identifies the content of a file.
type digest struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// summing computes the digest of the bytes that are read.
type summing struct {
	from io.Reader
	hash hash.Hash
	size int64
}

func newSumming(from io.Reader) *summing { return &summing{from: from, hash: sha256.New()} }

func (s *summing) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.hash.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summing) digest() digest { return digest{hex.EncodeToString(s.hash.Sum(nil)), s.size} }

// digestOf returns the digest of a file.
func digestOf(name string) (digest, error) {
	f, err := os.Open(name)
	if err != nil {
		return digest{}, err
	}
	defer f.Close() // only read from
	s := newSumming(f)
	_, err = io.Copy(io.Discard, s)
	return s.digest(), err
}

// pack writes a layer into an archive in a directory. Equal layers have equal archives, so that a store
// has each once.
func (l Layer) pack(ctx context.Context, dir string) (file string, err error) {
	h := head{Version: version, Project: l.Project, Shared: l.Shared, Files: map[string]digest{}}
	for name, path := range l.Files {
		if h.Files[name], err = digestOf(path); err != nil {
			return "", err
		}
	}
	data, err := durable.Marshal(h)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "layer-*.zip")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z := zip.NewWriter(f)
	head, err := z.Create(headName)
	if err != nil {
		return "", err
	}
	if _, err := head.Write(data); err != nil {
		return "", err
	}
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		to, err := z.Create(name)
		if err != nil {
			return "", err
		}
		from, err := os.Open(l.Files[name])
		if err != nil {
			return "", err
		}
		_, err = io.Copy(to, until.Done(ctx, from))
		if err := errors.Join(err, from.Close()); err != nil {
			return "", err
		}
	}
	return f.Name(), z.Close()
}

// unpack reads an archive and writes the layer's files into a directory. Nothing that the archive says
// is taken for granted.
func unpack(ctx context.Context, archive, dir string) (Layer, error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return Layer{}, fmt.Errorf("it is damaged: %w", err)
	}
	defer z.Close() // only read from
	entries := map[string]*zip.File{}
	for _, f := range z.File {
		if entries[f.Name] != nil {
			return Layer{}, fmt.Errorf("it has %.60q twice", f.Name)
		}
		entries[f.Name] = f
	}
	h, err := readHead(entries[headName])
	if err != nil {
		return Layer{}, err
	}
	l := Layer{Project: h.Project, Shared: h.Shared, Files: map[string]string{}}
	if err := l.Check(); err != nil {
		return Layer{}, err
	}
	delete(entries, headName)
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if !slices.Contains([]string{Manifest, RunResults, Packages}, name) {
			return Layer{}, fmt.Errorf("it has the file %.60q, which no layer has", name)
		}
	}
	for name, want := range h.Files {
		f := entries[name]
		switch {
		case f == nil:
			return Layer{}, fmt.Errorf("it lacks %.60q", name)
		case want.Size > mostFile:
			return Layer{}, fmt.Errorf("%s has %s: dot reads at most %s", name, humanize.Bytes(uint64(want.Size)), humanize.Bytes(mostFile))
		}
		l.Files[name] = filepath.Join(dir, name)
		if err := extract(ctx, f, l.Files[name], want); err != nil {
			return Layer{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	switch size := h.Files[Manifest].Size; {
	case len(entries) != len(h.Files):
		return Layer{}, errors.New("it has a file without a digest")
	case size == 0:
		return Layer{}, errors.New("it lacks " + Manifest)
	case size != l.Layer.Run.Manifest:
		return Layer{}, fmt.Errorf("its %s has %d bytes instead of %d", Manifest, size, l.Layer.Run.Manifest)
	}
	return l, nil
}

func readHead(f *zip.File) (h head, err error) {
	if f == nil {
		return h, errors.New("it is not a layer of dot's")
	}
	r, err := f.Open()
	if err != nil {
		return h, err
	}
	defer r.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(r, mostHead+1))
	if err != nil {
		return h, fmt.Errorf("it is damaged: %w", err)
	}
	if len(data) > mostHead {
		return h, fmt.Errorf("%s has more than %s", headName, humanize.Bytes(mostHead))
	}
	return h, parse(data, &h)
}

// parse reads a sealed JSON object with a version.
func parse(data []byte, to any) error {
	var v struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("it is damaged: %w", err)
	}
	if v.Version != version {
		return fmt.Errorf("its format has version %d, and this dot reads %d", v.Version, version)
	}
	return durable.Unmarshal(data, to)
}

// extract writes a file of an archive, which must have a digest.
func extract(ctx context.Context, f *zip.File, name string, want digest) (err error) {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close() // only read from
	to, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return want.copy(ctx, to, r)
}

// copy copies what has the digest; anything else is an error.
func (want digest) copy(ctx context.Context, to io.Writer, from io.Reader) error {
	sum := newSumming(io.LimitReader(until.Done(ctx, from), want.Size+1))
	if _, err := io.Copy(to, sum); err != nil {
		return err
	}
	switch got := sum.digest(); {
	case got.Size > want.Size:
		return fmt.Errorf("it has more than %d bytes", want.Size)
	case got.Size < want.Size:
		return fmt.Errorf("it is cut: %d of %d bytes", got.Size, want.Size)
	case got != want:
		return fmt.Errorf("its SHA-256 is %s and not %s", got.SHA256, want.SHA256)
	}
	return nil
}
