package code

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// What a commit changes, from the manifests of parsed projects and from git. dbt's
// state:modified compares each node's own file and configuration, and the macros that it
// saw called. It misses large seeds, macros that are handed over as values, files that
// code reads, and vars. Here a text that names something changed is
// changed, too: that may find a node too many.

// A Commit is what a candidate's commit changes apart from the manifests.
type Commit struct {
	// Files are the files that differ from the baseline's commit. The paths have slashes
	// and start in the project's directory: data/x.csv, ../lib/y.csv.
	Files []string
	// Submodules are the submodules that differ: any file in them may.
	Submodules []string
	// Vars are the names of the project's vars that differ.
	Vars []string
	// PackageVars are those of packages' own vars that differ, by package. Only the package's
	// nodes read them.
	PackageVars map[string][]string
	// Dispatch has the search orders of the setting dispatch that differ, before and after, by
	// namespace. An order that a project doesn't have is nil.
	Dispatch map[string][2][]string
	// Compiled has the compiled code of both commits; nil if it isn't known.
	Compiled *Compiled
}

// Changes returns why each node of the candidate that a commit changes is changed, by
// unique_id: also tests and functions. It reads the sides' manifests only; neither has to
// have compiled code. If compiled code is known, nodes whose SQL differs are changed, too.
func Changes(baseline, candidate Side, commit Commit) (map[string][]string, error) {
	var (
		a, b  *parsedSide
		group errgroup.Group
	)
	group.Go(func() (err error) { a, err = readAll("baseline", baseline); return err })
	group.Go(func() (err error) { b, err = readAll("candidate", candidate); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	files := newFileSet(commit.Files, commit.Submodules)
	project := newChanges(a, b, files, commit, "")
	packages := map[string]*changes{}
	for name := range commit.PackageVars {
		packages[name] = newChanges(a, b, files, commit, name)
	}
	found := map[string][]string{}
	for id, n := range b.nodes {
		if slices.Contains([]string{"source", "operation", "analysis"}, n.ResourceType) { // nothing is built from them
			continue
		}
		c := packages[n.Package]
		if c == nil {
			c = project
		}
		if why := c.node(n); len(why) > 0 {
			found[id] = why
		}
	}
	for id, test := range b.unitTests {
		if why := unitTest(a.unitTests[id], test, commit.Files); why != "" {
			found[id] = []string{why}
		}
	}
	if commit.Compiled == nil {
		return found, nil
	}
	differ, err := commit.Compiled.differences(a, b)
	for id := range differ {
		if b.nodes[id] != nil && found[id] == nil {
			found[id] = []string{"compiled SQL"}
		}
	}
	return found, err
}

// readAll reads all of a side's manifest, tests included.
func readAll(role string, from Side) (*parsedSide, error) {
	f, err := os.Open(from.Manifest)
	if err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", role, err)
	}
	defer f.Close() // only read from
	s := &parsedSide{
		Side: from, role: role, from: map[string]*parsedSide{}, lost: map[string]string{},
		nodes: map[string]*artifact.NodeCode{}, macros: map[string]*macro{}, unitTests: map[string]*artifact.UnitTest{},
	}
	keep := func(n artifact.NodeCode) error {
		s.nodes[n.UniqueID] = &n
		return nil
	}
	keepTest := func(test artifact.UnitTest) error {
		s.unitTests[test.UniqueID] = &test
		return nil
	}
	if s.head, err = artifact.ReadManifestTests(from.Manifest, f, keep, s.addMacro, keepTest); err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", role, err)
	}
	return s, nil
}

// changes finds the nodes that a commit changes, of the packages that see the same vars.
type changes struct {
	a, b  *parsedSide
	files fileSet
	// words are the words that name something changed, with what that is: "macro cents".
	words map[string]string
	// macros are the changed macros, by ID, with the reason.
	macros map[string]string
	// builders are the changed macros that dbt builds nodes with: materializations, by
	// name, and under "" those for every node.
	builders map[string]string
}

