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

// String is the form that editors and terminals make a link of: dot_vars.yml:3:5.
func (p Position) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// source is the text of a file, kept to show the line of an error.
type source struct {
	file  string
	lines []string
}

// place is where something stands. The zero place is no file's: the command line's.
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
	// excerptWidth is how much of a long line an error shows, and
	// excerptBefore how much of that stands before the place it is about.
	excerptWidth  = 100
	excerptBefore = 40
)

// excerpt draws the line at p with a caret below the place. Nothing in it can
// steer a terminal, and nothing of other lines is shown: they may hold secrets.
func (p place) excerpt() string {
	if p.src == nil || p.line < 1 || p.line > len(p.src.lines) {
		return ""
	}
	line := []rune(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' ' // one column wide, as the caret's is
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
