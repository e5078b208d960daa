package artifact

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"slices"
)

// MarkChanged copies a manifest.json for dbt's --state, and alters the nodes with these IDs so that
// `state:modified` selects them whatever the project has. dbt compares different parts of different
// nodes: a seed's checksum, a model's code, the fqn of a generic test or a unit test (seen with 1.11.16). MarkChanged only
// inserts text: all other bytes stay as dbt wrote them. It reads r twice.
func MarkChanged(w io.Writer, file string, r io.ReadSeeker, changed map[string]bool) error {
	return withInserts(w, file, r, func(m *marker, id string) error {
		if !changed[id] {
			return m.skip()
		}
		return m.object(m.field)
	})
}

// AddCompiled copies a manifest.json, and adds compiled code, by IDs, to nodes that have none. All other
// bytes stay as dbt wrote them. It reads r twice.
func AddCompiled(w io.Writer, file string, r io.ReadSeeker, code map[string]string) error {
	return withInserts(w, file, r, func(m *marker, id string) error {
		text, has := code[id]
		if !has {
			return m.skip()
		}
		none := true
		err := m.object(func(name string) error {
			none = none && name != "compiled_code"
			return m.skip()
		})
		if err != nil || !none {
			return err
		}
		literal, err := json.Marshal(text)
		m.inserts = append(m.inserts, insert{m.dec.InputOffset() - 1, `,"compiled_code":` + string(literal)})
		return err
	})
}

// withInserts copies a manifest with inserts, which node finds in each node.
func withInserts(w io.Writer, file string, r io.ReadSeeker, node func(m *marker, id string) error) error {
	start, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	m := &marker{stream: newStream(file, r)}
	err = m.document(func(key string) error {
		if key != "nodes" && key != "functions" && key != "unit_tests" {
			return m.skip()
		}
		return m.object(func(id string) error { return node(m, id) })
	})
	if err != nil {
		return err
	}
	if _, err := r.Seek(start, io.SeekStart); err != nil {
		return err
	}
	slices.SortFunc(m.inserts, func(a, b insert) int { return cmp.Compare(a.at, b.at) })
	at := int64(0)
	for _, i := range m.inserts {
		if _, err := io.CopyN(w, r, i.at-at); err != nil {
			return err
		}
		if _, err := io.WriteString(w, i.text); err != nil {
			return err
		}
		at = i.at
	}
	_, err = io.Copy(w, r)
	return err
}

// changedMark is what an altered field has in addition.
const changedMark = "dot:changed"

// A marker finds the places of a manifest where text is inserted.
type marker struct {
	*stream
	inserts []insert
}

// An insert is text for a place in a file.
type insert struct {
	at   int64
	text string
}

// field marks a field of a changed node if dbt compares it.
func (m *marker) field(name string) error {
	var value json.RawMessage
	if err := m.dec.Decode(&value); err != nil {
		return err
	}
	end := m.dec.InputOffset() // behind the value
	switch name {
	case "raw_code":
		if value[0] == '"' {
			m.inserts = append(m.inserts, insert{end - 1, `\n` + changedMark})
		}
	case "fqn":
		if items := []json.RawMessage(nil); json.Unmarshal(value, &items) == nil && len(items) > 0 {
			m.inserts = append(m.inserts, insert{end - 1, `,"` + changedMark + `"`})
		}
	case "checksum":
		var sum Checksum
		if value[0] != '{' || json.Unmarshal(value, &sum) != nil || sum.Name == "" {
			return nil
		}
		inside := newStream(m.file, bytes.NewReader(value))
		return inside.object(func(key string) error {
			var text json.RawMessage
			err := inside.dec.Decode(&text)
			if err == nil && key == "checksum" && text[0] == '"' {
				m.inserts = append(m.inserts, insert{end - int64(len(value)) + inside.dec.InputOffset() - 1, changedMark})
			}
			return err
		})
	}
	return nil
}