// newChanges returns the changes for the nodes of a package, or for those of the project and
// of packages whose own vars are the same.
func newChanges(a, b *parsedSide, files fileSet, commit Commit, pkg string) *changes {
	c := &changes{a: a, b: b, files: files, words: map[string]string{}, macros: map[string]string{}}
	for _, name := range commit.PackageVars[pkg] {
		c.words[name] = "var " + name + " of " + pkg
	}
	for _, name := range commit.Vars {
		c.words[name] = "var " + name
	}
	builders := c.findDispatched(commit.Dispatch)
	c.findMacros()
	c.findBuilders()
	for _, why := range builders {
		c.builders[""] = why
	}
	return c
}

// findMacros finds the changed macros, and those whose text names something changed.
func (c *changes) findMacros() {
	type text struct {
		*macro
		words map[string]bool
	}
	rest := map[string]text{}
	for _, s := range []*parsedSide{c.a, c.b} {
		for _, id := range slices.Sorted(maps.Keys(s.macros)) {
			m := s.macros[id]
			a, b := c.a.macros[id], c.b.macros[id]
			if a != nil && b != nil {
				if other := rerouted(a.calls, b.calls); len(other) > 0 {
					c.taint(id, m, other[0])
					continue
				}
			}
			if s.ofDBT(m) {
				continue
			}
			if a == nil || b == nil || a.sum != b.sum {
				c.taint(id, m, "macro "+m.name)
			} else if why := c.files.in(m.sql); len(why) > 0 {
				c.taint(id, m, why[0])
			} else {
				rest[id] = text{m, wordsIn(m.sql)}
			}
		}
	}
	for again := len(c.macros) > 0 || len(c.words) > 0; again; {
		again = false
		for _, id := range slices.Sorted(maps.Keys(rest)) {
			why := c.named(rest[id].words, rest[id].calls)
			if len(why) > 0 {
				c.taint(id, rest[id].macro, why[0])
				delete(rest, id)
				again = true
			}
		}
	}
}

// rerouted says which calls lead to a macro of another package, sorted. Setting dispatch in
// dbt_project.yml does this, and changes no macro.
func rerouted(before, after []string) []string {
	byName := func(calls []string) map[string][]string {
		found := map[string][]string{}
		for _, id := range calls {
			name := baseName(id[strings.LastIndexByte(id, '.')+1:])
			found[name] = append(found[name], id)
		}
		return found
	}
	was, is := byName(before), byName(after)
	var why []string
	for name, ids := range is {
		// dbt 2 lists fewer calls: only those that lead elsewhere on both sides count.
		fewer := func(a, b []string) bool {
			return !slices.ContainsFunc(a, func(id string) bool { return !slices.Contains(b, id) })
		}
		if !fewer(was[name], ids) && !fewer(ids, was[name]) {
			why = append(why, "macro "+name+" of another package")
		}
	}
	slices.Sort(why)
	return why
}

// baseName is the name by which a macro is called: x for default__x.
func baseName(name string) string {
	if _, base, dispatched := strings.Cut(name, "__"); dispatched {
		return base
	}
	return name
}

// taint adds a changed macro.
func (c *changes) taint(id string, m *macro, why string) {
	c.macros[id] = why
	for _, name := range []string{m.name, baseName(m.name)} {
		if c.words[name] == "" {
			c.words[name] = why
		}
	}
}

