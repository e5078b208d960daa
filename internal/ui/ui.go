// Package ui is how dot talks to a person: colours, the look of errors, warnings and tables, and
// text that can't disturb the terminal. It doesn't know what the messages are about.
package ui

import (
	"fmt"
	"io"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"

	"github.com/fatih/color"
	"golang.org/x/term"
)

// A ColorMode says when output is coloured.
type ColorMode string

// Auto means: on a terminal, unless NO_COLOR is set or TERM is dumb.
const (
	Auto   ColorMode = "auto"
	Always ColorMode = "always"
	Never  ColorMode = "never"
)

// A Printer writes dot's own messages: short, in lower case, and to stderr, so that scripts can
// read stdout.
type Printer struct {
	w     io.Writer
	color bool
}

// NewPrinter returns a Printer to w; getenv looks up environment variables.
func NewPrinter(w io.Writer, mode ColorMode, getenv func(string) string) *Printer {
	return &Printer{w: w, color: colored(w, mode, getenv)}
}

// To returns a printer with p's colours that writes to w.
func (p *Printer) To(w io.Writer) *Printer { return &Printer{w: w, color: p.color} }

func colored(w io.Writer, mode ColorMode, getenv func(string) string) bool {
	switch mode {
	case Always:
		return true
	case Never:
		return false
	}
	f := file(w)
	return f != nil && term.IsTerminal(int(f.Fd())) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// Paint returns text in a style, if the printer's output is coloured.
func (p *Printer) Paint(s Style, text string) string {
	if !p.color || len(s) == 0 {
		return text
	}
	c := color.New(s...)
	c.EnableColor()
	return c.Sprint(text)
}

// A Style is the look of a piece of text.
type Style []color.Attribute

// All styles.
var (
	Bad   = Style{color.FgRed, color.Bold}
	Warn  = Style{color.FgYellow, color.Bold}
	Good  = Style{color.FgGreen}
	Busy  = Style{color.FgCyan}
	Faint = Style{color.Faint}
)

// Error prints an error, and below it the hints of all errors that it wraps.
func (p *Printer) Error(err error) {
	p.labelled(Bad, "error", err.Error())
	for _, line := range hint.Of(err) {
		p.Hint(line)
	}
}

// Warning prints a warning, and its hints.
func (p *Printer) Warning(text string, hints ...string) {
	p.labelled(Warn, "warning", text)
	for _, line := range hints {
		p.Hint(line)
	}
}

// Note prints a remark.
func (p *Printer) Note(text string) { p.labelled(Faint, "note", text) }

// Hint prints what to do next.
func (p *Printer) Hint(text string) { p.labelled(Busy, "hint", text) }

// Line prints text as it is. The caller must make text from outside harmless.
func (p *Printer) Line(text string) { fmt.Fprintln(p.w, text) }

func (p *Printer) labelled(s Style, label, said string) {
	// Indent further lines below the first.
	said = strings.ReplaceAll(text.Visible(strings.TrimRight(said, "\n")), "\n", "\n  ")
	fmt.Fprintf(p.w, "%s %s\n", p.Paint(s, label+":"), said)
}

// Inline is [text.Visible] for a piece of a line: line ends and tabs become spaces, too.
func Inline(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		return r
	}, text.Visible(s))
}
