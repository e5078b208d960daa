package ladder

import (
	"slices"
	"strings"
)

// A lookup is a relation as the database's catalog names it.
type lookup struct {
	number                 string // of the pair, with the side: 0a
	database, schema, name string
}

// lookup returns a relation's name in the catalog. The parts come from its name in
// SQL, and those that the name in SQL lacks from the manifest.
func (d dialect) lookup(number string, r Relation) lookup {
	found := lookup{number: number, database: r.Database, schema: r.Schema, name: r.Identifier}
	into := []*string{&found.name, &found.schema, &found.database}
	for i, part := range d.split(r.SQL) {
		if i < len(into) {
			*into[i] = part
		}
	}
	return found
}

// split returns the parts of a name in SQL as the catalog writes them, the last part
// first; none if the text isn't a name.
func (d dialect) split(sql string) []string {
	var parts []string
	for rest := sql; ; {
		var part string
		if unquoted, ok := strings.CutPrefix(rest, d.Quote); ok {
			for {
				before, after, ok := strings.Cut(unquoted, d.Quote)
				if !ok {
					return nil
				}
				part += before
				if unquoted, ok = strings.CutPrefix(after, d.Quote); !ok {
					rest = after
					break
				}
				part += d.Quote
			}
		} else {
			end := strings.IndexByte(rest, '.')
			if end < 0 {
				end = len(rest)
			}
			part, rest = d.folded(rest[:end]), rest[end:]
		}
		parts = append([]string{part}, parts...)
		if rest == "" {
			return parts
		}
		var ok bool
		if rest, ok = strings.CutPrefix(rest, "."); !ok {
			return nil
		}
	}
}

// folded returns an unquoted name as the catalog writes it.
func (d dialect) folded(name string) string {
	switch d.fold {
	case foldLower:
		return strings.ToLower(name)
	case foldUpper:
		return strings.ToUpper(name)
	}
	return name
}

// names returns words and their marks as templates take them, the longest word first:
// a word may be part of another. Words that need escapes in SQL are left out.
func (d dialect) names(names []Name) [][2]string {
	out := [][2]string{}
	for _, n := range names {
		if n.Word == "" || strings.ContainsAny(n.Word, `'"\`) {
			continue
		}
		out = append(out, [2]string{n.Word, n.Mark})
		if folded := d.folded(n.Word); folded != n.Word {
			out = append(out, [2]string{folded, n.Mark})
		}
	}
	slices.SortStableFunc(out, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	return out
}
