package config

import (
	"fmt"
	"slices"
	"strings"
)

// problem is an error in the configuration, of syntax or of meaning. Both look the same.
type problem struct {
	at    place // zero: not about a place in a file
	text  string
	hints []string
}

func (p place) problemf(format string, args ...any) *problem {
	return &problem{at: p, text: fmt.Sprintf(format, args...)}
}

// hint adds hints, and skips empty ones.
func (p *problem) hint(lines ...string) *problem {
	for _, line := range lines {
		if line != "" {
			p.hints = append(p.hints, line)
		}
	}
	return p
}

// Error returns the position, the message, and below it the line in question.
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

// Hints returns what to do next, one hint a line.
func (p *problem) Hints() []string { return p.hints }

// problems are several errors, so that the user can fix all of them at once.
type problems []*problem

// Error returns all messages, one below the other.
func (ps problems) Error() string {
	texts := make([]string, len(ps))
	for i, p := range ps {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// Hints returns all hints, each once.
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

// err returns ps, or nil if it is empty.
func (ps problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}
