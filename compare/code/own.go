package code

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
)

// own lists the differences in a node's own code and configuration, and in the sources
// it reads.
func (c *comparer) own(d *nodeDiff) {
	switch {
	case d.One:
		d.Own = true
		return
	case d.a == nil:
		d.Differences = []string{"only in the candidate's project"}
		return
	case d.b == nil:
		d.Differences = []string{"only in the baseline's project"}
		return
	}
	for _, s := range []*parsedSide{c.a, c.b} {
		if why := s.lost[d.ID]; why != "" {
			d.Differences = []string{why}
			return
		}
	}
	configA, configB := config(d.a), config(d.b)
	strategies, custom := d.strategies(configA, configB)
	strict := custom || c.wide(d.fromA, d.fromB).custom || hooksHaveLogic(configB)
	d.Differences = c.code(d)
	d.Differences = append(d.Differences, d.configuration(configA, configB, strict)...)
	d.Differences = append(d.Differences, columns(d.a, d.b, configA, configB, strict)...)
	d.Differences = append(d.Differences, strategies...)
	d.Differences = append(d.Differences, c.hooks(d, configA, configB)...)
	d.Differences = append(d.Differences, c.files(d)...)
	d.Differences = append(d.Differences, c.others(d)...)
	d.Own = len(d.Differences) == 0
}

