package profile

import (
	"errors"
	"slices"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/pyyaml"
)

// Package is one entry of a packages.yml or dependencies.yml.
type Package struct {
	Local    string // value of `local:`, a path relative to the project
	Git      string // value of `git:`, a URL
	Revision string // of a git package; "" is the repository's default branch
	Hub      string // value of `package:`
	// Versions restricts the version of a hub package: one version, or the bounds of a range
	// (">=1.0.0", "<2.0.0").
	Versions []string
}

// commitHash matches a git revision that can't move.
var commitHash = lazy.Regexp(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// exactVersion matches a single version of a hub package. The hub never changes such a version, but
// the newest version in a range changes. Only dbt can evaluate a template.
var exactVersion = lazy.Regexp(`^=?[0-9]+\.[0-9]+\.[0-9]+`)

// Moves reports whether installing the package later may give something else: it has a git revision
// that is not a commit, or a range of versions. The packages that it has itself don't count.
func (p Package) Moves() bool {
	if p.Hub != "" {
		return !slices.ContainsFunc(p.Versions, exactVersion().MatchString)
	}
	return p.Git != "" && !commitHash().MatchString(p.Revision)
}

// ParsePackages reads the packages in a packages.yml or dependencies.yml. file is its name in
// errors, which begin with file:line:column.
func ParsePackages(file string, data []byte) ([]Package, error) {
	root, err := pyyaml.Parse(file, data)
	if errors.Is(err, pyyaml.ErrEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	top, err := root.Mapping()
	if err != nil {
		return nil, err
	}
	list := top.Values["packages"]
	if !list.Exists() {
		return nil, nil
	}
	value, err := list.Read()
	if err != nil {
		return nil, err
	}
	if value.IsNull() {
		return nil, nil
	}
	if value.Kind != pyyaml.Sequence {
		return nil, list.Errorf("packages must be a list, not %s", value.Kind)
	}
	var packages []Package
	for _, item := range value.Items {
		p, err := packageOf(item)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

func packageOf(item *pyyaml.Node) (Package, error) {
	var p Package
	if item.Kind != pyyaml.Mapping {
		return p, item.Errorf("a package must be a mapping, not %s", item.Kind)
	}
	for key, into := range map[string]*string{"local": &p.Local, "git": &p.Git, "revision": &p.Revision, "package": &p.Hub} {
		if n := item.Get(key); n != nil {
			*into = n.Text
		}
	}
	if n := item.Get("version"); n != nil {
		p.Versions = []string{n.Text}
		if n.Kind == pyyaml.Sequence {
			p.Versions = nil
			for _, bound := range n.Items {
				p.Versions = append(p.Versions, bound.Text)
			}
		}
	}
	return p, nil
}
