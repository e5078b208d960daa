package store

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/until"
)

// Export writes a store with one build into a file: an archive with the same names. It replaces the file as
// a whole. scratch is a directory for temporary files.
func Export(ctx context.Context, file string, o Offer, layers []Layer, scratch string) error {
	in := filepath.Join(scratch, "store")
	if err := os.Mkdir(in, 0o700); err != nil {
		return err
	}
	s := &Store{shown: file, in: directory{in}}
	if _, err := s.Push(ctx, o, layers, false, scratch); err != nil {
		return err
	}
	f, err := os.CreateTemp(scratch, "archive-*.zip")
	if err != nil {
		return err
	}
	defer f.Close() // it is temporary
	z := zip.NewWriter(f)
	for _, prefix := range []string{buildsDir, layersDir} {
		found, err := s.in.list(ctx, prefix)
		if err != nil {
			return err
		}
		for _, o := range found {
			if err := add(ctx, z, o.Name, filepath.Join(in, filepath.FromSlash(o.Name))); err != nil {
				return err
			}
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return durable.Export(file, until.Done(ctx, f))
}

// add adds a file to an archive. Layers are compressed already.
func add(ctx context.Context, z *zip.Writer, name, file string) error {
	to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		return err
	}
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close() // only read from
	_, err = io.Copy(to, until.Done(ctx, from))
	return err
}

// exportAgain is the hint for an archive that can't be used.
const exportAgain = "export the build again: dot export prod@main FILE"

// OpenFile opens a file that Export has written, as a store that can only be read.
func OpenFile(file string) (*Store, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, hint.New(file+" is not a file", "name a file that dot export has written")
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		return nil, hint.New(fmt.Sprintf("%s is not whole, or dot export has not written it: %v", file, err), exportAgain)
	}
	return &Store{shown: file, remedy: exportAgain, in: archive{&z.Reader}, close: z.Close}, nil
}

// archive are objects in a file, which can't be written to.
type archive struct{ z *zip.Reader }

var errReadOnly = errors.New("an archive can't be changed")

func (a archive) list(_ context.Context, prefix string) ([]bucket.Object, error) {
	var found []bucket.Object
	for _, f := range a.z.File {
		if strings.HasPrefix(f.Name, prefix) {
			found = append(found, bucket.Object{Name: f.Name, Size: sizeOf(f), Changed: f.Modified})
		}
	}
	return found, nil
}

func (a archive) file(name string) (*zip.File, error) {
	for _, f := range a.z.File {
		if f.Name == name {
			return f, nil
		}
	}
	return nil, fs.ErrNotExist
}

func (a archive) open(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := a.file(name)
	if err != nil {
		return nil, err
	}
	return f.Open()
}

func (a archive) size(_ context.Context, name string) (int64, error) {
	f, err := a.file(name)
	if err != nil {
		return 0, err
	}
	return sizeOf(f), nil
}

// sizeOf is the size of a file in an archive, in bytes, as the archive says.
func sizeOf(f *zip.File) int64 {
	return int64(min(f.UncompressedSize64, 1<<62)) //nolint:gosec // it is small enough
}

func (archive) create(context.Context, string, *os.File) error { return errReadOnly }

func (archive) remove(context.Context, string) error { return errReadOnly }
