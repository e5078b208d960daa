package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/lazy"
)

// jinjaStatements are the statements that Render evaluates. A loop could run forever; others can
// read files or are useless in a name.
var jinjaStatements = []string{"if"}

// jinjaKind is the kind of a piece of text in Jinja.
type jinjaKind int

const (
	jinjaText jinjaKind = iota // outside Jinja
	jinjaExpr                  // {{ … }}
	jinjaStmt                  // {% … %}
	jinjaNote                  // {# … #}
)

// jinjaPiece is text[start:end], without delimiters.
type jinjaPiece struct {
	kind       jinjaKind
	start, end int
	closed     bool // the closing delimiter was found; without it the piece goes on to the end
}

// splitJinja splits a text as Jinja's own lexer does: it ignores closing delimiters inside strings
// and brackets.
func splitJinja(text string) []jinjaPiece {
	var pieces []jinjaPiece
	for at := 0; at < len(text); {
		open := nextOpening(text[at:])
		if open < 0 {
			pieces = append(pieces, jinjaPiece{kind: jinjaText, start: at, end: len(text), closed: true})
			break
		}
		if open > 0 {
			pieces = append(pieces, jinjaPiece{kind: jinjaText, start: at, end: at + open, closed: true})
		}
		start := at + open + 2
		piece := jinjaPiece{start: start, closed: true}
		switch text[start-1] {
		case '{':
			piece.kind, piece.end = jinjaExpr, endOfCode(text, start, "}}")
		case '%':
			piece.kind, piece.end = jinjaStmt, endOfCode(text, start, "%}")
		default:
			piece.kind, piece.end = jinjaNote, -1
			if n := strings.Index(text[start:], "#}"); n >= 0 {
				piece.end = start + n
			}
		}
		at = piece.end + 2
		if piece.end < 0 {
			piece.end, piece.closed, at = len(text), false, len(text)
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// nextOpening returns the offset of the next {{, {% or {#, or -1.
func nextOpening(text string) int {
	for i := 0; ; {
		n := strings.IndexByte(text[i:], '{')
		if n < 0 || i+n+1 >= len(text) {
			return -1
		}
		i += n
		if c := text[i+1]; c == '{' || c == '%' || c == '#' {
			return i
		}
		i++
	}
}

// endOfCode returns the offset of the delimiter that closes code starting at start, or -1.
func endOfCode(text string, start int, delimiter string) int {
	depth := 0
	for i := start; i < len(text); i++ {
		if depth == 0 && strings.HasPrefix(text[i:], delimiter) {
			return i
		}
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
			if depth < 0 {
				return -1
			}
		case '\'', '"':
			end := endOfString(text, i)
			if end < 0 {
				return -1
			}
			i = end
		}
	}
	return -1
}

// endOfString returns the offset of the quote that closes the one at start, or -1.
func endOfString(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[start]:
			return i
		}
	}
	return -1
}

// plainJinja refuses what the Jinja library reads differently from dbt's Jinja, or evaluates
// without limits. It replaces line breaks inside code by spaces, because the library fails on them,
// and returns the text.
func plainJinja(text string) (string, error) {
	if len(text) > maxJinjaText {
		return "", fmt.Errorf("a Jinja text of more than %d bytes is not evaluated", maxJinjaText)
	}
	out := []byte(text)
	for _, piece := range splitJinja(text) {
		if !piece.closed {
			return "", fmt.Errorf("the Jinja that begins with %s is never closed", text[piece.start-2:piece.start])
		}
		if piece.kind != jinjaExpr && piece.kind != jinjaStmt {
			continue
		}
		code := text[piece.start:piece.end]
		if piece.kind == jinjaStmt {
			word := firstWord(code)
			if !slices.Contains(jinjaStatements, word) && !slices.Contains([]string{"elif", "else", "endif"}, word) {
				return "", fmt.Errorf("{%% %s %%} is not evaluated here, only {%% if %%} is", word)
			}
		}
		if err := checkCode(code); err != nil {
			return "", err
		}
		for i := piece.start; i < piece.end; i++ {
			if out[i] == '\n' || out[i] == '\r' {
				out[i] = ' '
			}
		}
	}
	return string(out), nil
}

func firstWord(code string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(strings.TrimLeft(code, "+-")), " ")
	return strings.TrimRight(word, "-+")
}

// The library parses "x is y" and "x in y | z" differently from Jinja.
var (
	anyString = lazy.Regexp(`'[^']*'|"[^"]*"`)
	isTest    = lazy.Regexp(`\bis\b`)
	inOperand = lazy.Regexp(`\bin\b\s*(.?)`)
)

// checkCode checks every character of code, also inside strings. It refuses operators that repeat
// texts ('a' * 10) or mean something else in the library ('%s' % x, 5 - true).
func checkCode(code string) error {
	bare := anyString().ReplaceAllString(code, "''")
	if isTest().MatchString(bare) {
		return errors.New("is … inside Jinja is not evaluated here")
	}
	for _, in := range inOperand().FindAllStringSubmatch(bare, -1) {
		if in[1] != "[" {
			return errors.New("in is evaluated only before a list: in ['a', 'b']")
		}
	}
	var quote rune
	for i, c := range code {
		switch {
		case c == '\\':
			return errors.New("a backslash inside Jinja is not evaluated")
		case quote != 0:
			if c == '\n' || c == '\r' {
				return errors.New("a line break inside a text in Jinja is not evaluated")
			}
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case unicode.IsLetter(c), unicode.IsDigit(c):
		case c == '-' && (i == 0 || i == len(code)-1): // whitespace control
		case c == '-' && strings.ContainsAny(code[i-1:i], "[:"): // an index from the end
		case !strings.ContainsRune("_ \t\r\n.,:|~+<>=!()[]{}", c):
			return fmt.Errorf("%q inside Jinja is not evaluated here", c)
		}
	}
	return nil
}
