package code

import (
	"maps"
	"slices"
	"strings"
)

// findDispatched finds the macros that adapter.dispatch finds in another package, because the search order of a
// namespace is different. Manifests don't say so: those of dbt 1 lack the calls by dbt's own macros, and those of
// dbt 2 list all calls as if there were no such setting. If dbt builds nodes with such a macro, findDispatched
// returns why all nodes are changed.
func (c *changes) findDispatched(orders map[string][2][]string) (builders []string) {
	if len(orders) == 0 {
		return nil
	}
	a, b := c.a.implementations(), c.b.implementations()
	own := map[string]bool{}
	for _, s := range []*parsedSide{c.a, c.b} {
		for _, m := range s.dbtMacros() {
			own[m.name] = true
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(orders)) {
		before, after := c.a.searched(namespace, orders[namespace][0]), c.b.searched(namespace, orders[namespace][1])
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if slices.Equal(a[name].in(before), b[name].in(after)) || !c.dispatches(namespace, name, a, b) {
				continue
			}
			why := "macro " + name + " of another package"
			c.words[name] = why
			if namespace == dbtItself && overrides(name, own) {
				builders = append(builders, why)
			}
		}
	}
	return builders
}

// dispatches reports whether a macro may look for this name in a namespace: that has such a macro, or a text
// names both.
func (c *changes) dispatches(namespace, name string, found ...map[string]implemented) bool {
	for _, by := range found {
		if _, has := by[name][namespace]; has {
			return true
		}
	}
	for _, s := range []*parsedSide{c.a, c.b} {
		for _, m := range s.macros {
			if words := wordsIn(m.sql); words["dispatch"] && words[name] && words[namespace] {
				return true
			}
		}
	}
	return false
}

// dbtItself is the namespace, and the package, of the macros of dbt and its adapter.
const dbtItself = "dbt"

// implemented are the packages with implementations of one macro for adapter.dispatch. The value is true if the
// package has default__x, which fits every adapter: the search ends there.
type implemented map[string]bool

// in returns the packages in which the macro may be found, in this order.
func (i implemented) in(order []string) []string {
	var found []string
	for _, pkg := range order {
		if ends, has := i[pkg]; has {
			found = append(found, pkg)
			if ends {
				break
			}
		}
	}
	return found
}

// implementations returns the macros that adapter.dispatch may find, by the name that it looks for.
func (s *parsedSide) implementations() map[string]implemented {
	found := map[string]implemented{}
	for _, m := range s.macros {
		kind, name, dispatched := strings.Cut(m.name, "__")
		if !dispatched {
			continue
		}
		pkg := m.pkg
		if s.ofDBT(m) {
			pkg = dbtItself
		}
		if found[name] == nil {
			found[name] = implemented{}
		}
		found[name][pkg] = found[name][pkg] || kind == "default"
	}
	return found
}

// searched returns the packages in which dbt looks for macros of a namespace.
func (s *parsedSide) searched(namespace string, order []string) []string {
	if len(order) > 0 {
		return order
	}
	return []string{s.head.Project, namespace}
}
