package proc

import (
	"bytes"
	"fmt"
	"sync"
)

// longestLine is the number of bytes kept of a line, so that a program that never ends a line can't
// fill the memory. The longest known lines are in dbt's structured log: they list every result, at
// about 400 bytes each.
const longestLine = 16 << 20

// cutLine is the number of bytes kept of a longer line.
const cutLine = 1 << 10

// Lines is a writer that splits its input into lines. It is safe for concurrent use.
type Lines struct {
	each func(line []byte)

	mu   sync.Mutex
	kept []byte // a partial line
	lost int    // how many bytes of the partial line were dropped
}

// NewLines returns a writer that calls each with every line, one at a time, without its end ("\n"
// or "\r\n"). each must not keep the bytes. If a line has more than 16 MiB, each gets its beginning
// and the number of missing bytes.
func NewLines(each func(line []byte)) *Lines { return &Lines{each: each} }

func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	for {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.keep(p)
			return n, nil
		}
		l.keep(p[:i])
		l.flush()
		p = p[i+1:]
	}
}

// End passes on a last line without a line break.
func (l *Lines) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) > 0 {
		l.flush()
	}
}

func (l *Lines) keep(p []byte) {
	room := min(len(p), longestLine-len(l.kept))
	l.kept = append(l.kept, p[:room]...)
	l.lost += len(p) - room
}

func (l *Lines) flush() {
	line := bytes.TrimSuffix(l.kept, []byte("\r"))
	if l.lost > 0 {
		line = fmt.Appendf(l.kept[:cutLine:cutLine], "… (%d bytes more)", len(l.kept)+l.lost-cutLine)
	}
	l.each(line)
	l.kept, l.lost = l.kept[:0], 0
	if cap(l.kept) > longestLine/16 {
		l.kept = nil
	}
}
