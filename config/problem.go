package config

import (
	"fmt"
	"slices"
	"strings"
)

// problem is one thing that is wrong with the configuration. A syntax error
// looks the same as one of meaning.
type problem struct {
	at    place // zero: it isn't about a place in a file
	text  string
	hints []string
}

func (p place) problemf(format string, args ...any) *problem {
	return &problem{at: p, text: fmt.Sprintf(format, args...)}
}

// hint adds lines that say what to do next; empty ones are left out.
func (p *problem) hint(lines ...string) *problem {
	for _, line := range lines {
		if line != "" {
			p.hints = append(p.hints, line)
		}
	}
	return p
}

// Error is the message after its position, and below it the line it is about.
func (p *problem) Error() string {
	if p.at.src == nil {
		return p.text
	}
	text := p.at.position().String() + ": " + p.text
	if excerpt := p.at.excerpt(); excerpt != "" {
		text += "\n" + excerpt
	}
	return text
}

// Hints is what to do next, one line each.
func (p *problem) Hints() []string { return p.hints }

// problems are several, so that a person needs one round to mend them all.
type problems []*problem

// Error is each problem's, one below the other.
func (ps problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// Hints is each problem's, none twice.
func (ps problems) Hints() []string {
	var hints []string
	for _, p := range ps {
		for _, hint := range p.hints {
			if !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
		}
	}
	return hints
}

// err is ps, or nil when there are none.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
