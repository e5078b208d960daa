// Package until ends reading when a context is done. It knows nothing of dot.
package until

import (
	"context"
	"io"
)

// Done returns a reader that reads from another one until the context is done. Then its error is the
// context's cause.
func Done(ctx context.Context, from io.Reader) io.Reader { return reader{ctx, from} }

type reader struct {
	ctx  context.Context // io.Reader takes none
	from io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
