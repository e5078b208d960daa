package pyyaml

import (
	"go.yaml.in/yaml/v4"

	"dot-for-dbt/internal/lazy"
)

// lenientAliases is a plugin of the YAML library. It accepts an alias without an anchor, as long as
// nobody needs its value.
type lenientAliases struct{}

// noAnchor is the value of such an alias.
var noAnchor = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}

func (lenientAliases) NewAliasDataContext(yaml.AliasDataServices) (yaml.AliasDataContext, error) {
	return anchors{}, nil
}

// anchors are the anchors of a file, by name. If a name repeats, the later anchor counts for the
// aliases after it.
type anchors map[string]*yaml.Node

func (anchors) BeginDocument() error { return nil }
func (anchors) EndDocument() error   { return nil }

func (a anchors) DefineAnchor(name string, n *yaml.Node) error {
	a[name] = n
	return nil
}

func (a anchors) ResolveAlias(name string) (n *yaml.Node, found bool, err error) {
	if n, ok := a[name]; ok {
		return n, true, nil
	}
	return noAnchor, true, nil
}

// anchorName matches an anchor's name in PyYAML, or an empty one. To the library, as in YAML 1.2,
// the name goes on to the next space.
var anchorName = lazy.Regexp(`^[A-Za-z0-9_-]*$`)

// enter follows an alias to its value. Call leave once that is read.
func (f *file) enter(n *yaml.Node) (target *yaml.Node, leave func(), err error) {
	target = n
	if n.Kind == yaml.AliasNode {
		target = n.Alias
	}
	f.left--
	f.leftText -= len(target.Value)
	switch {
	case f.left < 0:
		return nil, nil, f.errorAt(n, "with aliases expanded, this has more than %d values", maxNodes)
	case f.leftText < 0:
		return nil, nil, f.errorAt(n, "with aliases expanded, this has more than %d KiB of text", maxText>>10)
	case target == noAnchor:
		return nil, nil, f.errorAt(n, "the alias has no anchor before it; a text that begins with * needs quotes")
	case !anchorName().MatchString(target.Anchor):
		return nil, nil, f.errorAt(target, "an anchor's name may hold letters, digits, - and _ only")
	case f.open[target]:
		return nil, nil, f.errorAt(target, "the alias contains itself")
	}
	f.open[target] = true
	return target, func() { delete(f.open, target) }, nil
}
