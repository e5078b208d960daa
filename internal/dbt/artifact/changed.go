package artifact

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// MarkChanged copies a manifest.json for dbt's --state, and alters the nodes with these IDs so that
// `state:modified` selects them whatever the project has. dbt compares different parts of different
// nodes: a seed's checksum, a model's code, a generic test's fqn (seen with 1.11.16).
func MarkChanged(w io.Writer, file string, r io.Reader, changed map[string]bool) error {
	out := bufio.NewWriter(w)
	a := newStream(file, r)
	separator := "{"
	err := a.document(func(key string) error {
		fmt.Fprintf(out, "%s%q: ", separator, key) // a bufio.Writer keeps its error
		separator = ",\n"
		if key != "nodes" && key != "functions" {
			return copyValue(out, a)
		}
		before := "{"
		err := a.object(func(id string) error {
			quoted, err := json.Marshal(id)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s%s: ", before, quoted)
			before = ",\n"
			if !changed[id] {
				return copyValue(out, a)
			}
			return visited(a, func(fields map[string]json.RawMessage) error {
				marked, err := json.Marshal(markChanged(fields))
				if err == nil {
					_, err = out.Write(marked)
				}
				return err
			})
		})
		if before == "{" {
			fmt.Fprint(out, before)
		}
		fmt.Fprint(out, "}")
		return err
	})
	if err != nil {
		return err
	}
	if separator == "{" {
		fmt.Fprint(out, separator)
	}
	fmt.Fprint(out, "}\n")
	return out.Flush()
}

// copyValue copies a value.
func copyValue(w io.Writer, a *stream) error {
	return visited(a, func(value json.RawMessage) error {
		_, err := w.Write(value)
		return err
	})
}

// changedMark is what an altered field has in addition.
const changedMark = "dot:changed"

// markChanged alters the fields of a node that dbt compares.
func markChanged(fields map[string]json.RawMessage) map[string]json.RawMessage {
	set := func(name string, value any) {
		if text, err := json.Marshal(value); err == nil {
			fields[name] = text
		}
	}
	var code string
	if json.Unmarshal(fields["raw_code"], &code) == nil {
		set("raw_code", code+"\n"+changedMark)
	}
	var sum Checksum
	if json.Unmarshal(fields["checksum"], &sum) == nil && sum.Name != "" {
		set("checksum", Checksum{Name: sum.Name, Checksum: sum.Checksum + changedMark})
	}
	var fqn []string
	if json.Unmarshal(fields["fqn"], &fqn) == nil && len(fqn) > 0 {
		set("fqn", append(fqn, changedMark))
	}
	return fields
}
