package cli

import (
	"io"
	"sync"
)

// redirected is a writer to another writer, which can be replaced at any time.
type redirected struct {
	mu sync.Mutex
	w  io.Writer
}

func (r *redirected) set(w io.Writer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.w = w
}

func (r *redirected) Write(p []byte) (int, error) {
	r.mu.Lock()
	w := r.w
	r.mu.Unlock()
	return w.Write(p)
}
