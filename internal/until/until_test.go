package until_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"dot-for-dbt/internal/until"
)

func TestDone(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	r := until.Done(ctx, strings.NewReader("orders"))
	start := make([]byte, 3)
	if _, err := io.ReadFull(r, start); err != nil || string(start) != "ord" {
		t.Errorf("before the end: %q, %v", start, err)
	}
	cause := errors.New("somebody pressed Ctrl-C")
	cancel(cause)
	if rest, err := io.ReadAll(r); len(rest) > 0 || !errors.Is(err, cause) {
		t.Errorf("after it: %q, %v", rest, err)
	}
}
