//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/test/bench/measure"
)

// coldSample measures a first build of the sample project.
func coldSample(b *bench) (*measure.Table, error) {
	s, err := b.newShop("cold")
	if err != nil {
		return nil, err
	}
	return s.cold(func() error { return nil })
}

// coldModels measures a first build of a project with 500 additional models.
func coldModels(b *bench) (*measure.Table, error) {
	s, err := b.newShop("models")
	if err != nil {
		return nil, err
	}
	return s.cold(func() error { return s.models(500) })
}

// cold measures a build of HEAD in a project that is new each time. It is built by hand, by dot
// and, if present, by dot's host and by the Python tool.
func (s *shop) cold(extend func() error) (*measure.Table, error) {
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
	if _, err := s.Output("dot", "seed", "prod@HEAD"); err != nil { // it leaves the profile
		return nil, err
	}
	dir := strings.TrimSuffix(filepath.Dir(s.profile(lines["build"])), "/")
	profile, err := os.ReadFile(filepath.Join(dir, "profiles.yml"))
	if err != nil {
		return nil, err
	}
	saved := filepath.Join(s.b.dir, filepath.Base(s.Dir)+".yml")
	if err := os.WriteFile(saved, profile, 0o600); err != nil {
		return nil, err
	}
	worktree := filepath.Join(filepath.Dir(filepath.Dir(dir)), "worktree")
	prepare := fmt.Sprintf("set -e\ngit worktree add --quiet --detach %s HEAD\nmkdir -p %s\ncp %s %s/profiles.yml\n", worktree, dir, saved, dir)
	byHand := func(kinds ...string) func() (measure.Cost, error) {
		script := prepare
		for _, kind := range kinds {
			script += lines[kind] + "\n"
		}
		return func() (measure.Cost, error) { return measure.Timed(s.Command("/bin/sh", "-c", script)) }
	}
	sides := []measure.Side{
		{Name: "git, dbt deps and build by hand", Reset: reset, Run: byHand("deps", "build")},
		{Name: "git, dbt deps, list and build by hand", Reset: reset, Run: byHand("deps", "check", "build")},
		{Name: "dot build, exec", Reset: reset, Run: func() (measure.Cost, error) { return measure.Timed(s.Command(append([]string{"dot"}, build...)...)) }},
	}
	if s.b.host && !s.otherDBT {
		sides = append(sides, measure.Side{Name: "dot build, host", Reset: reset, Run: func() (measure.Cost, error) {
			return measure.Timed(s.Command(append([]string{"DOT_DBT_HOST=", "dot"}, build...)...))
		}})
	}
	if s.b.python != "" && !s.otherDBT {
		sides = append(sides, measure.Side{Name: "the Python tool", Reset: reset, Run: func() (measure.Cost, error) {
			return measure.Timed(s.Command(filepath.Join(s.b.python, "bin", "dot"), "--disable-prompts", "build", "prod@HEAD"))
		}})
	}
	t, err := measure.InTurns(s.b.rounds, sides...)
	if err == nil {
		same, exec := t.Costs[1], t.Costs[2]
		t.Rest = append(t.Rest, "dot build by exec, to the same commands by hand: wall "+
			measure.Ratio(exec, same, measure.OfWall).String()+", CPU "+
			measure.Ratio(exec, same, measure.OfCPU).String()+".")
	}
	return t, err
}

// profile returns the path of the profile in a dbt command line.
func (s *shop) profile(line string) string {
	_, rest, _ := strings.Cut(line, "--profiles-dir ")
	dir, _, _ := strings.Cut(rest, " ")
	return filepath.Join(dir, "profiles.yml")
}

// models adds n models to the project. Four of five are views on an earlier one, and each fifth has
// a test.
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
		if err := s.Write(fmt.Sprintf("models/generated/generated_%d.sql", i), text+"\n"); err != nil {
			return err
		}
	}
	if err := s.Write("models/generated/schema.yml", tests.String()); err != nil {
		return err
	}
	return s.Commit("Generate models")
}
