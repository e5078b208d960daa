package code

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A name is a relation's name on one side, and the mark that replaces it on both sides.
type name struct {
	text string // in SQL
	mark string // replaces text
	// deferred is set for a relation of the other side's build, or one that both sides
	// have.
	deferred bool
}

// id returns the ID of the relation's node.
func (n name) id() string { return strings.Trim(n.mark, "\x00") }

// mark returns a mark that no SQL contains, since SQL has no NUL.
func mark(what string) string { return "\x00" + what + "\x00" }

// takeOut replaces names in SQL with their marks, and returns the names it found. It
// replaces a name only where every dialect reads it as one: not in a string, whose text
// may become data, and not as part of another name. Where dialects disagree on what is
// a string, the rest of the SQL stays unchanged.
func takeOut(sql string, names []name) (string, []name) {
	if len(names) == 0 || strings.ContainsRune(sql, 0) {
		return sql, nil
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n name) bool {
		return n.text == "" || strings.Contains(n.text, "\n") || strings.Contains(n.text, "*/") // may end a comment
	})
	// The longest comes first; names of equal length keep their order.
	slices.SortStableFunc(names, func(a, b name) int { return len(b.text) - len(a.text) })
	var begins [256]bool // the first bytes of names
	for _, n := range names {
		begins[n.text[0]] = true
	}
	var (
		out      strings.Builder
		found    []name
		done     int // sql[:done] is in out already
		comments int // the end of the last comment
	)
	for i := 0; i < len(sql); {
		if begins[sql[i]] {
			if n, ok := nameAt(sql, i, names); ok {
				out.WriteString(sql[done:i])
				out.WriteString(n.mark)
				i += len(n.text)
				done = i
				if !slices.Contains(found, n) {
					found = append(found, n)
				}
				continue
			}
		}
		if i < comments {
			i++
			continue
		}
		end, kind := tokenAt(sql, i)
		switch kind {
		case ambiguous:
			out.WriteString(sql[done:])
			return out.String(), found
		case comment:
			comments = end
			end = i + 1
		}
		i = end
	}
	out.WriteString(sql[done:])
	return out.String(), found
}

// nameAt returns the name that begins at sql[i], if it isn't part of a longer one.
func nameAt(sql string, i int, names []name) (name, bool) {
	for _, n := range names {
		if strings.HasPrefix(sql[i:], n.text) && whole(sql, i, i+len(n.text)) {
			return n, true
		}
	}
	return name{}, false
}

// whole reports whether sql[from:to] is a complete name, not part of a longer one.
func whole(sql string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(sql[:from])
	after, _ := utf8.DecodeRuneInString(sql[to:])
	if inName(before) || inName(after) {
		return false
	}
	return !strings.HasSuffix(strings.TrimRightFunc(sql[:from], unicode.IsSpace), ".") &&
		!strings.HasPrefix(strings.TrimLeftFunc(sql[to:], unicode.IsSpace), ".")
}

// inName reports whether r may be part of a name, quotes included.
func inName(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("_$@#-\"`'[]\\", r)
}

// A token's kind.
type kind int

const (
	plain kind = iota
	comment
	quoted    // a string, or a name that isn't searched for
	ambiguous // dialects disagree on where it ends
)

// tokenAt returns where the token that begins at sql[i] ends.
func tokenAt(sql string, i int) (int, kind) {
	rest := sql[i:]
	switch rest[0] {
	case '\'', '"', '`':
		return quotedAt(sql, i)
	case '-':
		if strings.HasPrefix(rest, "--") {
			l := line(rest)
			if strings.Contains(strings.TrimSuffix(l, "\r\n"), "\r") { // ends the comment in some dialects
				return i, ambiguous
			}
			return i + len(l), comment
		}
	case '/':
		if strings.HasPrefix(rest, "/*") {
			body, _, ended := strings.Cut(rest[2:], "*/")
			if !ended || strings.Contains(body, "/*") { // some dialects nest them
				return i, ambiguous
			}
			return i + len(body) + 4, comment
		}
		if strings.HasPrefix(rest, "//") && opens(line(rest)) { // a comment in Snowflake
			return i, ambiguous
		}
	case '#': // begins a comment in some dialects
		if opens(line(rest)) {
			return i, ambiguous
		}
	case '$': // $tag$ begins a string in some dialects
		tag, _, again := strings.Cut(rest[1:], "$")
		if again && !strings.ContainsFunc(tag, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
			return i, ambiguous
		}
	case '[': // quotes a name in some dialects
		if inside, _, _ := strings.Cut(rest, "]"); strings.Count(inside, "'")%2 == 1 || strings.Count(inside, `"`)%2 == 1 {
			return i, ambiguous
		}
	}
	return i + 1, plain
}

// quotedAt returns the end of the quoted text that begins at sql[i]. A doubled quote
// inside counts as the end of one text and the start of the next, which has the same
// effect.
func quotedAt(sql string, i int) (int, kind) {
	quote := sql[i : i+1]
	if strings.HasPrefix(sql[i:], strings.Repeat(quote, 3)) { // a long string in BigQuery
		return i, ambiguous
	}
	length := strings.Index(sql[i+1:], quote)
	if length < 0 {
		return i, ambiguous
	}
	end := i + 1 + length + 1
	if sql[end-2] == '\\' { // escapes the quote in some dialects
		return i, ambiguous
	}
	return end, quoted
}

// line returns the first line of text, including its newline.
func line(text string) string {
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return text[:end+1]
	}
	return text
}

// opens reports whether a string or a comment may begin in text.
func opens(text string) bool {
	return strings.ContainsAny(text, "'\"`$") || strings.Contains(text, "/*")
}
