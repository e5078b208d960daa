//go:build unix

package steps_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/steps"
)

// The cost of 1,000 builds of 10 commits in 100 environments depends on the commits
// and environments: git starts as often as for 10 builds, and shared values are looked
// up once.
func TestThousandSpecs(t *testing.T) {
	const commits, environments = 10, 100
	b := newBench(t)
	b.manyEnvironments(environments)
	for i := range commits - 1 {
		b.commit(fmt.Sprint("Commit ", i))
	}
	var few, many []string
	for commit := range commits {
		few = append(few, fmt.Sprintf("e0@HEAD~%d", commit))
		for env := range environments {
			many = append(many, fmt.Sprintf("e%d@HEAD~%d", env, commit))
		}
	}
	started := countGit(t)

	b.specs(few...)
	b.compile()
	forFew := started()
	b.specs(many...)
	program := b.compile()
	if forMany := started(); forMany != forFew {
		t.Errorf("%d builds start %d gits, and %d start %d", len(few), forFew, len(many), forMany)
	}
	// A worktree, a commit file and packages for each commit; a profile, a check and
	// dbt for each build.
	if got, want := len(program.Graph.Steps()), 3*commits+3*len(many); got != want {
		t.Errorf("%d steps, want %d", got, want)
	}
	want := map[string]int{
		"files of a commit": commits, "directories of a commit": commits, "packages of a commit": commits,
		"projects": 1, "profiles": 1, "environments": environments,
		"outputs": environments, "vars": environments, "dbts": 1,
	}
	if diff := cmp.Diff(want, steps.LookUps(t, b.world, b.req)); diff != "" {
		t.Errorf("look-ups (-want +got):\n%s", diff)
	}
}

// manyEnvironments commits environments named e0, e1 and so on.
func (b *bench) manyEnvironments(n int) {
	b.t.Helper()
	text := "environment:\n  all: {dot: {schema-suffix: '{env}_{short}'}}\n"
	for i := range n {
		text += fmt.Sprintf("  e%d: {target: dev, vars: {days: %d}}\n", i, i)
	}
	b.write("dot_environments.yml", text)
	b.commit("Many environments")
}

// countGit counts the git processes that start from now on. It returns a
// function that returns their number since its last call.
func countGit(t *testing.T) func() int {
	t.Helper()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	script := fmt.Sprintf("#!/bin/sh\necho >> '%s'\nexec '%s' \"$@\"\n", log, git)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() int {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal("no git was started: ", err)
		}
		if err := os.Remove(log); err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), "\n")
	}
}
