package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// StartError says why a command could not be started. It wraps the system's error:
// [exec.ErrNotFound] for a program that is not in PATH, [fs.ErrNotExist], [fs.ErrPermission], ...
type StartError struct {
	Program string // as the caller named it
	Reason  string
	Err     error
}

func (e *StartError) Error() string {
	if e.Program == "" {
		return e.Reason
	}
	return fmt.Sprintf("%s can't be started: %s", e.Program, e.Reason)
}

func (e *StartError) Unwrap() error { return e.Err }

// startError finds the real reason. The system says "no such file or directory" for a missing
// program, a missing working directory, and a missing interpreter alike.
func (c Command) startError(path string, err error) error {
	failed := &StartError{Program: c.name(), Err: err}
	if c.Dir != "" {
		if info, statErr := os.Stat(c.Dir); statErr != nil {
			failed.Reason, failed.Err = fmt.Sprintf("its directory %s: %s", c.Dir, plain(statErr)), statErr
			return failed
		} else if !info.IsDir() {
			failed.Reason = fmt.Sprintf("%s is not a directory", c.Dir)
			return failed
		}
	}
	script := path
	if !filepath.IsAbs(script) {
		script = filepath.Join(c.Dir, script)
	}
	switch interpreter := interpreter(script); {
	case errors.Is(err, exec.ErrNotFound):
		failed.Reason = "there is no such program in PATH"
	case errors.Is(err, fs.ErrNotExist) && interpreter != "":
		failed.Reason = fmt.Sprintf("%s needs %q, which does not exist", path, interpreter)
	default:
		failed.Reason = plain(err)
		if path != c.name() {
			failed.Reason = path + ": " + failed.Reason
		}
	}
	return failed
}

// interpreter returns the program named by a script's "#!" line, "" if there is none. In a virtual
// environment that was moved, or whose Python was removed, the program no longer exists.
func interpreter(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	// Linux reads at most 256 bytes of that line (execve(2)).
	line, _ := bufio.NewReader(io.LimitReader(file, 256)).ReadString('\n')
	command, ok := strings.CutPrefix(line, "#!")
	// A carriage return stays: the system takes it as part of the name, too.
	words := strings.FieldsFunc(command, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	if !ok || len(words) == 0 {
		return ""
	}
	return words[0]
}

// plain returns the innermost error. The outer ones repeat operation and path.
func plain(err error) string {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		return inner.Err.Error()
	}
	if inner := (*exec.Error)(nil); errors.As(err, &inner) {
		return inner.Err.Error()
	}
	return err.Error()
}
