package code

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
)

// A commit may give a node another name. Then the baseline has a node that the candidate lacks,
// and the reverse: dbt knows of no connection. They are one node here if the user says so, or if
// their source files are the same up to the name and no other file is.

// A Rename says that a node has another name in the candidate. Both are names or unique_ids.
type Rename struct{ From, To string }

// rename pairs the renamed nodes. From then on the baseline's have the candidate's IDs.
func (c *comparer) rename(given []Rename) error {
	found, err := c.givenRenames(given)
	if err != nil {
		return err
	}
	c.a.rename(found)
	for found = c.findRenames(); len(found) > 0; found = c.findRenames() { // a new name changes the text of those that read the node
		c.a.rename(found)
	}
	return nil
}

// givenRenames returns the new IDs of the nodes that the user names, by their old ones.
func (c *comparer) givenRenames(given []Rename) (map[string]string, error) {
	found, taken := map[string]string{}, map[string]bool{}
	for _, r := range given {
		from, err := alone(r.From, "baseline", c.a, c.b)
		to := ""
		if err == nil {
			to, err = alone(r.To, "candidate", c.b, c.a)
		}
		if err == nil && (found[from] != "" || taken[to]) {
			err = errors.New("one of them is renamed twice")
		}
		if err != nil {
			return nil, hint.New(fmt.Sprintf("--rename %s=%s: %s", r.From, r.To, err), "name a relation of the baseline, then one of the candidate: --rename old_name=new_name")
		}
		found[from], taken[to] = to, true
	}
	return found, nil
}

// alone returns the ID of the node that a name means and that only one side has.
func alone(name, role string, side, other *parsedSide) (string, error) {
	var ids, both []string
	for id, n := range side.nodes {
		switch {
		case !hasRelation(n) || id != name && n.Name != name && plainName(n) != name:
		case other.nodes[id] != nil:
			both = append(both, id)
		default:
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	switch {
	case len(ids) == 1:
		return ids[0], nil
	case len(ids) > 1:
		return "", fmt.Errorf("%s means several relations of the %s: %s", name, role, strings.Join(ids, ", "))
	case len(both) > 0:
		return "", fmt.Errorf("both sides have %s", name)
	}
	return "", fmt.Errorf("the %s has no relation %s", role, name)
}

// findRenames returns the new IDs of the baseline's nodes whose source is that of exactly one node
// of the candidate, by their old ones.
func (c *comparer) findRenames() map[string]string {
	olds, news := c.a.bySource(c.b), c.b.bySource(c.a)
	found := map[string]string{}
	for source, from := range olds {
		if to := news[source]; len(from) == 1 && len(to) == 1 {
			found[from[0].UniqueID] = to[0].UniqueID
		}
	}
	return found
}

// bySource returns the nodes that the other side lacks, by their source. The source has a mark for
// the node's own name, and the new names of renamed nodes.
func (s *parsedSide) bySource(other *parsedSide) map[string][]*artifact.NodeCode {
	out := map[string][]*artifact.NodeCode{}
	renamed := slices.Sorted(maps.Keys(s.renamed))
	for id, n := range s.nodes {
		if !hasRelation(n) || other.nodes[id] != nil {
			continue
		}
		code := n.RawCode
		if n.ResourceType == "seed" {
			if !summed(n) {
				continue
			}
			code = n.Checksum.Checksum
		}
		if strings.TrimSpace(code) == "" {
			continue
		}
		for _, from := range renamed {
			code = replaceWord(code, nameOf(from), nameOf(s.renamed[from]))
		}
		code = replaceWord(code, n.Name, mark("name"))
		source := strings.Join([]string{n.ResourceType, n.Language, materialized(n), code}, mark("source"))
		out[source] = append(out[source], n)
	}
	return out
}

// nameOf is the name in a node's ID: model.shop.orders is orders, model.shop.dim.v1 is dim.
func nameOf(id string) string {
	if parts := strings.SplitN(id, ".", 4); len(parts) > 2 {
		return parts[2]
	}
	return id
}

// replaceWord replaces a word wherever it isn't part of a longer one.
func replaceWord(text, word, by string) string {
	if word == "" || !strings.Contains(text, word) {
		return text
	}
	var out strings.Builder
	done := 0 // text[:done] is in out already
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return out.String() + text[done:]
		}
		at += from
		if from = at + len(word); wholeWord(text, at, from) {
			out.WriteString(text[done:at])
			out.WriteString(by)
			done = from
		}
	}
}

// wholeWord reports whether text[from:to] is not part of a longer word.
func wholeWord(text string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:from])
	after, _ := utf8.DecodeRuneInString(text[to:])
	return !inWord(before) && !inWord(after)
}

// rename gives nodes new IDs, by their old ones.
func (s *parsedSide) rename(ids map[string]string) {
	if len(ids) == 0 {
		return
	}
	if s.renamed == nil {
		s.renamed, s.former = map[string]string{}, map[string]string{}
	}
	for from, to := range ids {
		s.renamed[from], s.former[to] = to, from
	}
	s.nodes, s.tests = rekeyed(s.nodes, ids), rekeyed(s.tests, ids)
	s.Nodes, s.Reads = rekeyed(s.Nodes, ids), rekeyed(s.Reads, ids)
	for _, n := range s.nodes {
		if to, ok := ids[n.UniqueID]; ok {
			n.UniqueID = to
		}
		for i, id := range n.DependsOn.Nodes {
			if to, ok := ids[id]; ok {
				n.DependsOn.Nodes[i] = to
			}
		}
	}
}

// rekeyed returns a map with other keys.
func rekeyed[T any](m map[string]T, keys map[string]string) map[string]T {
	out := make(map[string]T, len(m))
	for key, value := range m {
		if to, ok := keys[key]; ok {
			key = to
		}
		out[key] = value
	}
	return out
}
