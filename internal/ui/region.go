package ui

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/term"
)

// A Region is a group of lines at the bottom of a terminal that are redrawn while other output
// scrolls by above them. Meanwhile, all output to the terminal has to go through the region's
// Writers.
//
// The region is erased before anything is written above it, and drawn again below that. A terminal
// only gets plain lines, "\r", and sequences that move up and down and erase a row. The cursor
// stays visible, so nothing needs repair if the program is killed. It waits at the beginning of the
// last line, where the "^C" that a terminal echoes breaks no line.
//
// A terminal that has become narrower wraps lines that were drawn on the wider one. The region
// expects that: it moves up by as many rows as its lines take up now. (Terminals such as xterm cut
// such lines instead. There, the region erases that many lines too many above it.)
type Region struct {
	out  io.Writer
	size func() (columns, rows int)

	mu      sync.Mutex
	lines   []string // the lines to show
	drawn   []int    // the widths of the lines on the terminal
	drawnOn [2]int   // the terminal's size when they were drawn
	writers []*above
	closed  bool
}

// NewRegion returns a region on out. The function size returns out's size.
func NewRegion(out io.Writer, size func() (columns, rows int)) *Region {
	return &Region{out: out, size: size}
}

// Size returns a function that returns a terminal's size in columns and rows: 80 × 24 if it is
// unknown.
func Size(f *os.File) func() (columns, rows int) {
	return func() (int, int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns < 1 || rows < 1 {
			return 80, 24
		}
		return columns, rows
	}
}

// LineWidth returns the number of columns of the terminal that w writes to. If w is no terminal, it
// is 0, and no line must be cut.
func LineWidth(w io.Writer) int {
	f := file(w)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _ := Size(f)()
	return columns
}

// Draw replaces the region's lines, and cuts them to the terminal's width. If there is not enough
// room, it shows the last lines.
func (r *Region) Draw(lines []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	columns, rows := r.size()
	if r.closed || slices.Equal(r.lines, lines) && r.drawnOn == [2]int{columns, rows} {
		return
	}
	r.lines, r.drawnOn = lines, [2]int{columns, rows}
	var b strings.Builder
	r.erase(&b)
	r.draw(&b)
	_, _ = io.WriteString(r.out, b.String())
}

// Room returns how many lines the region can show, and how wide. Half of the rows stay free for the
// output above, and for wrapped lines while the terminal is half as wide. Otherwise lines of the
// region could scroll off the top, where they can't be erased.
func (r *Region) Room() (lines, columns int) {
	columns, rows := r.size()
	return max(1, rows/2), max(1, columns-1) // on some terminals, a line that fills the last column wraps
}

// Close erases the region. Later writes go straight to the terminal. Close may be called twice.
func (r *Region) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	var b strings.Builder
	r.erase(&b)
	_, _ = io.WriteString(r.out, b.String())
	for _, a := range r.writers {
		_, _ = a.w.Write(a.rest)
		a.rest = nil
	}
	r.closed = true
}

// erase erases the lines on the terminal, row by row. If a whole screen is erased at once, tmux
// saves a copy of it to its history.
func (r *Region) erase(b *strings.Builder) {
	if len(r.drawn) == 0 {
		return
	}
	columns, _ := r.size()
	rows, last := 0, 0
	for _, width := range r.drawn {
		last = max(1, (width+columns-1)/columns)
		rows += last
	}
	b.WriteString("\r")
	up(b, rows-last)
	b.WriteString(eraseRow)
	for range rows - 1 {
		b.WriteString("\x1b[1B" + eraseRow)
	}
	up(b, rows-1)
	r.drawn = r.drawn[:0]
}

const eraseRow = "\x1b[2K"

func up(b *strings.Builder, rows int) {
	if rows > 0 { // terminals read 0 as 1
		fmt.Fprintf(b, "\x1b[%dA", rows)
	}
}

func (r *Region) draw(b *strings.Builder) {
	room, columns := r.Room()
	for i, line := range r.lines[max(0, len(r.lines)-room):] {
		if i > 0 {
			b.WriteString("\r\n")
		}
		line = Cut(line, columns)
		b.WriteString(line)
		r.drawn = append(r.drawn, Width(line))
	}
	b.WriteString("\r")
}

// Writer returns a writer to w, which must be the same terminal. Its lines appear above the region
// once they are complete.
func (r *Region) Writer(w io.Writer) io.Writer {
	a := &above{region: r, w: w}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writers = append(r.writers, a)
	return a
}

type above struct {
	region *Region
	w      io.Writer
	rest   []byte // a partial line
}

func (a *above) Write(p []byte) (int, error) {
	r := a.region
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return a.w.Write(p)
	}
	whole := bytes.LastIndexByte(p, '\n') + 1
	if whole == 0 {
		a.rest = append(a.rest, p...)
		return len(p), nil
	}
	text := append(a.rest, p[:whole]...)
	a.rest = append([]byte(nil), p[whole:]...)
	var b strings.Builder
	r.erase(&b)
	if _, err := io.WriteString(r.out, b.String()); err != nil {
		return 0, err
	}
	if _, err := a.w.Write(text); err != nil {
		return 0, err
	}
	b.Reset()
	r.draw(&b)
	if _, err := io.WriteString(r.out, b.String()); err != nil {
		return 0, err
	}
	return len(p), nil
}
