// Package schemas has the JSON Schemas of what dot reads and of the JSON that it writes. The schemas
// of outputs are made from the Go types: go test ./cli ./watch ./compare/report -run Schema -update.
package schemas

import (
	"embed"
	"encoding/json"
	"io/fs"
	"strings"
)

//go:embed *.schema.json
var files embed.FS

// ending ends the names of the files.
const ending = ".schema.json"

// Names returns the names of all schemas, sorted.
func Names() []string {
	found, _ := fs.Glob(files, "*"+ending) // the pattern is valid
	for i, name := range found {
		found[i] = strings.TrimSuffix(name, ending)
	}
	return found
}

// Read returns a schema; it fails if there is none of that name.
func Read(name string) ([]byte, error) { return files.ReadFile(name + ending) }

// File returns the name of a schema's file.
func File(name string) string { return name + ending }

// Of returns the name of the schema of a configuration file: dot_vars for dot_vars.yml.
func Of(file string) string { return strings.TrimSuffix(file, ".yml") }

// Is reports whether a text is the schema of that name, of this version of dot or another one.
func Is(name string, text []byte) bool {
	title := func(text []byte) string {
		var schema struct {
			Title string `json:"title"`
		}
		if json.Unmarshal(text, &schema) != nil {
			return ""
		}
		return schema.Title
	}
	own, err := Read(name)
	return err == nil && title(text) != "" && title(text) == title(own)
}
