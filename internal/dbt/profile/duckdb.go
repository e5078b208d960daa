package profile

import (
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// memoryPath is dbt-duckdb's default: a database that no other process sees.
const memoryPath = ":memory:"

// remoteScheme matches the start of a path that is no file: md:, ducklake:, s3://. A single letter
// is a drive.
var remoteScheme = lazy.Regexp(`^[A-Za-z][A-Za-z0-9+.-]+:`)

// isNoFile reports whether the path of a DuckDB database leads to no file: the database is in memory,
// or remote.
func isNoFile(path string) bool {
	return strings.HasPrefix(path, memoryPath) || remoteScheme().MatchString(path)
}

// DuckDBPath returns the database file of a DuckDB output. The path is absolute, and symbolic links
// are resolved as far as it exists, so that one file has one name. isFile is false for other
// adapters, and for databases that are remote or in memory. A relative path starts at workDir, where
// dbt runs. The error is Jinja that can't be evaluated.
func (o *Output) DuckDBPath(workDir string) (path string, isFile bool, err error) {
	if o.Adapter != "duckdb" {
		return "", false, nil
	}
	text, ok := o.fields.Get("path").Str()
	if !ok {
		return "", false, nil
	}
	path, err = o.scope.Render(strings.TrimSuffix(text, "\n"))
	if err != nil {
		return "", false, o.errorAt(o.fields.Get("path"), "its path is unknown: %w", err)
	}
	if path == "" || isNoFile(path) {
		return "", false, nil
	}
	// DuckDB itself expands ~ (seen with 1.11.1).
	if rest, found := strings.CutPrefix(path, "~"); found && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home := o.home(); home != "" {
			path = filepath.Join(home, rest)
		}
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(workDir, path)
	}
	return resolveLinks(filepath.Clean(path)), true, nil
}

func (o *Output) home() string {
	if o.scope.Env == nil {
		return ""
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home, _ := o.scope.Env(name); home != "" {
			return home
		}
	}
	return ""
}

// resolveLinks resolves the part of an absolute path that exists, and keeps the rest. It follows a
// link to a missing file, as a database would.
func resolveLinks(path string) string {
	for range 40 { // Linux follows as many
		if real, err := filepath.EvalSymlinks(path); err == nil {
			return real
		}
		dir, name := filepath.Split(path)
		dir = filepath.Clean(dir)
		if dir == path {
			return path
		}
		link, err := os.Readlink(path)
		if err != nil {
			return filepath.Join(resolveLinks(dir), name)
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(resolveLinks(dir), link)
		}
		path = filepath.Clean(link)
	}
	return path
}

// DuckDBFile is the file behind a database of a DuckDB output, by the name that
// relations have it under: the output's own, or one that it attaches. ok is
// false for other adapters, and for a name whose file can't be told. secret is set if a
// secret variable makes the path.
func (o *Output) DuckDBFile(workDir, database string) (path string, secret, ok bool) {
	own, isFile, err := o.DuckDBPath(workDir)
	if err != nil || o.Adapter != "duckdb" {
		return "", false, false
	}
	if isFile && strings.EqualFold(database, stem(own)) {
		return own, o.isSecret(o.text("path")), true
	}
	attached := o.fields.Get("attach")
	if attached == nil {
		return "", false, false
	}
	for _, entry := range attached.Items {
		text, there := entry.Get("path").Str()
		if !there {
			continue
		}
		file, err := o.scope.Render(text)
		if err != nil {
			continue
		}
		alias, named := entry.Get("alias").Str()
		if !named {
			alias = stem(file)
		}
		if !strings.EqualFold(alias, database) {
			continue
		}
		if isNoFile(file) {
			return "", false, false
		}
		if !filepath.IsAbs(file) {
			file = filepath.Join(workDir, file)
		}
		return resolveLinks(filepath.Clean(file)), o.isSecret(text), true
	}
	return "", false, false
}

// stem is the name of a file without its extension: what DuckDB calls the
// database in it.
func stem(path string) string {
	name := filepath.Base(path)
	return strings.TrimSuffix(name, filepath.Ext(name))
}
