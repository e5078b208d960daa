package artifact

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/hidden"
	"dot-for-dbt/internal/text"
)

// ReadList reads what a dbt list prints, with the keys of [dbt.CommandLine.List]: one node a line. It skips
// lines that are no JSON object (warnings). It is an error if there are only such lines, or if a
// node has no id. reveal returns the nodes behind one in which dbt has hidden a secret's value, see
// [RevealFrom].
func ReadList(r io.Reader, reveal func(printed Node) ([]Node, error)) ([]Node, error) {
	var nodes []Node
	var other []string
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading dbt list: %w", err)
		}
		switch line = bytes.TrimSpace(line); {
		case len(line) == 0:
		case line[0] != '{':
			other = append(other, string(line))
		case bytes.Contains(line, []byte(hidden.Text)):
			behind, err := revealLine(line, reveal)
			if err != nil {
				return nil, err
			}
			for _, n := range behind { // two lines may look the same
				if !slices.ContainsFunc(nodes, func(other Node) bool { return other.UniqueID == n.UniqueID }) {
					nodes = append(nodes, n)
				}
			}
		default:
			var n Node
			if err := json.Unmarshal(fromPython(line), &n); err != nil {
				return nil, fmt.Errorf("reading dbt list: expected a node as JSON, found %q: %w", text.Shorten(string(line)), err)
			}
			if n.UniqueID == "" {
				return nil, fmt.Errorf("reading dbt list: expected a node with a unique_id, found %q", text.Shorten(string(line)))
			}
			nodes = append(nodes, n)
		}
		if err != nil {
			break
		}
	}
	empty := func(line string) bool { return strings.Contains(line, "No nodes selected") }
	if len(nodes) == 0 && len(other) > 0 && !slices.ContainsFunc(other, empty) {
		return nil, fmt.Errorf("reading dbt list: expected nodes as JSON, found %q", text.Shorten(strings.Join(other, "\n")))
	}
	return nodes, nil
}

// revealLine returns the nodes behind a line with hidden values. Only the id and the time of such a
// line are used: any other text may be hidden, too, even the names of fields. dbt prints the id
// first.
func revealLine(line []byte, reveal func(printed Node) ([]Node, error)) ([]Node, error) {
	var printed Node
	a := newStream("dbt list", bytes.NewReader(line))
	err := a.document(func(field string) error {
		switch {
		case printed.UniqueID == "":
			return a.dec.Decode(&printed.UniqueID)
		case field == "created_at":
			return a.dec.Decode(&printed.Created)
		}
		return a.skip()
	})
	if err != nil {
		return nil, fmt.Errorf("reading dbt list: expected a node as JSON, found %q: %w", text.Shorten(string(line)), err)
	}
	return reveal(printed)
}
