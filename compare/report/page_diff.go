package report

import "strings"

// How much of an SQL diff is shown.
const (
	diffLines     = 400
	diffLineBytes = 400
)

// diff is a unified diff, split by kind of line.
type diff struct {
	Chunks         []diffChunk
	Added, Removed int
	Cut            int // lines that are not shown
}

// diffChunk is a run of lines of a kind.
type diffChunk struct {
	Class string // "a" for added, "d" for removed, "h" for a hunk's head, "" for context
	Text  string
}

// newDiff reads a unified diff. It leaves out the file names at the head, which the page
// shows already.
func newDiff(text string) diff {
	var out diff
	if strings.TrimSpace(text) == "" {
		return out
	}
	lines, hunk := 0, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		// A removed SQL comment ("--- ") looks like the head.
		hunk = hunk || strings.HasPrefix(line, "@@")
		if !hunk {
			continue
		}
		kind := ""
		switch {
		case strings.HasPrefix(line, "@@"):
			kind = "h"
		case strings.HasPrefix(line, "+"):
			kind = "a"
			out.Added++
		case strings.HasPrefix(line, "-"):
			kind = "d"
			out.Removed++
		}
		if lines++; lines > diffLines {
			out.Cut++
			continue
		}
		line = clip(line, diffLineBytes) + "\n"
		if last := len(out.Chunks) - 1; last >= 0 && out.Chunks[last].Class == kind {
			out.Chunks[last].Text += line
		} else {
			out.Chunks = append(out.Chunks, diffChunk{kind, line})
		}
	}
	return out
}
