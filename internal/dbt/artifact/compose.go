package artifact

import (
	"bytes"
	"encoding/json"
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

// A Base is what composed manifests take from a build's manifest.json. It is
// immutable.
type Base struct {
	// Project is the name of the manifest's project; "" if the manifest doesn't say so.
	Project string

	head json.RawMessage
	// nodes are the nodes' fields as dbt wrote them, by section and unique_id, without
	// compiled code, which is most of a manifest.
	nodes map[string]map[string]map[string]json.RawMessage
}

// ReadBase reads a manifest.json.
func ReadBase(file string, r io.Reader) (*Base, error) {
	a := newStream(file, r)
	b := &Base{nodes: map[string]map[string]map[string]json.RawMessage{}}
	head, err := a.manifestWith(&b.head, func(key string) error {
		section := map[string]map[string]json.RawMessage{}
		b.nodes[key] = section
		if !slices.Contains(composedSections, key) {
			return a.skip()
		}
		return a.object(func(id string) error {
			fields := map[string]json.RawMessage{}
			section[id] = fields
			return a.object(func(name string) (err error) {
				if name == "compiled_code" {
					return a.skip()
				}
				fields[name], err = a.asWritten()
				return err
			})
		})
	})
	b.Project = head.Project
	return b, err
}

// Has reports whether the manifest has a node that can be deferred to.
func (b *Base) Has(id string) bool {
	for _, section := range composedSections {
		if _, ok := b.nodes[section][id]; ok {
			return true
		}
	}
	return false
}

// Compose writes a manifest for dbt's --defer-state. It has just the nodes in at,
// each with the relation given there, and no other section has anything. dbt
// reads what such a manifest lacks from the build's own schema, also with
// --favor-state (seen with dbt 1.11.16 and 2.0.0-alpha.4, which wants each node's
// fqn and the head's dbt_version). Nodes that the base lacks are left out. The
// bytes depend on the base and on at alone.
func (b *Base) Compose(w io.Writer, at map[string]RelationName) error {
	sections := map[string]map[string]map[string]json.RawMessage{}
	for key, nodes := range b.nodes {
		sections[key] = map[string]map[string]json.RawMessage{}
		for id, relation := range at {
			if fields, ok := nodes[id]; ok {
				sections[key][id] = moved(key, fields, relation)
			}
		}
	}
	return writeManifest(w, b.head, sections)
}

// moved returns the fields of a section's node with another relation.
func moved(section string, fields map[string]json.RawMessage, relation RelationName) map[string]json.RawMessage {
	fields = maps.Clone(fields)
	at := map[string]string{
		"database": relation.Database, "schema": relation.Schema, "alias": relation.Name, "relation_name": relation.SQL,
	}
	if section == "functions" {
		at["name"] = relation.Name // dbt 1.11.16 calls a function of the state by its name, not by its alias
	}
	for name, text := range at {
		if name == "database" && text == "" { // where the adapter has none, the manifest has null
			continue
		}
		fields[name] = json.RawMessage(quoted(text))
	}
	return fields
}

// writeManifest writes a manifest, its sections, their nodes and their fields in the order of
// their names. The fields stay as they are: encoding/json would refuse Python's NaN.
func writeManifest(w io.Writer, head json.RawMessage, sections map[string]map[string]map[string]json.RawMessage) error {
	out := append([]byte(`{"metadata": `), head...)
	for _, key := range slices.Sorted(maps.Keys(sections)) {
		nodes := map[string]json.RawMessage{}
		for id, fields := range sections[key] {
			nodes[id] = object(fields)
		}
		out = append(append(out, ",\n"+quoted(key)+": "...), object(nodes)...)
	}
	_, err := w.Write(append(out, "}\n"...))
	return err
}

// object writes a JSON object, sorted by its keys.
func object(values map[string]json.RawMessage) []byte {
	var members [][]byte
	for _, key := range slices.Sorted(maps.Keys(values)) {
		members = append(members, append([]byte(quoted(key)+": "), values[key]...))
	}
	return slices.Concat([]byte("{"), bytes.Join(members, []byte(", ")), []byte("}"))
}

// quoted writes text as JSON.
func quoted(text string) string {
	out, err := json.Marshal(text)
	if err != nil { // texts have no errors
		panic(err)
	}
	return string(out)
}
