//go:build !windows

package cli

import (
	"errors"
	"syscall"
)

// isClosedPipe reports whether an error means that the reader of a pipe is gone.
func isClosedPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
