package code

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// own compares a node's own code and configuration, and the sources it reads,
// and says what differs.
func (c *comparison) own(f *finding) {
	switch {
	case f.a == nil:
		f.Differences = []string{"only in the candidate's project"}
		return
	case f.b == nil:
		f.Differences = []string{"only in the baseline's project"}
		return
	}
	configA, configB := config(f.a), config(f.b)
	strict := c.custom || hasWildHook(configB)
	f.Differences = c.code(f)
	f.Differences = append(f.Differences, c.configuration(f.a, f.b, configA, configB, strict)...)
	f.Differences = append(f.Differences, c.columns(f.a, f.b, configA, configB, strict)...)
	f.Differences = append(f.Differences, c.hooks(f.a, f.b, configA, configB)...)
	f.Differences = append(f.Differences, c.others(f)...)
	f.Own = len(f.Differences) == 0
}

// code compares the code that a node runs, or a seed's rows.
func (c *comparison) code(f *finding) []string {
	a, b := f.a, f.b
	if a.Language != b.Language {
		return []string{change("language", a.Language, b.Language)}
	}
	if a.ResourceType == "seed" {
		return c.rows(a, b)
	}
	what := "SQL"
	if b.Language == "python" {
		what = "Python"
	}
	if unknown := notKnown(a, b); unknown != "" {
		if a.RawCode != b.RawCode {
			return []string{what, unknown}
		}
		return []string{unknown}
	}
	switch same, why := c.compiled(f); {
	case same:
		return nil
	case why != "":
		return []string{why}
	case a.RawCode == b.RawCode:
		return []string{c.elsewhere("compiled "+what, a, b)}
	}
	return []string{what}
}

// elsewhere adds to what differs in compiled code why it may, although the file
// is the same.
func (c *comparison) elsewhere(what string, a, b *artifact.NodeCode) string {
	var why []string
	inlinedA, inlinedB := c.a.inlined(a), c.b.inlined(b)
	macrosA, macrosB := slices.Clone(a.DependsOn.Macros), slices.Clone(b.DependsOn.Macros)
	for _, id := range slices.Sorted(maps.Keys(inlinedB)) {
		before, after := inlinedA[id], inlinedB[id]
		if before == nil || before.RawCode != after.RawCode {
			why = append(why, "ephemeral "+after.Name)
			continue
		}
		macrosA, macrosB = append(macrosA, before.DependsOn.Macros...), append(macrosB, after.DependsOn.Macros...)
	}
	for _, macro := range differing(c.a.reach(macrosA), c.b.reach(macrosB)) {
		why = append(why, "macro "+macro)
	}
	if len(why) == 0 {
		return what
	}
	return what + ": " + some(why)
}

// notKnown says whose code isn't known, "" if both sides' is.
func notKnown(a, b *artifact.NodeCode) string {
	switch {
	case a.CompiledCode == nil && b.CompiledCode == nil:
		return "the code is not known: it was not in the last run of either build"
	case a.CompiledCode == nil:
		return "the baseline's code is not known: it was not in the last run"
	case b.CompiledCode == nil:
		return "the candidate's code is not known: it was not in the last run"
	}
	return ""
}

// compiled compares the code as dbt compiled it, without the names of the
// relations that it reads. Why it can't be is said if that isn't plain.
func (c *comparison) compiled(f *finding) (same bool, why string) {
	namesA, namesB := c.readable(f, c.a, f.a), c.readable(f, c.b, f.b)
	take := takeOut
	if f.b.Language == "python" {
		// A user's Python isn't rendered: only what dbt adds has names in it.
		if f.a.RawCode != f.b.RawCode {
			return false, ""
		}
		if asksForItself.MatchString(f.b.RawCode) {
			return false, "Python that asks for its own relation (dbt.this)"
		}
		take = takeOutOfPython
		namesA, namesB = append(namesA, thisInPython(f.a)...), append(namesB, thisInPython(f.b)...)
	}
	codeA, foundA := take(*f.a.CompiledCode, namesA)
	codeB, foundB := take(*f.b.CompiledCode, namesB)
	f.shared = shared(foundA, foundB)
	if codeA == codeB {
		return true, ""
	}
	// What is left may hold a name in a string, or where it wasn't looked for.
	for _, n := range slices.Concat(namesA, namesB) {
		if strings.Contains(codeA, n.text) || strings.Contains(codeB, n.text) {
			delete(f.shared, n.id())
		}
	}
	return false, ""
}

// names are the relations that a node may read: its own and those it gets by
// ref.
func (p *project) names(n *artifact.NodeCode) []name {
	var names []name
	for _, id := range append(p.above(n), n.UniqueID) {
		if parent := p.nodes[id]; hasRelation(parent) {
			names = append(names, name{text: parent.RelationName, mark: mark(id)})
		}
	}
	return names
}

