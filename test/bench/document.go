//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// What stands between the markers is written by this program.
const (
	begin = "<!-- make bench writes what follows -->\n"
	end   = "<!-- up to here -->\n"
)

// A report is what all cases have given.
type report []*table

// write replaces what stands between the markers of a document.
func (r report) write(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no place for the figures", file)
	}
	var out strings.Builder
	out.WriteString(before + begin + "\n" + machine())
	for _, t := range r {
		out.WriteString(t.text())
	}
	out.WriteString(end + after)
	return os.WriteFile(file, []byte(out.String()), 0o644)
}

// machine says in general terms what the figures are from.
func machine() string {
	git, err := exec.Command("git", "--version").Output()
	if err != nil {
		git = []byte("git of an unknown version")
	}
	return fmt.Sprintf("On %s, %s, %d CPUs, %s, %s.%s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), strings.TrimSpace(string(git)), load())
}

// load is how busy the machine is, where it says so.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 3 {
		return ""
	}
	return fmt.Sprintf(" Processes that ran or waited for a CPU at the end, on average over the last 15 minutes: %s.", fields[2])
}
