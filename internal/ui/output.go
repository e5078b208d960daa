package ui

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
)

// An Output is stdout, or a stand-in for it. It remembers the first write that failed and writes
// nothing after it. So callers need not check every write: the end of the program asks [Output.Err]
// once.
type Output struct {
	w  io.Writer
	mu sync.Mutex
	// err is the first error.
	err error
}

// NewOutput returns an Output that writes to w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

// Write writes to the underlying writer, unless an earlier write failed.
func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	if err != nil {
		if path := (*fs.PathError)(nil); errors.As(err, &path) {
			err = path.Err // users don't know stdout as "/dev/stdout"
		}
		o.err = fmt.Errorf("write to stdout: %w", err)
	}
	return n, o.err
}

// Err returns the error of the first write that failed, nil if none did.
func (o *Output) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// file returns the file that w writes to, nil if w is no file.
func file(w io.Writer) *os.File {
	if o, ok := w.(*Output); ok {
		w = o.w
	}
	f, _ := w.(*os.File)
	return f
}
