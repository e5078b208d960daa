package pyyaml

import "fmt"

// Error is an error about a place in a file.
type Error struct {
	File         string
	Line, Column int // from 1; 0 if not known
	Text         string
	Syntax       bool // the file can't be parsed
	hints        []string
}

func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.File + ": " + e.Text
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Hints returns what to do next.
func (e *Error) Hints() []string { return e.hints }

// quoteJinjaHint helps with the most common mistake in a profiles.yml.
const quoteJinjaHint = `Jinja must stand in quotes: "{{ env_var('NAME') }}"`
