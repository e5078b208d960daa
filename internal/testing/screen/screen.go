// Package screen is a terminal's screen for tests: what there would be to see after a program has written
// to it, on a terminal that can be resized.
//
// It knows the few sequences that dot writes, and takes note of every other one: a program that lets
// escapes from outside through is found out. Lines that are broken at the right edge are laid out anew
// when the width changes, as tmux and most terminals do.
package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// A Screen is a terminal's screen with everything that has scrolled out of it.
type Screen struct {
	columns, rows int
	lines         [][]rune // logical ones; a wide rune is followed by a 0
	row, column   int      // of the cursor: the logical line, and the cell in it
	rest          []byte   // of a rune or sequence that is not whole yet
	unknown       []string // sequences
}

// New returns an empty screen.
func New(columns, rows int) *Screen {
	return &Screen{columns: columns, rows: rows, lines: make([][]rune, 1)}
}

// Resize changes the size.
func (s *Screen) Resize(columns, rows int) { s.columns, s.rows = columns, rows }

// Size is the size in columns and rows.
func (s *Screen) Size() (columns, rows int) { return s.columns, s.rows }

// Unknown are the sequences and control characters that the screen doesn't know.
func (s *Screen) Unknown() []string { return s.unknown }

// Write writes as a program does to a terminal.
func (s *Screen) Write(p []byte) (int, error) {
	text := append(s.rest, p...)
	for len(text) > 0 {
		n := s.step(text)
		if n == 0 {
			break
		}
		text = text[n:]
	}
	s.rest = append([]byte(nil), text...)
	return len(p), nil
}

// step takes in the next rune or sequence and returns its length, 0 if it is not whole.
func (s *Screen) step(text []byte) int {
	if text[0] == '\x1b' {
		return s.sequence(text)
	}
	if !utf8.FullRune(text) {
		return 0
	}
	r, n := utf8.DecodeRune(text)
	switch {
	case r == '\n':
		s.down()
	case r == '\r':
		if s.column > 0 && s.column%s.columns == 0 { // the cursor stays in a row that is full
			s.column--
		}
		s.column -= s.column % s.columns
	case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
		s.unknown = append(s.unknown, fmt.Sprintf("%q", r))
	default:
		s.put(r)
	}
	return n
}

// down goes to the beginning of the next line, as a terminal does that makes "\r\n" of "\n".
func (s *Screen) down() {
	s.row++
	s.column = 0
	if s.row == len(s.lines) {
		s.lines = append(s.lines, nil)
	}
}

func (s *Screen) put(r rune) {
	width := runewidth.RuneWidth(r)
	line := s.lines[s.row]
	for len(line) < s.column+width {
		line = append(line, ' ')
	}
	if width > 0 {
		line[s.column] = r
	}
	if width == 2 {
		line[s.column+1] = 0
	}
	s.lines[s.row] = line
	s.column += width
}

// sequence carries out the sequence that text starts with.
func (s *Screen) sequence(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != '[' {
		s.unknown = append(s.unknown, fmt.Sprintf("%q", text[:2]))
		return 2
	}
	for i, c := range text[2:] {
		if c < 0x40 || c > 0x7e {
			continue
		}
		parameters, whole := string(text[2:2+i]), text[:i+3]
		n, err := strconv.Atoi(parameters)
		switch {
		case c == 'm':
		case c == 'A' && err == nil:
			s.move(-n)
		case c == 'B' && err == nil:
			s.move(n)
		case c == 'K' && parameters == "2":
			s.eraseRow()
		default:
			s.unknown = append(s.unknown, fmt.Sprintf("%q", whole))
		}
		return len(whole)
	}
	return 0
}

// height is how many rows a line takes up.
func (s *Screen) height(line []rune) int { return max(1, (len(line)+s.columns-1)/s.columns) }

// move goes down n rows, or up, but not out of the screen.
func (s *Screen) move(n int) {
	total := 0
	for _, line := range s.lines {
		total += s.height(line)
	}
	at := s.column / s.columns
	for _, line := range s.lines[:s.row] {
		at += s.height(line)
	}
	at = min(max(at+n, total-s.rows, 0), total-1)
	column := s.column % s.columns
	for i, line := range s.lines {
		if at < s.height(line) {
			s.row, s.column = i, at*s.columns+column
			return
		}
		at -= s.height(line)
	}
}

// eraseRow empties the row that the cursor is in. What was one line with the rows above and below is so no more.
func (s *Screen) eraseRow() {
	at := s.row
	line, start := s.lines[at], s.column-s.column%s.columns
	parts := [][]rune{nil}
	if start > 0 {
		parts = [][]rune{line[:start:start], nil}
		s.row++
	}
	if end := start + s.columns; end < len(line) {
		parts = append(parts, line[end:])
	}
	s.column -= start
	s.lines = slices.Replace(s.lines, at, at+1, parts...)
}

// String is everything that has been written, line by line; empty lines at the end are left out.
func (s *Screen) String() string {
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(strings.TrimRight(strings.ReplaceAll(string(line), "\x00", ""), " "))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// Cursor is the text of the line that the cursor is in, and the column.
func (s *Screen) Cursor() (line string, column int) {
	return strings.ReplaceAll(string(s.lines[s.row]), "\x00", ""), s.column
}
