// Package smallfile reads files of about one line: there may be thousands of them. It knows
// nothing of dot.
package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// size is the largest size, in bytes, that Read reads quickly.
const size = 512

// Read is [os.ReadFile]. For a small file it makes half as many system calls, and takes less than half
// the time, since it makes no os.File.
func Read(name string) ([]byte, error) {
	var buffer [size]byte
	n, err := read(name, buffer[:])
	switch {
	case errors.Is(err, errors.ErrUnsupported) || n == size:
		return os.ReadFile(name)
	case err != nil:
		return nil, err
	}
	return append([]byte(nil), buffer[:n]...), nil
}

// again calls a system call until no signal interrupts it.
func again(name, op string, call func() (int, error)) (int, error) {
	for {
		n, err := call()
		switch {
		case err == nil:
			return n, nil
		case !errors.Is(err, syscall.EINTR):
			return n, &fs.PathError{Op: op, Path: name, Err: err}
		}
	}
}
