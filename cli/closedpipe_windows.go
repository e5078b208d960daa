package cli

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isClosedPipe reports whether nobody reads what is written any more.
func isClosedPipe(err error) bool {
	return errors.Is(err, windows.ERROR_BROKEN_PIPE) || errors.Is(err, windows.ERROR_NO_DATA)
}
