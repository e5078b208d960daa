package steps

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/artifact"
)

// A leak is a node that a command would write outside of the build's place.
type leak struct {
	node   artifact.Node
	file   bool // it writes to a file outside, not to a schema
	reason string
}

// leaks returns the nodes that are not isolated. Either neither their schema nor
// their database has the suffix, and the schema is not one of the shared schemas.
// Or other builds write the same file: its location has no suffix, or is relative, and
// the worktree belongs to all builds of the commit.
// Or the schema's name is so long that the adapter would cut the suffix off.
func leaks(nodes []artifact.Node, adapterName, suffix string, shared []string) []leak {
	var out []leak
	for _, n := range nodes {
		isShared := slices.ContainsFunc(shared, func(s string) bool { return strings.EqualFold(s, n.Schema) })
		longest := adapter.Of(adapterName).NameLimit
		location := n.Config.Location
		switch {
		case n.Config.Materialized != "external" || location == "":
		case !filepath.IsAbs(location) && !strings.Contains(location, "://"):
			out = append(out, leak{n, true, fmt.Sprintf("file %s in the worktree, which all builds of the commit share", location)})
			continue
		case !carries(location, suffix):
			out = append(out, leak{n, true, "file " + location})
			continue
		}
		switch {
		case isShared:
		case !carries(n.Schema, suffix) && !carries(n.Database, suffix):
			out = append(out, leak{n, false, fmt.Sprintf("schema %s", n.Schema)})
		case longest > 0 && len(n.Schema) > longest:
			out = append(out, leak{n, false, fmt.Sprintf("schema %s has %d bytes, and %s keeps %d", n.Schema, len(n.Schema), adapterName, longest)})
		}
	}
	return out
}

// carries reports whether a name contains the suffix, in any case: Snowflake and
// others change the case of names.
func carries(name, suffix string) bool {
	return strings.Contains(strings.ToLower(name), strings.ToLower(suffix))
}

// An IsolationError names the nodes that a command would write outside of the
// build's schemas.
type IsolationError struct {
	build, suffix string
	target        string // target.name
	leaks         []leak
}

func (e *IsolationError) Error() string {
	names := make([]string, len(e.leaks))
	for i, l := range e.leaks {
		names[i] = l.node.UniqueID + "  " + l.reason
	}
	to := "a schema"
	if e.leaks[0].file {
		to = "a file"
	}
	return fmt.Sprintf("%s is not isolated: nothing was run, because these would be written to %s without %q in its name:%s",
		e.build, to, e.suffix, lines(names))
}

// Hints returns the possible solutions.
func (e *IsolationError) Hints() []string {
	if e.leaks[0].file {
		return []string{
			"leave the location out: then each build's files are in a directory of its own",
			"or give an absolute path or an address with {{ target.schema }} in it",
			"or select other nodes",
		}
	}
	var schemas []string
	for _, l := range e.leaks {
		if !l.file {
			schemas = appendNew(schemas, l.node.Schema)
		}
	}
	return []string{
		"let the project's generate_schema_name (or a snapshot's target_schema) keep target.schema in the name",
		fmt.Sprintf("if a macro asks for target.name, which is %s, give another: `dot: {target-name: …}` in the environment", e.target),
		fmt.Sprintf("if it is meant to be shared by all builds: `dot: {shared-schemas: [%s]}`", strings.Join(schemas, ", ")),
		"or select other nodes",
	}
}
