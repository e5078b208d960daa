// Package screen simulates a terminal's screen for tests: it shows what a user would see after a
// program's output, also when the terminal is resized.
//
// It knows the few sequences that dot writes, and collects all others, so that a program that
// passes on foreign escape sequences is caught. When the width changes, wrapped lines are laid out
// again, as in tmux and most terminals.
package screen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// A Screen is a terminal's screen, including what has scrolled off it.
type Screen struct {
	columns, rows int
	lines         [][]rune // logical lines; a wide rune is followed by a 0
	row, column   int      // of the cursor: the logical line, and the cell in it
	rest          []byte   // an incomplete rune or sequence
	unknown       []string // sequences
}

// New returns an empty screen.
func New(columns, rows int) *Screen {
	return &Screen{columns: columns, rows: rows, lines: make([][]rune, 1)}
}

// Resize changes the size.
func (s *Screen) Resize(columns, rows int) { s.columns, s.rows = columns, rows }

// Size returns the size in columns and rows.
func (s *Screen) Size() (columns, rows int) { return s.columns, s.rows }

// Unknown returns the sequences and control characters that the screen doesn't know.
func (s *Screen) Unknown() []string { return s.unknown }

// Write handles a program's output to the terminal.
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

// step handles the next rune or sequence and returns its length, 0 if it is incomplete.
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
		if s.column > 0 && s.column%s.columns == 0 { // in a full row, the cursor stays
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

// down moves to the beginning of the next line, since terminals turn "\n" into "\r\n".
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

// sequence executes the sequence at the start of text.
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

// height returns how many rows a line takes up.
func (s *Screen) height(line []rune) int { return max(1, (len(line)+s.columns-1)/s.columns) }

// move moves the cursor n rows down, or up, within the screen.
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

// eraseRow empties the cursor's row. It separates a wrapped line into the parts before and after
// the row.
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

// String returns all text written, line by line, without empty lines at the end.
func (s *Screen) String() string {
	var b strings.Builder
	for _, line := range s.lines {
		b.WriteString(strings.TrimRight(strings.ReplaceAll(string(line), "\x00", ""), " "))
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// Cursor returns the text of the cursor's line, and the column.
func (s *Screen) Cursor() (line string, column int) {
	return strings.ReplaceAll(string(s.lines[s.row]), "\x00", ""), s.column
}
