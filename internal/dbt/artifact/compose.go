package artifact

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
)

// RelationName is a relation as dbt names it in a manifest.
type RelationName struct {
	Database string `json:"database,omitempty"`
	Schema   string `json:"schema"`
	Name     string `json:"name"`
	// SQL is the whole name as it stands in SQL, quoted.
	SQL string `json:"sql"`
}

// composedSections are the sections of a manifest whose nodes can be deferred
// to: the manifests of dbt 1.11 and newer have functions apart.
var composedSections = []string{"nodes", "functions"}

// Compose reads a manifest.json and writes one for dbt's --defer-state. It has
// just the nodes in at, each with the relation given there, and no other
// section has anything. dbt reads what such a manifest lacks from the build's
// own schema, also with --favor-state (seen with dbt 1.11.16 and
// 2.0.0-alpha.4, which wants each node's fqn and the head's dbt_version). The
// bytes depend on the two inputs alone. found are the nodes of at that the
// manifest has.
func Compose(w io.Writer, file string, r io.Reader, at map[string]RelationName) (found map[string]bool, err error) {
	a := newStream(file, r)
	sections := map[string]map[string]json.RawMessage{}
	var head json.RawMessage
	_, err = a.manifestWith(&head, func(key string) error {
		sections[key] = map[string]json.RawMessage{}
		if !slices.Contains(composedSections, key) {
			return a.skip()
		}
		return a.object(func(id string) error {
			relation, wanted := at[id]
			if !wanted {
				return a.skip()
			}
			node, err := moved(a, relation)
			sections[key][id] = node
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	found = map[string]bool{}
	for _, section := range sections {
		for id := range section {
			found[id] = true
		}
	}
	return found, writeManifest(w, head, sections)
}

// moved reads a node and returns it with another relation. What a deferral has
// no use for is left out, since compiled code is most of a manifest.
func moved(a *stream, relation RelationName) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := a.dec.Decode(&fields); err != nil {
		return nil, err
	}
	for name, text := range map[string]string{
		"database": relation.Database, "schema": relation.Schema, "alias": relation.Name, "relation_name": relation.SQL,
	} {
		if name == "database" && text == "" { // where the adapter has none, the manifest has null
			continue
		}
		value, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		fields[name] = value
	}
	delete(fields, "compiled_code")
	return json.Marshal(fields)
}

// writeManifest writes a manifest, its sections and their nodes in the order of
// their names.
func writeManifest(w io.Writer, head json.RawMessage, sections map[string]map[string]json.RawMessage) error {
	if _, err := fmt.Fprintf(w, "{%q: %s", "metadata", head); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(sections)) {
		text, err := json.Marshal(sections[key]) // sorts the keys
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, ",\n%q: %s", key, text); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "}\n")
	return err
}
