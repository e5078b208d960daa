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

// A Region is some lines at the bottom of a terminal that are drawn again and again, while others scroll
// by above them. What goes to the terminal meanwhile has to go through the region's Writers.
//
// It is taken away before anything is written above it, and drawn again below that: a terminal gets
// nothing but plain lines, "\r", and sequences that go up and down and erase a row. The cursor stays visible, so that there
// is nothing to set right if the program is killed, and waits at the beginning of the last line, where the
// "^C" that a terminal echoes breaks no line.
//
// A terminal that has become narrower breaks lines that were drawn on the wider one. The region reckons
// with that: it goes up by as many rows as its lines take up now. (Terminals that cut such lines instead, as
// xterm does, lose that many lines above it.)
type Region struct {
	out  io.Writer
	size func() (columns, rows int)

	mu      sync.Mutex
	lines   []string // as they are to be seen
	drawn   []int    // the widths of the lines that are on the terminal
	drawnOn [2]int   // the size that it had then
	writers []*above
	closed  bool
}

// NewRegion returns a region on out, whose size the function tells.
func NewRegion(out io.Writer, size func() (columns, rows int)) *Region {
	return &Region{out: out, size: size}
}

// Size returns a function that tells a terminal's size in columns and rows: 80 × 24 where it is not known.
func Size(f *os.File) func() (columns, rows int) {
	return func() (int, int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns < 1 || rows < 1 {
			return 80, 24
		}
		return columns, rows
	}
}

// LineWidth is how many columns the terminal has that w writes to; 0 where there is none, and nothing has
// to be cut.
func LineWidth(w io.Writer) int {
	f := file(w)
	if f == nil || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _ := Size(f)()
	return columns
}

// Draw replaces the region's lines, and cuts them to the terminal's width. Of more lines than there is room
// for the last ones are seen.
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

// Room is how many lines the region can show, and how wide. Half of the rows are left to what scrolls by, and
// to the lines of the region while it is on a terminal that has become half as wide: what breaks out of the
// screen at the top stays in what can be scrolled back to.
func (r *Region) Room() (lines, columns int) {
	columns, rows := r.size()
	return max(1, rows/2), max(1, columns-1) // a line that fills the last column would break in some terminals
}

// Close takes the region away. What is written from then on is passed through. It may be called twice.
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

// erase takes the lines away that are drawn, row by row: tmux keeps a copy of a screen that is erased at once,
// from its first row on.
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
	if rows > 0 { // 0 is 1 to a terminal
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

// Writer returns a writer to w, which is the same terminal, for what is to scroll by above the region.
// Lines appear when they are whole.
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
	rest   []byte // of a line that has no end yet
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
