package artifact

import (
	"cmp"
	"io"
)

// A Located is the relation that a node has, or that a test stores its failures in.
type Located struct {
	Database string `json:"database"`
	Schema   string `json:"schema"`
	Name     string `json:"name"`
	Alias    string `json:"alias"`
}

// Identifier is the relation's own name.
func (l Located) Identifier() string { return cmp.Or(l.Alias, l.Name) }

// ReadLocated reads where the nodes and functions of a manifest.json are. The file's name is for
// errors, as in [ReadManifest].
func ReadLocated(file string, r io.Reader, visit func(Located)) error {
	a := newStream(file, r)
	_, err := a.manifest(func(key string) error {
		switch key {
		case "nodes", "functions":
			return a.object(func(string) error {
				return visited(a, func(l Located) error {
					visit(l)
					return nil
				})
			})
		}
		return a.skip()
	})
	return err
}
