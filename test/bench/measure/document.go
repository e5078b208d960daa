//go:build unix

package measure

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// end marks the end of the text that Write has written.
const end = "<!-- up to here -->\n"

// Write replaces the figures in a document: the text between the line that names command and the
// next end line.
func Write(file, command, figures string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin := "<!-- " + command + " writes what follows -->\n"
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no place for the figures of %s", file, command)
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+figures+end+after), 0o644)
}

// Machine describes in general terms the machine that the figures are from.
func Machine() string {
	git, err := exec.Command("git", "--version").Output()
	if err != nil {
		git = []byte("git of an unknown version")
	}
	return fmt.Sprintf("On %s, %s, %d CPUs, %s, %s.%s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), strings.TrimSpace(string(git)), Load())
}

// Load describes how busy the machine is, as a sentence after a space; "" if the machine does not
// tell.
func Load() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return ""
	}
	return fmt.Sprintf(" Processes that ran or waited for a CPU at the end, on average over the last 15 minutes: %s.", fields[2])
}
