package code

import "strings"

// A piece is a piece of a line that may be a string.
type piece struct {
	text   string
	quoted bool // it has a quote on both sides
}

// stringsIn returns what may be strings in a text. Where they begin and end isn't clear
// without the language: each piece between two quotes counts. In a line where a string may
// have a quote in it, so does each piece between two quotes of the same kind, unless it has
// Jinja in it.
func stringsIn(text string) []piece {
	var all []piece
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		all = between(all, line, "'\"`")
		for _, quote := range []string{`'`, `"`} {
			escaped := strings.NewReplacer(`\`+quote, "\x00", quote+quote, "\x00").Replace(line)
			if !strings.Contains(line, quote) || escaped == line && !strings.ContainsAny(strings.ReplaceAll(line, quote, ""), "'\"`") {
				continue
			}
			for _, p := range between(nil, escaped, quote) {
				if !strings.Contains(p.text, "{{") && !strings.Contains(p.text, "{%") {
					all = append(all, piece{strings.ReplaceAll(p.text, "\x00", quote), p.quoted})
				}
			}
		}
	}
	return all
}

// between adds the pieces of a line between quotes.
func between(all []piece, line, quotes string) []piece {
	for first := true; ; first = false {
		end := strings.IndexAny(line, quotes)
		text := line
		if end >= 0 {
			text = line[:end]
		}
		if text != "" {
			all = append(all, piece{text, !first && end >= 0})
		}
		if end < 0 {
			return all
		}
		line = line[end+1:]
	}
}
