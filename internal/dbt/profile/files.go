package profile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/pyyaml"
)

// CanMove reports whether dbt can run in another directory than dir, where the output's relative
// paths start: whether they can become absolute. dbt-duckdb 1.11.1 takes a path for a URL, so that
// it cuts the path at ? and #.
func (o *Output) CanMove(dir string) bool {
	return o.Adapter != "duckdb" || !strings.ContainsAny(dir, "?#")
}

// Absolute returns a copy of the output for a dbt that runs elsewhere: relative paths, which start
// at dir, are absolute. The text of a path stays as written after dir, with its Jinja.
func (o *Output) Absolute(dir string) *Output {
	moved := *o
	for _, field := range slices.Concat(adapter.UsualFiles, adapter.Of(o.Adapter).Files) {
		moved.fields = o.rebase(moved.fields, strings.Split(field, "."), dir)
	}
	return &moved
}

// rebase returns a copy of n in which the paths at keys are absolute. A "*" among the keys is any
// entry of a list.
func (o *Output) rebase(n *pyyaml.Node, keys []string, dir string) *pyyaml.Node {
	if n == nil {
		return nil
	}
	changed := *n
	switch {
	case len(keys) == 0:
		path, ok := n.Str()
		if !ok {
			return n
		}
		absolute := o.absolutePath(path, dir)
		if absolute == path {
			return n
		}
		return scalar(absolute)
	case keys[0] == "*":
		changed.Items = nil
		for _, item := range n.Items {
			if kind, ok := item.Get("type").Str(); ok && kind != "duckdb" && kind != "sqlite" {
				changed.Items = append(changed.Items, item) // the path is a connection string
				continue
			}
			changed.Items = append(changed.Items, o.rebase(item, keys[1:], dir))
		}
	default:
		changed.Pairs = nil
		for _, p := range n.Pairs {
			if p.Key.Text == keys[0] {
				p.Value = o.rebase(p.Value, keys[1:], dir)
			}
			changed.Pairs = append(changed.Pairs, p)
		}
	}
	return &changed
}

// UnknownPaths returns the names of the fields that an absolute output still has as a relative path
// to something in dir, sorted: fields that dot doesn't know to be paths.
func (o *Output) UnknownPaths(dir string) []string {
	var found []string
	var walk func(name string, n *pyyaml.Node)
	walk = func(name string, n *pyyaml.Node) {
		for _, p := range n.Pairs {
			walk(name+"."+p.Key.Text, p.Value)
		}
		for _, item := range n.Items {
			walk(name, item)
		}
		text, ok := n.Str()
		if !ok || !strings.ContainsAny(text, `./\`) {
			return
		}
		if path, err := o.scope.Render(text); err == nil && isRelative(path) && name != ".external_root" {
			if _, err := os.Stat(filepath.Join(dir, path)); err == nil {
				found = append(found, name[1:])
			}
		}
	}
	walk("", o.fields)
	slices.Sort(found)
	return slices.Compact(found)
}

// ducklake is the start of a DuckLake's path. The path of its metadata follows.
const ducklake = "ducklake:"

// absolutePath returns a path, perhaps with Jinja, that means the same in each working directory. A
// path whose Jinja can't be evaluated stays as written.
func (o *Output) absolutePath(path, dir string) string {
	rendered, err := o.scope.Render(path)
	if err != nil {
		return path
	}
	if rest, found := strings.CutPrefix(path, ducklake); found && isRelative(strings.TrimPrefix(rendered, ducklake)) {
		return ducklake + literal(dir) + rest
	}
	if !isRelative(rendered) {
		return path
	}
	return literal(dir) + path
}

// literal returns a directory as a part of Jinja, with a separator at its end.
func literal(dir string) string {
	dir += string(filepath.Separator)
	if strings.Contains(dir, "{") {
		return "{% raw %}" + dir + "{% endraw %}"
	}
	return dir
}

// isRelative reports whether a path starts at the working directory. Addresses, DuckDB's databases
// in memory, and the words that some fields allow instead of a path, don't.
func isRelative(path string) bool {
	path = strings.TrimSuffix(path, "\n")
	switch strings.ToLower(path) {
	case "", "system", "true", "false":
		return false
	}
	return !filepath.IsAbs(path) && !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "~") && !isNoFile(path)
}

// externalRoot returns the directory in which dbt-duckdb's external models write their files if they
// name no location. An absolute or remote root of the user gets a directory with the name of the
// schema. A relative root is replaced by a directory in dir.
func (o *Output) externalRoot(schema, dir string) string {
	root, ok := o.fields.Get("external_root").Str()
	root = strings.TrimRight(root, "/\n")
	rendered, err := o.scope.Render(root)
	if !ok || err == nil && isRelative(rendered) {
		return literal(dir) + "external"
	}
	return root + "/" + schema
}

// ExternalDir returns the local directory in which the external models of an isolated build write
// their files; "" if there is none, or if it can't be known. suffix is the schema's, build the
// build's directory.
func (o *Output) ExternalDir(suffix, build string) string {
	if o.Adapter != "duckdb" {
		return ""
	}
	schema, err := o.suffixed(suffix)
	if err != nil {
		return ""
	}
	dir, err := o.scope.Render(o.externalRoot(schema.Text, build))
	if err != nil || !filepath.IsAbs(dir) {
		return ""
	}
	return dir
}