// readable are the names of what a node may read on a side: its own side's first,
// then the other's, to which its build may have deferred.
func (c *comparison) readable(f *finding, p *project, n *artifact.NodeCode) []name {
	names := p.names(n)
	other := c.a
	if p == c.a {
		other = c.b
	}
	for _, id := range p.above(n) {
		parent := other.nodes[id]
		if hasRelation(parent) && other.ownSchema(parent.Schema) != "" {
			names = append(names, name{text: parent.RelationName, mark: mark(id), deferred: true})
		}
	}
	return names
}

// shared are the nodes that both sides read from one and the same relation,
// since one of them defers to the other, and the names of these.
func shared(a, b []name) map[string]string {
	read := map[string][]name{}
	for _, n := range slices.Concat(a, b) {
		read[n.mark] = append(read[n.mark], n)
	}
	ids := map[string]string{}
	for _, names := range read {
		one := !slices.ContainsFunc(names, func(n name) bool { return n.text != names[0].text })
		if one && slices.ContainsFunc(names, func(n name) bool { return n.deferred }) {
			ids[names[0].id()] = names[0].text
		}
	}
	return ids
}

// rows compares the files of two seeds, by dbt's checksum or, where dbt didn't
// read them, by what is in them.
func (c *comparison) rows(a, b *artifact.NodeCode) []string {
	if summed(a) && summed(b) {
		if a.Checksum == b.Checksum {
			return nil
		}
		return []string{"seed's rows"}
	}
	fileA, err := c.a.seed(a)
	if err != nil {
		return []string{err.Error()}
	}
	fileB, err := c.b.seed(b)
	if err != nil {
		return []string{err.Error()}
	}
	if !bytes.Equal(fileA, fileB) {
		return []string{"seed's rows"}
	}
	return nil
}

// summed reports whether dbt's checksum of a seed is of its rows.
func summed(n *artifact.NodeCode) bool {
	return n.Checksum.Name != "" && n.Checksum.Name != "none" && n.Checksum.Name != "path" && n.Checksum.Checksum != ""
}

// seed reads a seed's file.
func (p *project) seed(n *artifact.NodeCode) ([]byte, error) {
	if p.ReadFile == nil || n.Package != p.head.Project {
		return nil, fmt.Errorf("the %s's seed is not known: dbt gives no checksum of its rows", p.side)
	}
	data, err := p.ReadFile(file(n))
	if err != nil {
		return nil, fmt.Errorf("the %s's seed is not known: %w", p.side, err)
	}
	return data, nil
}

// others compares what a node reads beside nodes with a relation.
func (c *comparison) others(f *finding) []string {
	var differences []string
	for _, id := range f.reads {
		if c.found[id] != nil {
			continue
		}
		a, b := c.a.nodes[id], c.b.nodes[id]
		if a == nil || b == nil {
			differences = append(differences, id+": not in both projects")
			continue
		}
		if b.ResourceType != "source" {
			differences = append(differences, b.ResourceType+" "+b.Name+": not compared")
			continue
		}
		if a.Database != b.Database || a.Schema != b.Schema || a.Identifier != b.Identifier || a.RelationName != b.RelationName {
			differences = append(differences, change("source "+b.SourceName+"."+b.Name, a.RelationName, b.RelationName))
		}
	}
	return differences
}

// asksForItself matches Python that may ask dbt where it lies.
var asksForItself = regexp.MustCompile(`\bthis\b`)

// thisInPython is where dbt's Python tells a model where it lies.
func thisInPython(n *artifact.NodeCode) []name {
	return []name{
		{text: indented + "database = " + pythonString(n.Database) + "\n", mark: mark("database")},
		{text: indented + "schema = " + pythonString(n.Schema) + "\n", mark: mark("schema")},
		{text: indented + "identifier = " + pythonString(n.Alias) + "\n", mark: mark("identifier")},
		{text: indented + "    return '" + n.RelationName + "'\n", mark: mark("this")},
	}
}

const indented = "    "

// takeOutOfPython is takeOut for the code that dbt makes of a Python model,
// where names are strings.
func takeOutOfPython(python string, names []name) (string, []name) {
	var found []name
	for _, n := range names {
		text := n.text
		if !strings.HasPrefix(text, indented) {
			text = pythonString(text)
		}
		if strings.Contains(python, text) {
			python = strings.ReplaceAll(python, text, n.mark)
			found = append(found, n)
		}
	}
	return python, found
}

// pythonString writes text as JSON, and thus Python, does.
func pythonString(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(text) != nil {
		return text
	}
	return strings.TrimSuffix(out.String(), "\n")
}
