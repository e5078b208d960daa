package profile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Package is one entry of a packages.yml or dependencies.yml.
type Package struct {
	Local    string // of `local:`, its path relative to the project
	Git      string // of `git:`, its URL
	Revision string // of a git package; "" is the repository's default branch
	Hub      string // of `package:`
	// Versions are what a hub package may be: one version, or the bounds of a
	// range (">=1.0.0", "<2.0.0").
	Versions []string
}

// commitHash is what a git revision looks like when nobody can move it.
var commitHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// exactVersion is what a hub package's version looks like when it is one, which
// the hub never changes. A range has another newest version one day, and what a
// template comes to is dbt's to know.
var exactVersion = regexp.MustCompile(`^=?[0-9]+\.[0-9]+\.[0-9]+`)

// Moves tells whether installing the package later may give something else: a
// git revision that is no commit, a range of a hub's versions. What the package
// asks for itself isn't known here.
func (p Package) Moves() bool {
	if p.Hub != "" {
		return !slices.ContainsFunc(p.Versions, exactVersion.MatchString)
	}
	return p.Git != "" && !commitHash.MatchString(p.Revision)
}

// ParsePackages reads the packages that a packages.yml or dependencies.yml asks
// for. file is its name for errors, which carry file:line:column.
func ParsePackages(file string, data []byte) ([]Package, error) {
	root, r, err := parseYAML(file, data)
	if errors.Is(err, errYAMLEmpty) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	top, err := r.mappingOf(root)
	if err != nil {
		return nil, err
	}
	list := top.values["packages"]
	if list == nil {
		return nil, nil
	}
	value, err := r.read(list)
	if err != nil {
		return nil, err
	}
	if value.isNull() {
		return nil, nil
	}
	if value.kind != yamlSequence {
		return nil, r.errorAt(list, "packages must be a list, not %s", value.kind)
	}
	var packages []Package
	for _, item := range value.items {
		p, err := r.packageOf(item)
		if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
	return packages, nil
}

func (r *yamlReader) packageOf(item *yamlNode) (Package, error) {
	var p Package
	if item.kind != yamlMapping {
		return p, fmt.Errorf("%s: a package must be a mapping, not %s", item.place(r.file), item.kind)
	}
	for key, into := range map[string]*string{"local": &p.Local, "git": &p.Git, "revision": &p.Revision, "package": &p.Hub} {
		if n := item.get(key); n != nil {
			*into = n.text
		}
	}
	if n := item.get("version"); n != nil {
		p.Versions = []string{n.text}
		if n.kind == yamlSequence {
			p.Versions = nil
			for _, bound := range n.items {
				p.Versions = append(p.Versions, bound.text)
			}
		}
	}
	return p, nil
}