// named returns the changed things that a text names or calls, sorted.
func (c *changes) named(words map[string]bool, calls []string) []string {
	found := map[string]bool{}
	for word := range words {
		if why := c.words[word]; why != "" {
			found[why] = true
		}
	}
	for _, id := range calls {
		if why := c.macros[id]; why != "" {
			found[why] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// findBuilders finds the changed macros that dbt builds nodes with.
func (c *changes) findBuilders() {
	c.builders = map[string]string{}
	own := map[string]bool{}
	for _, s := range []*parsedSide{c.a, c.b} {
		for _, m := range s.dbtMacros() {
			own[m.name] = true
		}
	}
	for _, s := range []*parsedSide{c.a, c.b} {
		for _, id := range s.overriding(own) {
			why := c.macros[id]
			if why == "" {
				continue
			}
			kind := ""
			if made, is := strings.CutPrefix(s.macros[id].name, "materialization_"); is {
				kind = made[:max(0, strings.LastIndexByte(made, '_'))] // the adapter's name follows
			}
			c.builders[kind] = why
		}
	}
}

// node says why a node of the candidate is changed.
func (c *changes) node(n *artifact.NodeCode) []string {
	was := c.a.nodes[n.UniqueID]
	if was == nil {
		return []string{"new"}
	}
	var why []string
	switch {
	case n.ResourceType == "seed":
		why = c.seed(was, n)
	case was.RawCode != n.RawCode && n.Language == "python":
		why = append(why, "Python")
	case was.RawCode != n.RawCode:
		why = append(why, "SQL")
	}
	texts := []string{n.RawCode, jsonText(n.Config), jsonText(n.Unrendered)}
	words := map[string]bool{}
	for _, text := range texts {
		maps.Copy(words, wordsIn(text))
	}
	why = append(why, settings(was, n)...)
	why = append(why, c.named(words, n.DependsOn.Macros)...)
	why = append(why, rerouted(was.DependsOn.Macros, n.DependsOn.Macros)...)
	if was.CompiledCode != nil { // the paths that Jinja makes
		texts = append(texts, *was.CompiledCode)
	}
	for _, id := range n.DependsOn.Nodes {
		if source := c.b.nodes[id]; source != nil && source.ResourceType == "source" { // which may be a file
			texts = append(texts, jsonText(source.Config), jsonText(source.Meta), jsonText(source.SourceMeta))
		}
	}
	for _, text := range texts {
		why = append(why, c.files.in(text)...)
	}
	if isBuilt(n) {
		for _, kind := range []string{"", materialized(n)} {
			if builder := c.builders[kind]; builder != "" {
				why = append(why, builder+", which dbt builds with")
			}
		}
		if strategy := c.words[strategyMacro(config(n))]; strategy != "" {
			why = append(why, strategy+", which dbt builds with")
		}
	}
	slices.Sort(why)
	return slices.Compact(why)
}

// seed says why a seed's rows are changed. dbt's checksum of a large seed is its path.
func (c *changes) seed(was, is *artifact.NodeCode) []string {
	if summed(was) && summed(is) {
		if was.Checksum != is.Checksum {
			return []string{"seed's rows"}
		}
		return nil
	}
	switch name := file(is); {
	case is.Package == c.b.head.Project && c.files.has(name):
		return []string{"seed's rows"}
	case is.Package != c.b.head.Project && c.files.hasBelow(name): // of a package in the repository
		return []string{"seed's rows"}
	case is.Package != c.b.head.Project && len(c.files.submodules) > 0:
		return []string{"seed of a package, perhaps in the submodule " + c.files.submodules[0]}
	case is.Package != c.b.head.Project && slices.ContainsFunc(packageFiles, c.files.has):
		return []string{"seed of a package, whose version may differ"}
	}
	return nil
}

// packageFiles are the files that say which packages a project has.
var packageFiles = []string{"packages.yml", "package-lock.yml", "dependencies.yml"}

// word matches a name in Jinja.
var word = lazy.Regexp(`[A-Za-z_]\w*`)

// wordsIn returns the words of a text's Jinja, those in its strings included: from each
// opening to the last closing before the next one, since a }} may be part of a literal.
func wordsIn(text string) map[string]bool {
	found := map[string]bool{}
	parts := strings.Split(strings.ReplaceAll(text, "{%", "{{"), "{{")
	for _, part := range parts[1:] {
		if end := max(strings.LastIndex(part, "}}"), strings.LastIndex(part, "%}")); end >= 0 {
			part = part[:end]
		}
		for _, name := range word().FindAllString(part, -1) {
			found[name] = true
		}
	}
	return found
}

// jsonText returns JSON as text in which strings stand as they are, without escapes.
func jsonText(raw json.RawMessage) string {
	if len(raw) == 0 || bytes.Equal(raw, []byte("{}")) {
		return ""
	}
	var all []string
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, `"`+v+`"`)
		case []any:
			for _, item := range v {
				visit(item)
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				visit(v[key])
			}
		}
	}
	visit(decoded(raw))
	return strings.Join(all, "\n")
}
