package ui

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Width is how many columns of a terminal text takes up at most. SGR sequences take none.
func Width(text string) int {
	width := 0
	for rest := text; rest != ""; {
		piece, columns := nextGlyph(rest)
		width += columns
		rest = rest[len(piece):]
	}
	return width
}

// Cut shortens a line to at most width columns; what is cut off leaves a "…". SGR sequences are kept, and
// ended.
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

// Pad fills a cell with spaces up to width columns.
func Pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Width(text)))
}

// nextGlyph is the first rune or SGR sequence of a text, and how many columns that takes up. Runes are
// counted one by one: where terminals don't agree on what a sequence of them looks like, this is the most
// that it can take.
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
