package table

import (
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/ui"
)

// brief cuts a text from outside to shownReason, unless verbose.
func (t table) brief(text string) string {
	text = ui.Inline(strings.TrimSpace(text))
	if t.Verbose {
		return text
	}
	return ui.Cut(text, shownReason)
}

// line prints a line, cut to the terminal's width.
func (t table) line(indent, text string) {
	if t.Width > 0 {
		text = ui.Cut(indent+text, t.Width)
	} else {
		text = indent + text
	}
	t.out.Line(text)
}

// text prints text in a style, on as many lines as it takes.
func (t table) text(s ui.Style, indent, text string) {
	for _, line := range wrap(ui.Inline(text), t.Width-len(indent)) {
		if s != nil {
			line = t.out.Paint(s, line)
		}
		t.line(indent, line)
	}
}

// wrap breaks a text at spaces into lines of a width; a width below 1 is no limit.
func wrap(text string, width int) []string {
	if width < 1 {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case ui.Width(line)+1+ui.Width(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// counted writes a number of things: "1 relation", "2 relations".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(int64(n)) + " " + noun + "s"
}

// dash writes "-" for an empty cell.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
