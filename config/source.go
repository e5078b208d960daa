package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Position is a place in a configuration file.
type Position struct {
	// File is the file's name in the project directory.
	File string
	// Line and Column count from 1, Column in characters.
	Line, Column int
}

// String returns the form that editors and terminals turn into a link: dot_vars.yml:3:5.
func (p Position) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// source is the text of a file, for showing the line of an error.
type source struct {
	file  string
	lines []string
}

// place is a position in a source. The zero place means the command line.
type place struct {
	src          *source
	line, column int
}

func (p place) position() Position {
	if p.src == nil {
		return Position{}
	}
	return Position{File: p.src.file, Line: p.line, Column: p.column}
}

const (
	// An error shows up to excerptWidth characters of a line, and up to excerptBefore of them
	// before the place.
	excerptWidth  = 100
	excerptBefore = 40
)

// excerpt returns the line at p with a caret below the place. Nothing in it can steer a terminal.
// It has no other lines, since those may hold secrets.
func (p place) excerpt() string {
	if p.src == nil || p.line < 1 || p.line > len(p.src.lines) {
		return ""
	}
	line := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' ' // one column wide, like the caret
		case !unicode.IsPrint(r):
			return unicode.ReplacementChar
		}
		return r
	}, p.src.lines[p.line-1]))
	caret := min(max(p.column-1, 0), len(line))
	if cut := caret - excerptBefore; cut > 0 && len(line) > excerptWidth {
		line = append([]rune("…"), line[cut:]...)
		caret -= cut - 1
	}
	if len(line) > excerptWidth {
		line = append(line[:excerptWidth:excerptWidth], '…')
	}
	number := strconv.Itoa(p.line)
	gutter := strings.Repeat(" ", len(number))
	return fmt.Sprintf("  %s | %s\n  %s | %s^", number, string(line), gutter, strings.Repeat(" ", caret))
}
