//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"dot-for-dbt/test/bench/measure"
)

// roundsOfEdits measures what comes between saving a model and dbt's first query for it: with a command
// for each save, and with --watch. The CPU time is that of the whole build.
func roundsOfEdits(b *bench) (*measure.Table, error) {
	s, err := b.newShop("rounds")
	if err != nil {
		return nil, err
	}
	if _, err := s.Output("dot", "build", "prod@main"); err != nil {
		return nil, err
	}
	build := []string{"dot", "build", "dev@.", "--defer", "prod@main", "--modified"}
	var sides []measure.Side
	var watchers []*watching
	for _, host := range []bool{false, true} {
		if host && !b.host {
			continue
		}
		with, line := "", build
		if host {
			with, line = ", host", append([]string{"DOT_DBT_HOST="}, build...)
		}
		w := &watching{shop: s, line: append(line[:len(line):len(line)], "--watch")}
		watchers = append(watchers, w)
		sides = append(sides,
			measure.Side{Name: "dot build dev@." + with, Run: func() (measure.Cost, error) {
				return s.saved(func() (measure.Cost, error) { return measure.Timed(s.Command(line...)) })
			}},
			measure.Side{Name: "a round of --watch" + with, Reset: w.start, Run: func() (measure.Cost, error) { return s.saved(w.round) }},
		)
	}
	t, err := measure.InTurns(b.rounds, sides...)
	for _, w := range watchers {
		err = errors.Join(err, w.end())
	}
	return t, err
}

// saved changes a model and builds it. The wall time is the one until dbt's first query.
func (s *shop) saved(build func() (measure.Cost, error)) (measure.Cost, error) {
	start := time.Now()
	if err := s.edit(); err != nil {
		return measure.Cost{}, err
	}
	cost, err := build()
	if err != nil {
		return cost, err
	}
	target, err := s.Output("dot", "path", "dev@.", "--target")
	if err != nil {
		return cost, err
	}
	log, err := os.ReadFile(filepath.Join(filepath.Dir(strings.TrimSpace(target)), "logs", "dbt.log"))
	if err != nil {
		return cost, err
	}
	at, err := firstQuery(log, start)
	cost.Wall = at.Sub(start)
	return cost, err
}

// edit changes a model's text, but not what it selects.
func (s *shop) edit() error {
	const model = "models/marts/revenue_by_month.sql"
	text, err := os.ReadFile(filepath.Join(s.Dir, model))
	if err != nil {
		return err
	}
	return s.Write(model, string(text)+fmt.Sprintf("-- %d\n", time.Now().UnixNano()))
}

// query matches a line of dbt's log that is about a query, with its time.
var query = regexp.MustCompile(`(?m)^(?:\x1b\[0m)?(\d\d:\d\d:\d\d\.\d+) \[debug\].*: Using \w+ connection`)

// firstQuery returns when dbt 1 ran its first query after a time, by its log. The log's times have no
// date.
func firstQuery(log []byte, after time.Time) (time.Time, error) {
	after = after.UTC()
	for _, m := range query.FindAllSubmatch(log, -1) {
		clock, err := time.Parse("15:04:05.000000", string(m[1]))
		if err != nil {
			return after, err
		}
		at := time.Date(after.Year(), after.Month(), after.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), time.UTC)
		if at.Before(after.Add(-12 * time.Hour)) { // past midnight
			at = at.AddDate(0, 0, 1)
		}
		if at.After(after) {
			return at, nil
		}
	}
	return after, errors.New("dbt's log has no query since the model was saved")
}

// watching is a dot that watches while one of its rounds is measured. Meanwhile nothing else is.
type watching struct {
	*shop
	line   []string
	cmd    *exec.Cmd // nil before it is started
	said   *lockedBuffer
	rounds int
}

// lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) text() string {
	b.Lock()
	defer b.Unlock()
	return b.String()
}

// start starts dot, and waits for two rounds: the first one starts the host, if there is one.
func (w *watching) start() error {
	w.cmd, w.said, w.rounds = w.Command(w.line...), &lockedBuffer{}, 0
	w.cmd.Stderr = w.said
	if err := w.cmd.Start(); err != nil {
		return err
	}
	if err := w.wait(); err != nil {
		return err
	}
	if err := w.edit(); err != nil {
		return err
	}
	return w.wait()
}

// wait waits until one more round has ended.
func (w *watching) wait() error {
	w.rounds++
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		said := w.said.text()
		if strings.Count(said, "built dev@")+strings.Count(said, "up to date dev@") >= w.rounds {
			return nil
		}
		if strings.Contains(said, "failed dev@") || strings.Contains(said, "error:") {
			return fmt.Errorf("a round failed:\n%s", said)
		}
	}
	return fmt.Errorf("a round doesn't end:\n%s", w.said.text())
}

// round waits for the round of a save, and ends dot.
func (w *watching) round() (measure.Cost, error) {
	before := cpuTime(w.cmd.Process.Pid)
	err := w.wait()
	cost := measure.Cost{CPU: cpuTime(w.cmd.Process.Pid) - before}
	return cost, errors.Join(err, w.end())
}

// cpuTime returns the CPU time of a process and of all that it has started, 0 if the system doesn't
// tell (proc(5)).
func cpuTime(pid int) (sum time.Duration) {
	const ticks = 100 // a second, on every Linux
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(rest); err == nil && ok && len(fields) > 14 {
		for _, field := range fields[11:15] { // its own, and that of children that have ended
			n, _ := strconv.Atoi(field)
			sum += time.Duration(n) * time.Second / ticks
		}
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range threads {
		text, _ := os.ReadFile(file)
		for child := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(child); err == nil {
				sum += cpuTime(pid)
			}
		}
	}
	return sum
}

// end ends dot, if it runs.
func (w *watching) end() error {
	if w.cmd == nil || w.cmd.ProcessState != nil {
		return nil
	}
	if err := w.cmd.Process.Signal(syscall.SIGINT); err != nil {
		return err
	}
	_ = w.cmd.Wait() // it ends with the signal's exit code
	return nil
}
