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

// Fold breaks a text into lines of at most width columns; a width below 1 is no limit. It breaks at a
// space if there is one in the line's second half. Each line has the text's colours.
func Fold(text string, width int) []string {
	if width < 1 || Width(text) <= width {
		return []string{text}
	}
	var lines []string
	styles := "" // those that count at the start of the line
	for rest := text; rest != ""; {
		end, space, used, inLine := 0, -1, 0, styles
		for end < len(rest) {
			piece, columns := nextGlyph(rest[end:])
			if used+columns > width && end > 0 {
				break
			}
			switch {
			case piece == resetSGR || piece == "\x1b[m":
				inLine = ""
			case columns == 0 && piece[0] == '\x1b':
				inLine += piece
			case piece == " " && used > width/2:
				space = end
			}
			used += columns
			end += len(piece)
		}
		line, left := rest[:end], rest[end:]
		if left != "" && space > 0 && !strings.Contains(rest[space:end], "\x1b") {
			line, left = strings.TrimRight(rest[:space], " "), strings.TrimLeft(rest[space:], " ")
		}
		rest = left
		line = styles + line
		if inLine != "" {
			line += resetSGR
		}
		lines, styles = append(lines, line), inLine
	}
	return lines
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
