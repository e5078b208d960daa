package ui

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
)

// disk accepts a number of writes, then reports that it is full, until it is emptied.
type disk struct {
	strings.Builder
	room int
}

var errNoRoom = errors.New("no room")

func (d *disk) Write(p []byte) (int, error) {
	d.room--
	if d.room == -1 {
		return 0, &fs.PathError{Op: "write", Path: "/dev/stdout", Err: errNoRoom}
	}
	return d.Builder.Write(p)
}

// An Output has no gaps: it writes nothing after a write that failed.
func TestOutput(t *testing.T) {
	to := &disk{room: 2}
	out := NewOutput(to)
	if out.Err() != nil {
		t.Error(out.Err())
	}
	say := NewPrinter(out, Auto, noEnv)
	for _, line := range []string{"one", "two", "three", "four"} {
		say.Line(line)
	}
	if to.String() != "one\ntwo\n" {
		t.Errorf("wrote %q", to)
	}
	err := out.Err()
	if !errors.Is(err, errNoRoom) || err.Error() != "write to stdout: no room" {
		t.Errorf("got %v", err)
	}
	if _, again := out.Write(nil); !errors.Is(again, err) {
		t.Errorf("a later write returns %v", again)
	}
}
