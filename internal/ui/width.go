package ui

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Width returns the largest number of terminal columns that text can take up. SGR sequences take
// none.
func Width(text string) int {
	width := 0
	for rest := text; rest != ""; {
		piece, columns := nextGlyph(rest)
		width += columns
		rest = rest[len(piece):]
	}
	return width
}

// Cut shortens a line to at most width columns, and ends a cut line with "…". It keeps SGR
// sequences, and resets them at the end.
func Cut(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	var b strings.Builder
	styled := false
	for rest, used := text, 0; rest != ""; {
		piece, columns := nextGlyph(rest)
		if used+columns > width-1 {
			break
		}
		styled = styled || columns == 0 && piece[0] == '\x1b'
		b.WriteString(piece)
		used += columns
		rest = rest[len(piece):]
	}
	b.WriteString("…")
	if styled {
		b.WriteString(resetSGR)
	}
	return b.String()
}

// Pad appends spaces to a cell, up to width columns.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Width(text)))
}

// nextGlyph returns the first rune or SGR sequence of a text, and its width in columns. It counts
// each rune of a sequence of runes. Terminals may combine them, so this is an upper limit.
func nextGlyph(text string) (piece string, columns int) {
	if n := sgrLength(text); n > 0 {
		return text[:n], 0
	}
	for i, r := range text {
		if i > 0 {
			return text[:i], columns
		}
		columns = runewidth.RuneWidth(r)
	}
	return text, columns
}
