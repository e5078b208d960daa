//go:build unix

package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/creack/pty"
)

// Lines have a maximal width only on a terminal.
func TestLineWidth(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer terminal.Close()
	if err := pty.Setsize(terminal, &pty.Winsize{Cols: 93, Rows: 20}); err != nil {
		t.Fatal(err)
	}
	if got := LineWidth(terminal); got != 93 {
		t.Errorf("of a terminal: %d", got)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got := LineWidth(file); got != 0 {
		t.Errorf("of a file: %d", got)
	}
	if got := LineWidth(new(bytes.Buffer)); got != 0 {
		t.Errorf("of a buffer: %d", got)
	}
}
