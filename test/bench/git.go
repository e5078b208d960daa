//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// recorder is a git that writes down where it was started, with what arguments
// and with what on its standard input.
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

// gitCalls runs a command and returns the git commands that it ran.
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
	if _, err := s.output(append(vars, words...)...); err != nil {
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
	for _, entry := range s.env {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			return path
		}
	}
	return ""
}

// byHand runs git commands one after the other, as dot has run them.
func (s *shop) byHand(calls []gitCall) (cost, error) {
	var commands []*exec.Cmd
	for _, call := range calls {
		cmd := s.command(append([]string{"git"}, call.args...)...)
		input, err := os.Open(call.input)
		if err != nil {
			return cost{}, err
		}
		defer input.Close()
		cmd.Dir, cmd.Stdin = call.dir, input
		commands = append(commands, cmd)
	}
	return timed(commands...)
}

// besideGit measures a dot command and, in turns with it, the git commands that
// it runs.
func (s *shop) besideGit(rounds int, name string, words ...string) (*table, error) {
	calls, err := s.gitCalls(words...)
	if err != nil {
		return nil, err
	}
	t, err := inTurns(rounds,
		side{
			name: "its git commands by hand", run: func() (cost, error) { return s.byHand(calls) },
			note: func() string { return fmt.Sprintf("%d git processes", len(calls)) },
		},
		side{name: name, run: func() (cost, error) { return timed(s.command(words...)) }},
	)
	if err == nil {
		t.rest = append(t.rest, fmt.Sprintf("Beyond git: %s of wall time, %s of CPU time.",
			short(wall(t.costs[1])-wall(t.costs[0])), short(cpu(t.costs[1])-cpu(t.costs[0]))))
	}
	return t, err
}
