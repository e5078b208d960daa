package dbt

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// listKeys are the fields of a node that ReadList reads. dbt wants them in one word, separated by spaces;
// with commas it prints empty objects (seen with 1.11.16).
const listKeys = "unique_id resource_type name database schema alias identifier relation_name original_file_path config"

// listed are the flags that say which nodes a command works on and how they resolve; a `dbt list` needs
// the same, the rest is left out. The directories, target and vars are the same so that dbt's partial
// parse is shared.
var listed = []string{
	"project-dir", "profiles-dir", "profile", "target", "target-path", "log-path", "vars",
	"select", "exclude", "selector", "resource-types", "exclude-resource-types", "indirect-selection",
	"state", "defer", "favor-state", "defer-state",
	"partial-parse", "static-parser", "use-experimental-parser", "version-check",
}

// List is the `dbt list` that names the nodes this command line would work on. It needs no database.
func (l CommandLine) List() CommandLine {
	list, _ := LookupCommand("list")
	list = list.In(l.Command.version)
	keep := func(options []Option) (kept []Option) {
		for _, o := range options {
			if slices.Contains(listed, o.Flag) && list.Takes(o.Flag) {
				kept = append(kept, asListOption(o))
			}
		}
		return kept
	}
	line := CommandLine{
		DBT:         l.DBT,
		Command:     list,
		Fixed:       keep(l.Fixed),
		Environment: keep(l.Environment),
		Options:     keep(l.Options),
	}
	if _, ok := Lookup(line.AllOptions(), "resource-types"); !ok && l.Command.ListTypes != nil {
		line.Fixed = append(line.Fixed, NewOption("resource-types", l.Command.ListTypes...))
	}
	// Said outright, since variables of the user's would change what ReadList gets to see.
	line.Fixed = append(line.Fixed,
		NewOption("quiet"), NewOption("log-format", "text"), NewOption("log-level", "info"),
		Option{Flag: "use-colors", Negated: true},
		NewOption("output", "json"), NewOption("output-keys", listKeys))
	return line
}

// asListOption writes the old "-m" as "--select": `dbt list -m` means models only, where other commands
// mean any node.
func asListOption(o Option) Option {
	if o.Flag == "select" && len(o.Text) > 0 && strings.HasPrefix(strings.TrimLeft(o.Text[0], "-"), "m") {
		o.Text = nil
	}
	return o
}

// Writes says whether the command, run with these options, may write the node to the warehouse.
func (c Command) Writes(n Node, options []Option) bool {
	if !slices.Contains(c.Builds, n.ResourceType) {
		return false
	}
	switch n.ResourceType {
	case "model":
		return n.Config.Materialized != "ephemeral"
	case "test":
		// With --store-failures dbt makes the schema even for a test that is configured not to store.
		_, store := Lookup(options, "store-failures")
		return store || n.Config.StoreFailures
	}
	return true
}

// ReadList reads what the line made by [CommandLine.List] printed: a node a line. Lines that are no
// JSON object (warnings) are skipped. It is an error when there is nothing but such lines, or when
// a node has no id.
func ReadList(r io.Reader) ([]Node, error) {
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
		default:
			var n Node
			if err := json.Unmarshal(line, &n); err != nil {
				return nil, fmt.Errorf("reading dbt list: expected a node as JSON, found %q: %w", shorten(string(line)), err)
			}
			if n.UniqueID == "" {
				return nil, fmt.Errorf("reading dbt list: expected a node with a unique_id, found %q", shorten(string(line)))
			}
			nodes = append(nodes, n)
		}
		if err != nil {
			break
		}
	}
	empty := func(line string) bool { return strings.Contains(line, "No nodes selected") }
	if len(nodes) == 0 && len(other) > 0 && !slices.ContainsFunc(other, empty) {
		return nil, fmt.Errorf("reading dbt list: expected nodes as JSON, found %q", shorten(strings.Join(other, "\n")))
	}
	return nodes, nil
}

// shorten keeps an error to a readable length.
func shorten(text string) string {
	const most = 300
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
