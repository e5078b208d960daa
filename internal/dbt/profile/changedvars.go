package profile

import (
	"cmp"
	"errors"
	"maps"
	"slices"

	"dot-for-dbt/internal/pyyaml"
)

// ChangedVars returns the names of the vars that differ between two contents of a dbt_project.yml,
// sorted. Those below a package's name count by their own names, as those of the project do.
func ChangedVars(file string, before, after []byte) ([]string, error) {
	was, err := projectVars(file, before)
	if err != nil {
		return nil, err
	}
	is, err := projectVars(file, after)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range slices.Concat(namesIn(was), namesIn(is)) {
		changedVars(name, was.Get(name), is.Get(name), names)
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// VarsFor returns the names of the vars that a dbt_project.yml sets for the nodes of a package: those for
// all packages, and those below the package's name. dbt prefers their values to the package's own
// (1.11.16, ModelConfiguredVar).
func VarsFor(file string, data []byte, pkg string) (map[string]bool, error) {
	vars, err := projectVars(file, data)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, name := range namesIn(vars) {
		names[name] = true
	}
	if vars != nil {
		for _, name := range namesIn(vars.Get(pkg)) {
			names[name] = true
		}
	}
	return names, nil
}

// changedVars adds the name of a var whose values differ, and those inside them.
func changedVars(name string, was, is *pyyaml.Node, names map[string]bool) {
	if sameNode(was, is) {
		return
	}
	names[name] = true
	for _, inner := range slices.Concat(namesIn(was), namesIn(is)) {
		changedVars(inner, was.Get(inner), is.Get(inner), names)
	}
}

// projectVars reads the vars of a dbt_project.yml; nil for none.
func projectVars(file string, data []byte) (*pyyaml.Node, error) {
	root, err := pyyaml.Parse(file, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	top, err := root.Mapping()
	if err != nil || !top.Values["vars"].Exists() {
		return nil, err
	}
	return top.Values["vars"].Read()
}

// namesIn returns the keys of a mapping.
func namesIn(n *pyyaml.Node) []string {
	var names []string
	if n != nil {
		for _, p := range n.Pairs {
			names = append(names, p.Key.Text)
		}
	}
	return names
}

// sameNode reports whether two values are the same as written. A nil node is a missing value.
func sameNode(a, b *pyyaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Text != b.Text || a.Plain != b.Plain {
		return false
	}
	samePair := func(x, y pyyaml.Pair) bool { return sameNode(x.Key, y.Key) && sameNode(x.Value, y.Value) }
	byKey := func(x, y pyyaml.Pair) int { return cmp.Compare(x.Key.Text, y.Key.Text) }
	return slices.EqualFunc(slices.SortedStableFunc(slices.Values(a.Pairs), byKey), slices.SortedStableFunc(slices.Values(b.Pairs), byKey), samePair) &&
		slices.EqualFunc(a.Items, b.Items, sameNode)
}
