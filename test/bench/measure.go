//go:build unix

package main

import (
	"cmp"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A cost is what one run took.
type cost struct {
	wall, cpu time.Duration // cpu: user and system, of the children too
	memory    int64         // most that was resident at a time, of the largest process, in bytes
}

// A side is one way to do the job of a case.
type side struct {
	name  string
	reset func() error         // before each run, not measured; may be nil
	run   func() (cost, error) // the job
	note  func() string        // what else there is to say afterwards; may be nil
}

// A table is what a case has given.
type table struct {
	name  string
	sides []side
	costs [][]cost // by side
	rest  []string // lines below the table
}

// inTurns measures each side once, then each again, rounds times.
func inTurns(rounds int, sides ...side) (*table, error) {
	t := &table{sides: sides, costs: make([][]cost, len(sides))}
	for range rounds {
		for i, s := range sides {
			if s.reset != nil {
				if err := s.reset(); err != nil {
					return nil, fmt.Errorf("%s: %w", s.name, err)
				}
			}
			c, err := s.run()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			t.costs[i] = append(t.costs[i], c)
		}
	}
	return t, nil
}

// timed runs commands one after the other and adds up what they take.
func timed(commands ...*exec.Cmd) (cost, error) {
	var total cost
	for _, cmd := range commands {
		begun := time.Now()
		out, err := cmd.CombinedOutput()
		total.wall += time.Since(begun)
		if err != nil {
			return total, fmt.Errorf("%s: %w\n%s", cmd, err, out)
		}
		total.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		total.memory = max(total.memory, resident(cmd.ProcessState.SysUsage()))
	}
	return total, nil
}

// resident is a maximum resident set size, which systems count differently
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

// median is that of one figure of costs, or the mean of the two in the middle.
func median[T cmp.Ordered](costs []cost, figure func(cost) T, mean func(a, b T) T) T {
	all := make([]T, len(costs))
	for i, c := range costs {
		all[i] = figure(c)
	}
	slices.Sort(all)
	n := len(all)
	return mean(all[(n-1)/2], all[n/2])
}

func wall(costs []cost) time.Duration {
	return median(costs, func(c cost) time.Duration { return c.wall }, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

func cpu(costs []cost) time.Duration {
	return median(costs, func(c cost) time.Duration { return c.cpu }, func(a, b time.Duration) time.Duration { return (a + b) / 2 })
}

func memory(costs []cost) int64 {
	return median(costs, func(c cost) int64 { return c.memory }, func(a, b int64) int64 { return (a + b) / 2 })
}

// ratios are those of pairs of one round: the median, the least, the most.
func ratios(a, b []cost, of func(cost) time.Duration) string {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = float64(of(a[i])) / float64(of(b[i]))
	}
	slices.Sort(all)
	n := len(all)
	return fmt.Sprintf("%.2f (%.2f–%.2f)", (all[(n-1)/2]+all[n/2])/2, all[0], all[n-1])
}

// text is the table in Markdown. Ratios are to the first side.
func (t *table) text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "**%s**, n = %d\n\n", strings.ToUpper(t.name[:1])+t.name[1:], len(t.costs[0]))
	out.WriteString("| | wall | CPU | memory | ratio, wall | ratio, CPU | |\n|---|---|---|---|---|---|---|\n")
	for i, s := range t.sides {
		costs, note := t.costs[i], ""
		if s.note != nil {
			note = s.note()
		}
		byWall, byCPU := "1", "1"
		if i > 0 {
			byWall = ratios(costs, t.costs[0], func(c cost) time.Duration { return c.wall })
			byCPU = ratios(costs, t.costs[0], func(c cost) time.Duration { return c.cpu })
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %d MB | %s | %s | %s |\n", s.name, short(wall(costs)), short(cpu(costs)), memory(costs)>>20, byWall, byCPU, note)
	}
	for _, line := range t.rest {
		out.WriteString("\n" + line + "\n")
	}
	out.WriteString("\n")
	return out.String()
}

// short is a duration for people.
func short(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