// code compares a node's code, or a seed's rows.
func (c *comparer) code(d *nodeDiff) []string {
	a, b := d.a, d.b
	if a.Language != b.Language {
		return []string{change("language", a.Language, b.Language)}
	}
	if a.ResourceType == "seed" {
		return d.rows()
	}
	if isMicrobatch(a) && isMicrobatch(b) {
		return c.asWritten(d)
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
	switch same, why := c.compiled(d); {
	case same:
		return nil
	case why != "":
		return []string{why}
	case a.RawCode == b.RawCode:
		return []string{c.elsewhere("compiled "+what, d)}
	}
	return []string{what}
}

// elsewhere explains why compiled code may differ although the file is the same.
func (c *comparer) elsewhere(what string, d *nodeDiff) string {
	var why []string
	a, b := d.a, d.b
	inlinedA, inlinedB := c.a.inlined(a), c.b.inlined(b)
	macros := slices.Concat(a.DependsOn.Macros, b.DependsOn.Macros)
	for _, id := range slices.Sorted(maps.Keys(inlinedB)) {
		before, after := inlinedA[id], inlinedB[id]
		if before == nil || before.RawCode != after.RawCode {
			why = append(why, "ephemeral "+after.Name)
			continue
		}
		macros = slices.Concat(macros, before.DependsOn.Macros, after.DependsOn.Macros)
	}
	for _, macro := range differing(reachBoth(d.fromA, d.fromB, macros...)) {
		why = append(why, "macro "+macro)
	}
	if len(why) == 0 {
		return what
	}
	return what + ": " + firstFew(why)
}

// notKnown says which side's code is unknown, "" if both are known.
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

// compiled compares the compiled code without the names of the relations it reads. why
// explains a difference if it isn't obvious.
func (c *comparer) compiled(d *nodeDiff) (same bool, why string) {
	namesA, namesB := c.readable(c.a, d.a), c.readable(c.b, d.b)
	take, python := takeOut, d.b.Language == "python"
	if python {
		take = takeOutOfPython
		namesA, namesB = append(namesA, thisInPython(d.a)...), append(namesB, thisInPython(d.b)...)
	}
	codeA, foundA := take(*d.a.CompiledCode, namesA)
	codeB, foundB := take(*d.b.CompiledCode, namesB)
	d.shared = shared(foundA, foundB)
	// dbt doesn't render a user's Python: only the code that dbt adds has names in it.
	switch sameText := !python || d.a.RawCode == d.b.RawCode; {
	case python && sameText && asksForItself().MatchString(d.b.RawCode):
		return false, "Python that asks for its own relation (dbt.this)"
	case sameText && codeA == codeB, !python && otherRelease(d.fromA, d.fromB) && folded(codeA) == folded(codeB):
		return true, ""
	}
	// A name may still be in a string, or in the part that takeOut left unchanged.
	for _, n := range slices.Concat(namesA, namesB) {
		if strings.Contains(codeA, n.text) || strings.Contains(codeB, n.text) {
			delete(d.shared, n.id())
		}
	}
	return false, ""
}

// names returns the names of the relations that a node may read: its own and those it
// gets by ref.
func (s *parsedSide) names(n *artifact.NodeCode) []name {
	var names []name
	for _, id := range append(s.above(n), n.UniqueID) {
		if parent := s.nodes[id]; hasRelation(parent) {
			names = append(names, name{text: parent.RelationName, mark: mark(id)})
		}
	}
	return names
}

// readable returns the names of the relations that a node may read on a side: first
// those of its own side, which the other may have, too, then those of the other, to
// which its build may have deferred.
func (c *comparer) readable(s *parsedSide, n *artifact.NodeCode) []name {
	names := s.names(n)
	for i := range names {
		names[i].deferred = c.one[names[i].id()]
	}
	other := c.a
	if s == c.a {
		other = c.b
	}
	for _, id := range s.above(n) {
		parent := other.nodes[id]
		if hasRelation(parent) && !c.one[id] && other.of(id).ownSchema(parent.Schema) != "" {
			names = append(names, name{text: parent.RelationName, mark: mark(id), deferred: true})
		}
	}
	return names
}

// shared returns the nodes that both sides read from the same relation, since one side
// defers to the other or both rest on one build, and these relations' names.
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

// rows compares two seeds by dbt's checksum or, if dbt didn't read the files, by their
// content.
func (d *nodeDiff) rows() []string {
	a, b := d.a, d.b
	if summed(a) && summed(b) {
		if a.Checksum == b.Checksum {
			return nil
		}
		return []string{"seed's rows"}
	}
	fileA, err := d.fromA.seed(a)
	if err != nil {
		return []string{err.Error()}
	}
	fileB, err := d.fromB.seed(b)
	if err != nil {
		return []string{err.Error()}
	}
	if !bytes.Equal(fileA, fileB) {
		return []string{"seed's rows"}
	}
	return nil
}

// summed reports whether dbt's checksum of a seed covers its rows.
func summed(n *artifact.NodeCode) bool {
	return n.Checksum.Name != "" && n.Checksum.Name != "none" && n.Checksum.Name != "path" && n.Checksum.Checksum != ""
}

// seed reads a seed's file.
func (s *parsedSide) seed(n *artifact.NodeCode) ([]byte, error) {
	if s.ReadFile == nil || n.Package != s.head.Project {
		return nil, fmt.Errorf("the %s's seed is not known: dbt gives no checksum of its rows", s.role)
	}
	data, err := s.ReadFile(file(n))
	if err != nil {
		return nil, fmt.Errorf("the %s's seed is not known: %w", s.role, err)
	}
	return data, nil
}

// others compares the sources and other nodes without a relation that a node reads.
func (c *comparer) others(d *nodeDiff) []string {
	var differences []string
	for _, id := range d.reads {
		if c.diffs[id] != nil {
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

// asksForItself matches Python that may ask dbt for its own relation.
var asksForItself = lazy.Regexp(`\bthis\b`)

// thisInPython returns the names in the code with which dbt gives a Python model its own
// relation.
func thisInPython(n *artifact.NodeCode) []name {
	return []name{
		{text: indented + "database = " + text.JSON(n.Database) + "\n", mark: mark("database")},
		{text: indented + "schema = " + text.JSON(n.Schema) + "\n", mark: mark("schema")},
		{text: indented + "identifier = " + text.JSON(n.Alias) + "\n", mark: mark("identifier")},
		{text: indented + "    return '" + n.RelationName + "'\n", mark: mark("this")},
	}
}

const indented = "    "

// takeOutOfPython is takeOut for a compiled Python model, where names are strings.
func takeOutOfPython(python string, names []name) (string, []name) {
	var found []name
	for _, n := range names {
		literal := n.text
		if !strings.HasPrefix(literal, indented) {
			literal = text.JSON(literal) // as dbt writes it
		}
		if strings.Contains(python, literal) {
			python = strings.ReplaceAll(python, literal, n.mark)
			found = append(found, n)
		}
	}
	return python, found
}
