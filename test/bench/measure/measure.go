//go:build unix

// Package measure runs the sides of a benchmark in turns. It reports their costs, medians and
// ratios, as a table in Markdown. It must not know what is measured.
package measure

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Cost is the cost of one run.
type Cost struct {
	Wall, CPU time.Duration // CPU: user and system time, children included
	Memory    int64         // largest resident size of any of the processes, in bytes
}

// A Side is one way to do the job of a case.
type Side struct {
	Name  string
	Reset func() error         // before each run, not measured; may be nil
	Run   func() (Cost, error) // the job
	Note  func() string        // a remark for the table afterwards; may be nil
}

// A Table is the result of a case.
type Table struct {
	Name  string
	Sides []Side
	Costs [][]Cost // by side
	Rest  []string // lines below the table
}

// InTurns measures each side once, then each again, rounds times.
func InTurns(rounds int, sides ...Side) (*Table, error) {
	t := &Table{Sides: sides, Costs: make([][]Cost, len(sides))}
	for range rounds {
		for i, s := range sides {
			if s.Reset != nil {
				if err := s.Reset(); err != nil {
					return nil, fmt.Errorf("%s: %w", s.Name, err)
				}
			}
			c, err := s.Run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.Name, err)
			}
			t.Costs[i] = append(t.Costs[i], c)
		}
	}
	return t, nil
}

// Timed runs commands one after the other and adds up their costs. An error contains their output,
// unless that goes elsewhere.
func Timed(commands ...*exec.Cmd) (Cost, error) {
	var total Cost
	for _, cmd := range commands {
		var out bytes.Buffer
		if cmd.Stdout == nil {
			cmd.Stdout = &out
		}
		if cmd.Stderr == nil {
			cmd.Stderr = &out
		}
		shrink()
		begun := time.Now()
		err := cmd.Run()
		total.Wall += time.Since(begun)
		if err != nil {
			return total, fmt.Errorf("%s: %w\n%s", cmd, err, &out)
		}
		total.CPU += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		total.Memory = max(total.Memory, resident(cmd.ProcessState.SysUsage()))
	}
	return total, nil
}

// shrink makes this process small again, and forgets its peak. On Linux, a process that it starts inherits the peak:
// exec keeps the resource usage of the copy that called it. Writing 5 to clear_refs forgets it, see proc(5).
func shrink() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0o200) // without it, figures are a little too high
}

// resident returns a maximum resident set size in bytes; the unit differs between systems
// (getrusage(2)).
func resident(usage any) int64 {
	used, ok := usage.(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return used.Maxrss
	}
	return used.Maxrss << 10
}

// median returns the median of a figure of costs, or the mean of the two in the middle.
func median[T cmp.Ordered](costs []Cost, figure func(Cost) T, mean func(a, b T) T) T {
	all := make([]T, len(costs))
	for i, c := range costs {
		all[i] = figure(c)
	}
	slices.Sort(all)
	n := len(all)
	return mean(all[(n-1)/2], all[n/2])
}

// Wall returns the median wall time of costs.
func Wall(costs []Cost) time.Duration {
	return median(costs, OfWall, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

// CPU returns the median CPU time of costs.
func CPU(costs []Cost) time.Duration {
	return median(costs, OfCPU, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

// Memory returns the median memory of costs.
func Memory(costs []Cost) int64 {
	return median(costs, func(c Cost) int64 { return c.Memory }, func(a, b int64) int64 { return (a + b) / 2 })
}

// OfWall returns the wall time of a cost, for Ratio.
func OfWall(c Cost) time.Duration { return c.Wall }

// OfCPU returns the CPU time of a cost, for Ratio.
func OfCPU(c Cost) time.Duration { return c.CPU }

// Ratios summarizes the ratios of pairs, one pair for each round.
type Ratios struct{ Median, Least, Most float64 }

// Ratio compares one figure of two sides, round by round.
func Ratio(a, b []Cost, of func(Cost) time.Duration) Ratios {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = float64(of(a[i])) / float64(of(b[i]))
	}
	slices.Sort(all)
	n := len(all)
	return Ratios{(all[(n-1)/2] + all[n/2]) / 2, all[0], all[n-1]}
}

// String returns the median, with the least and the most in brackets.
func (r Ratios) String() string {
	return fmt.Sprintf("%.2f (%.2f–%.2f)", r.Median, r.Least, r.Most)
}

// Text returns the table in Markdown. Ratios are to the first side.
func (t *Table) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "**%s**, n = %d\n\n", strings.ToUpper(t.Name[:1])+t.Name[1:], len(t.Costs[0]))
	out.WriteString("| | wall | CPU | memory | ratio, wall | ratio, CPU | |\n|---|---|---|---|---|---|---|\n")
	for i, s := range t.Sides {
		costs, note := t.Costs[i], ""
		if s.Note != nil {
			note = s.Note()
		}
		byWall, byCPU := "1", "1"
		if i > 0 {
			byWall, byCPU = Ratio(costs, t.Costs[0], OfWall).String(), Ratio(costs, t.Costs[0], OfCPU).String()
		}
		size := "" // the largest process was another one
		if m := Memory(costs); m > 0 {
			size = fmt.Sprintf("%d MB", m>>20)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s | %s | %s |\n", s.Name, Short(Wall(costs)), Short(CPU(costs)), size, byWall, byCPU, note)
	}
	for _, line := range t.Rest {
		out.WriteString("\n" + line + "\n")
	}
	out.WriteString("\n")
	return out.String()
}

// Short formats a duration for people.
func Short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
