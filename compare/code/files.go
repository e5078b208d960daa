package code

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// SQL and Python may read files of the commit, as read_csv('data/x.csv') does. The
// content of a file belongs to the code that reads it.

// dataFile matches a string that may be the path of a data file. dbt-duckdb puts the
// external_location of a source into the SQL as such a string. A URL has a colon.
var dataFile = lazy.Regexp(`(?i)^(?:~?/|[a-z]:[/\\])?[^\s:/\\][^:]*\.(?:csv|tsv|txt|parquet|json|jsonl|ndjson|geojson|avro|xlsx?|ya?ml|toml|pkl|db|duckdb|sqlite)(?:\.(?:gz|zst))?$`)

// DataFiles returns the strings in a text that may be paths of data files, absolute or
// relative, perhaps with wildcards: each once, sorted.
func DataFiles(text string) []string {
	var names []string
	for _, s := range stringsIn(text) {
		if s.quoted && len(s.text) <= maxPath && dataFile().MatchString(s.text) {
			names = append(names, s.text)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// IsAbs reports whether a path of DataFiles is the same in every directory.
func IsAbs(name string) bool {
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, "~") || strings.Contains(name, ":")
}

// files lists the files that a node's code reads and that differ between the commits. It
// sets the node's Files.
func (c *comparer) files(d *nodeDiff) []string {
	if d.a.ResourceType == "seed" || d.fromA.FileID == nil || d.fromB.FileID == nil {
		return nil
	}
	var differences []string
	for _, name := range DataFiles(codeOf(d.a) + "\n" + codeOf(d.b)) {
		if IsAbs(name) { // no commit has it
			continue
		}
		if strings.ContainsAny(name, "*?[{") {
			differences, d.Files = append(differences, "files "+name+": not compared"), append(d.Files, name)
			continue
		}
		a, errA := d.fromA.FileID(name)
		b, errB := d.fromB.FileID(name)
		switch {
		case errors.Is(errA, fs.ErrNotExist) && errors.Is(errB, fs.ErrNotExist): // no file, or none of the commits
		case errA != nil || errB != nil || a != b:
			differences, d.Files = append(differences, "file "+name), append(d.Files, name)
		}
	}
	return differences
}

// codeOf returns a node's code as dbt compiled it, or as written.
func codeOf(n *artifact.NodeCode) string {
	if n.CompiledCode == nil {
		return n.RawCode
	}
	return *n.CompiledCode
}
