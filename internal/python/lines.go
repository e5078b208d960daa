package python

import (
	"strings"

	"dot-for-dbt/internal/lazy"
)

// A logicalLine is a line of a requirements file as pip reads it: continued lines joined, comments
// and surrounding space removed, never empty.
type logicalLine struct {
	text   string
	number int // number of its first physical line, from 1
}

var comment = lazy.Regexp(`(^|\s+)#.*$`)

// logicalLines splits a file into logical lines.
func logicalLines(text string) []logicalLine {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	var out []logicalLine
	var joined strings.Builder
	first := 1
	for i, line := range strings.Split(text, "\n") {
		isComment := strings.HasPrefix(strings.TrimSpace(line), "#")
		if part, continues := strings.CutSuffix(line, `\`); continues && !isComment {
			joined.WriteString(part)
			continue
		}
		if isComment {
			line = " " + line // a comment ends a continued line
		}
		joined.WriteString(line)
		if text := strings.TrimSpace(comment().ReplaceAllString(joined.String(), "")); text != "" {
			out = append(out, logicalLine{text, first})
		}
		joined.Reset()
		first = i + 2
	}
	if text := strings.TrimSpace(comment().ReplaceAllString(joined.String(), "")); text != "" {
		out = append(out, logicalLine{text, first})
	}
	return out
}
