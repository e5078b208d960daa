package cli

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isClosedPipe reports whether an error means that the reader of a pipe is gone.
func isClosedPipe(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
