//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"dot-for-dbt/test/bench/measure"
)

// recorder is a git that records its directory, arguments and standard input.
const recorder = `#!/bin/sh
call=$(mktemp "$BENCH_CALLS/XXXXXX")
printf '%s\n' "$PWD" "$@" >"$call"
tee "$call.in" | "$BENCH_GIT" "$@"
`

// A gitCall is a git that dot has started.
type gitCall struct {
	dir   string
	args  []string
	input string // a file
}

// gitCalls runs a dot command and returns the git commands that it started.
func (s *shop) gitCalls(words ...string) ([]gitCall, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, err
	}
	bin, err := os.MkdirTemp(s.b.dir, "git-")
	if err != nil {
		return nil, err
	}
	calls := filepath.Join(bin, "calls")
	if err := os.Mkdir(calls, 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(recorder), 0o755); err != nil {
		return nil, err
	}
	vars := []string{"PATH=" + bin + ":" + s.path(), "BENCH_CALLS=" + calls, "BENCH_GIT=" + git}
	if _, err := s.Output(append(vars, words...)...); err != nil {
		return nil, err
	}
	inputs, err := filepath.Glob(filepath.Join(calls, "*.in"))
	if err != nil {
		return nil, err
	}
	var all []gitCall
	for _, input := range inputs {
		text, err := os.ReadFile(strings.TrimSuffix(input, ".in"))
		if err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		all = append(all, gitCall{lines[0], lines[1:], input})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("dot %s ran no git", strings.Join(words, " "))
	}
	return all, nil
}

// path is the PATH of the shop.
func (s *shop) path() string {
	for _, entry := range s.Env {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			return path
		}
	}
	return ""
}

// byHand runs the same git commands as dot, one after the other.
func (s *shop) byHand(calls []gitCall) (measure.Cost, error) {
	var commands []*exec.Cmd
	for _, call := range calls {
		cmd := s.Command(append([]string{"git"}, call.args...)...)
		input, err := os.Open(call.input)
		if err != nil {
			return measure.Cost{}, err
		}
		defer input.Close()
		cmd.Dir, cmd.Stdin = call.dir, input
		commands = append(commands, cmd)
	}
	return measure.Timed(commands...)
}

// besideGit measures a dot command and, in turns with it, the git commands that it runs.
func (s *shop) besideGit(rounds int, name string, words ...string) (*measure.Table, error) {
	calls, err := s.gitCalls(words...)
	if err != nil {
		return nil, err
	}
	t, err := measure.InTurns(rounds,
		measure.Side{
			Name: "its git commands by hand", Run: func() (measure.Cost, error) { return s.byHand(calls) },
			Note: func() string { return fmt.Sprintf("%d git processes", len(calls)) },
		},
		measure.Side{Name: name, Run: func() (measure.Cost, error) { return measure.Timed(s.Command(words...)) }},
	)
	if err == nil {
		t.Rest = append(t.Rest, fmt.Sprintf("Beyond git: %s of wall time, %s of CPU time.",
			measure.Short(measure.Wall(t.Costs[1])-measure.Wall(t.Costs[0])), measure.Short(measure.CPU(t.Costs[1])-measure.CPU(t.Costs[0]))))
	}
	return t, err
}
