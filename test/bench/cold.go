//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// coldSample measures a first build of the sample project.
func coldSample(b *bench) (*table, error) {
	s, err := b.newShop("cold")
	if err != nil {
		return nil, err
	}
	return s.cold(func() error { return nil })
}

// coldModels measures a first build of a project with 500 models more.
func coldModels(b *bench) (*table, error) {
	s, err := b.newShop("models")
	if err != nil {
		return nil, err
	}
	return s.cold(func() error { return s.models(500) })
}

// cold measures a build of HEAD in a project that is made anew each time: by
// hand, by dot and, if there are, by dot's host and the Python tool.
func (s *shop) cold(extend func() error) (*table, error) {
	reset := func() error {
		if err := s.fresh(); err != nil {
			return err
		}
		return extend()
	}
	if err := reset(); err != nil {
		return nil, err
	}
	build := []string{"build", "prod@HEAD"}
	lines, err := s.planned(build...)
	if err != nil {
		return nil, err
	}
	if _, err := s.output("dot", "seed", "prod@HEAD"); err != nil { // it leaves the profile
		return nil, err
	}
	dir := strings.TrimSuffix(filepath.Dir(s.profile(lines["build"])), "/")
	profile, err := os.ReadFile(filepath.Join(dir, "profiles.yml"))
	if err != nil {
		return nil, err
	}
	saved := filepath.Join(s.b.dir, filepath.Base(s.dir)+".yml")
	if err := os.WriteFile(saved, profile, 0o600); err != nil {
		return nil, err
	}
	worktree := filepath.Join(filepath.Dir(filepath.Dir(dir)), "worktree")
	prepare := fmt.Sprintf("set -e\ngit worktree add --quiet --detach %s HEAD\nmkdir -p %s\ncp %s %s/profiles.yml\n", worktree, dir, saved, dir)
	byHand := func(kinds ...string) func() (cost, error) {
		script := prepare
		for _, kind := range kinds {
			script += lines[kind] + "\n"
		}
		return func() (cost, error) { return timed(s.command("/bin/sh", "-c", script)) }
	}
	sides := []side{
		{name: "git, dbt deps and build by hand", reset: reset, run: byHand("deps", "build")},
		{name: "git, dbt deps, list and build by hand", reset: reset, run: byHand("deps", "check", "build")},
		{name: "dot build, exec", reset: reset, run: func() (cost, error) { return timed(s.command(append([]string{"dot"}, build...)...)) }},
	}
	if s.b.host {
		sides = append(sides, side{name: "dot build, host", reset: reset, run: func() (cost, error) {
			return timed(s.command(append([]string{"DOT_DBT_HOST=", "dot"}, build...)...))
		}})
	}
	if s.b.python != "" {
		sides = append(sides, side{name: "the Python tool", reset: reset, run: func() (cost, error) {
			return timed(s.command(filepath.Join(s.b.python, "bin", "dot"), "--disable-prompts", "build", "prod@HEAD"))
		}})
	}
	t, err := inTurns(s.b.rounds, sides...)
	if err == nil {
		same, exec := t.costs[1], t.costs[2]
		t.rest = append(t.rest, "dot build by exec, to the same commands by hand: wall "+
			ratios(exec, same, func(c cost) time.Duration { return c.wall })+", CPU "+
			ratios(exec, same, func(c cost) time.Duration { return c.cpu })+".")
	}
	return t, err
}

// profile is the path of the profile that a command line of dbt's names.
func (s *shop) profile(line string) string {
	_, rest, _ := strings.Cut(line, "--profiles-dir ")
	dir, _, _ := strings.Cut(rest, " ")
	return filepath.Join(dir, "profiles.yml")
}

// models adds n models to the project, four of five of them views on one before
// them, and a test for each fifth.
func (s *shop) models(n int) error {
	var tests strings.Builder
	tests.WriteString("models:\n")
	for i := range n {
		text := "select 1 as id"
		if i > 0 {
			text = fmt.Sprintf("select id from {{ ref('generated_%d') }}", (i-1)/3)
		}
		if i%5 == 0 {
			text = "{{ config(materialized='table') }}\n" + text
			fmt.Fprintf(&tests, "  - name: generated_%d\n    columns: [{name: id, data_tests: [unique]}]\n", i)
		}
		if err := s.write(fmt.Sprintf("models/generated/generated_%d.sql", i), text+"\n"); err != nil {
			return err
		}
	}
	if err := s.write("models/generated/schema.yml", tests.String()); err != nil {
		return err
	}
	return s.commit("Generate models")
}
