package artifact

import (
	"encoding/json"
	"io"
	"slices"
)

// Manifest versions that dot reads: dbt 1.5 (v9) to 1.13 and 2.0 (v12).
const (
	oldestManifest = 9
	newestManifest = 12
)

// ReadManifest reads a manifest.json as a stream. It calls visit for each enabled node (also on-run
// hooks, as "operation"), source and function. With a nil visit it only checks the file. It is an
// error if the file is cut short, of another kind or version, or followed by more text. Errors name
// the file.
func ReadManifest(file string, r io.Reader, visit func(Node) error) (Metadata, error) {
	a := newStream(file, r)
	return a.manifest(func(key string) error {
		switch key {
		case "nodes", "sources", "functions":
			return a.object(func(string) error { return a.node(visit) })
		}
		return a.skip()
	})
}

// manifest reads the whole manifest. section must read the value of each key except the head's.
func (a *stream) manifest(section func(key string) error) (Metadata, error) {
	return a.manifestWith(nil, section)
}

// manifestWith is manifest, and returns the head as it was written, too.
func (a *stream) manifestWith(written *json.RawMessage, section func(key string) error) (Metadata, error) {
	var text json.RawMessage
	err := a.document(func(key string) error {
		if key != "metadata" {
			return section(key)
		}
		err := a.dec.Decode(&text)
		if err == nil && written != nil {
			*written = slices.Clone(text)
			a.from.restore(*written, a.dec.InputOffset())
		}
		return err
	})
	if err != nil {
		return Metadata{}, err
	}
	var head Metadata
	if len(text) > 0 {
		if err := json.Unmarshal(text, &head); err != nil {
			return Metadata{}, a.failure(err)
		}
	}
	if err := a.check(head, "manifest", oldestManifest, newestManifest); err != nil {
		return Metadata{}, err
	}
	return head, nil
}

func (a *stream) node(visit func(Node) error) error {
	if visit == nil {
		return a.skip()
	}
	var n Node
	if err := a.dec.Decode(&n); err != nil {
		return err
	}
	if n.ResourceType != "operation" {
		n.SQL = "" // a model's SQL may be long, and nobody needs it
	}
	return visit(n)
}
