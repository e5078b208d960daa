package profile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
	"dot-for-dbt/internal/text"
)

// FilesGone returns an error for a file of the output that dbt needs to connect and that isn't there,
// and a warning for each that dbt may not need. A file whose path isn't known is left out, and so is one
// that is not on this machine. Relative paths start at dir.
func (o *Output) FilesGone(dir string) (warnings []string, err error) {
	if err := o.duckdbDirGone(dir); err != nil {
		return nil, err
	}
	facts := adapter.Of(o.Adapter)
	for _, name := range adapter.UsualFiles {
		field := o.fields.Get(name)
		gone := o.fileGone(field, dir)
		if gone == "" {
			continue
		}
		if !facts.Needs(name, o.plainText) {
			warnings = append(warnings, o.errorAt(field, "%s names %s", name, gone).Error())
			continue
		}
		return nil, hint.New(
			o.errorAt(field, "%s names %s", name, gone).Error(),
			"put the file there, or let "+name+" name the one that you have",
		)
	}
	return warnings, nil
}

// plainText returns the value of a field, in lower case; "" if it isn't known.
func (o *Output) plainText(name string) string {
	value, err := o.scope.Render(o.text(name))
	if err != nil {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(value))
}

// fileGone says what is wrong with the file that a field names, "" for nothing that is known:
// "/keys/dot.p8, which does not exist".
func (o *Output) fileGone(field *pyyaml.Node, dir string) string {
	written, ok := field.Str()
	if !ok {
		return ""
	}
	path, err := o.scope.Render(strings.TrimSuffix(written, "\n"))
	if err != nil || strings.HasPrefix(path, "~") || strings.Contains(path, "\n") { // who expands ~ differs by adapter
		return ""
	}
	shown := path
	if isRelative(path) {
		path = filepath.Join(dir, path)
		shown = path
	} else if !filepath.IsAbs(path) {
		return ""
	}
	if o.isSecret(written) {
		shown = "a file"
	}
	f, err := os.Open(path)
	if err == nil {
		defer f.Close() // only read from
		if info, err := f.Stat(); err != nil || !info.IsDir() {
			return ""
		}
		return shown + ", which is a directory"
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return shown + ", which does not exist"
	case errors.Is(err, fs.ErrPermission):
		return shown + ", which you may not read"
	}
	return ""
}

// duckdbDirGone returns an error if the directory of a DuckDB file is missing: DuckDB makes files, but
// no directories (seen with 1.5).
func (o *Output) duckdbDirGone(dir string) error {
	path, isFile, err := o.DuckDBPath(dir)
	if err != nil || !isFile { // an error of its own
		return nil
	}
	field := o.fields.Get("path")
	above := filepath.Dir(path)
	info, err := os.Stat(above)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.isSecret(o.text("path")):
		return hint.New(o.errorAt(field, "path names a file in a directory that does not exist").Error(), "make the directory, or let path name another file")
	case errors.Is(err, fs.ErrNotExist):
		return hint.New(
			o.errorAt(field, "path names %s, and its directory does not exist", path).Error(),
			"make it: "+text.ShellQuote([]string{"mkdir", "-p", above}), "or let path name another file",
		)
	case err == nil && !info.IsDir():
		return hint.New(o.errorAt(field, "path names a file in another file, not in a directory").Error(), "let path name another file")
	}
	return nil
}
