package proc

import (
	"bytes"
	"fmt"
	"sync"
)

// longestLine is how many bytes of a line are kept: a program that never ends one must not fill the memory. The longest
// lines known are those of dbt's structured log that list every result, at about 400 bytes each.
const longestLine = 16 << 20

// cutLine is what is left of a line that is longer.
const cutLine = 1 << 10

// Lines is a writer that divides what is written to it into lines. It is safe for concurrent use.
type Lines struct {
	each func(line []byte)

	mu   sync.Mutex
	kept []byte // the beginning of a line whose end has not come yet
	lost int    // how many bytes of that are gone
}

// NewLines returns a writer that calls each with every line, one at a time, without its end ("\n" or "\r\n"). The bytes
// are not to be kept. Of a line of more than 16 MiB each gets the beginning, and how much is missing.
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

// End hands on a last line without an end.
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
