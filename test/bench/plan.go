//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/test/bench/measure"
)

// warmBuild measures a build that is up to date.
func warmBuild(b *bench) (*measure.Table, error) {
	s, err := b.newShop("warm")
	if err != nil {
		return nil, err
	}
	// Python records each start of dbt.
	start, err := os.ReadFile(filepath.Join(b.root, "test", "e2e", "testdata", "sitecustomize.py"))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(b.dir, "sitecustomize.py"), start, 0o644); err != nil {
		return nil, err
	}
	log := filepath.Join(b.dir, "dbt.log")
	s.Env = append(s.Env, "PYTHONPATH="+b.dir, "SHOP_DBT="+filepath.Join(b.venv, "bin", "dbt"), "SHOP_DBT_LOG="+log)
	build := []string{"dot", "build", "prod@main"}
	if _, err := s.Output(build...); err != nil {
		return nil, err
	}
	before, err := os.ReadFile(log)
	if err != nil {
		return nil, err
	}
	t, err := s.besideGit(4*b.rounds, "dot build prod@main", build...)
	if err != nil {
		return nil, err
	}
	after, err := os.ReadFile(log)
	t.Rest = append(t.Rest, fmt.Sprintf("dbt processes: %d.", strings.Count(string(after), "\n")-strings.Count(string(before), "\n")))
	return t, err
}

// planMany measures plans of up to 1,000 specs: 5 environments at 200 commits.
func planMany(b *bench) (*measure.Table, error) {
	s, err := b.newShop("many")
	if err != nil {
		return nil, err
	}
	if err := s.history(200); err != nil {
		return nil, err
	}
	hashes, err := s.Output("git", "log", "-200", "--format=%h")
	if err != nil {
		return nil, err
	}
	var specs []string
	for _, hash := range strings.Fields(hashes) {
		for env := range 5 {
			specs = append(specs, fmt.Sprintf("e%d@%s", env, hash))
		}
	}
	var fewer []measure.Side
	for _, n := range []int{1, 200} {
		name := fmt.Sprintf("%d.specs", n)
		if err := s.Write(name, strings.Join(specs[:n], "\n")+"\n"); err != nil {
			return nil, err
		}
		fewer = append(fewer, measure.Side{Name: fmt.Sprintf("dot plan build, %d specs", n), Run: func() (measure.Cost, error) { return measure.Timed(s.Command("dot", "plan", "build", "--specs", name)) }})
	}
	if err := s.Write("1000.specs", strings.Join(specs, "\n")+"\n"); err != nil {
		return nil, err
	}
	t, err := s.besideGit(b.rounds, "dot plan build, 1,000 specs", "dot", "plan", "build", "--specs", "1000.specs")
	if err != nil {
		return nil, err
	}
	others, err := measure.InTurns(b.rounds, fewer...)
	if err != nil {
		return nil, err
	}
	t.Sides, t.Costs = append(t.Sides, others.Sides...), append(t.Costs, others.Costs...)
	return t, nil
}

// history gives the project five environments and n more commits. Each changes another model. The
// commits are packed, as in a clone.
func (s *shop) history(n int) error {
	var envs strings.Builder
	envs.WriteString("environment:\n  default: e0\n  all: {target: dev, vars: {currency: eur}, dot: {schema-suffix: \"{env}_{short}\"}}\n")
	for env := range 5 {
		fmt.Fprintf(&envs, "  e%d: {}\n", env)
	}
	if err := s.Write("dot_environments.yml", envs.String()); err != nil {
		return err
	}
	for i := range n {
		if err := s.Write(fmt.Sprintf("models/marts/model_%d.sql", i%20), fmt.Sprintf("select %d as n\n", i)); err != nil {
			return err
		}
		if err := s.Commit(fmt.Sprintf("Change %d", i)); err != nil {
			return err
		}
	}
	_, err := s.Output("git", "gc", "--quiet")
	return err
}

// planBeside measures the plan of one build while .dot has many others.
func planBeside(b *bench) (*measure.Table, error) {
	var sides []measure.Side
	for _, n := range []int{1, 100, 10_000} {
		s, err := b.newShop(fmt.Sprintf("beside-%d", n))
		if err != nil {
			return nil, err
		}
		if _, err := s.Output("dot", "build", "prod@main"); err != nil {
			return nil, err
		}
		if err := s.multiply(n - 1); err != nil {
			return nil, err
		}
		sides = append(sides, measure.Side{
			Name: fmt.Sprintf("dot plan build prod@main, %d builds in .dot", n),
			Run:  func() (measure.Cost, error) { return measure.Timed(s.Command("dot", "plan", "build", "prod@main")) },
		})
	}
	return measure.InTurns(4*b.rounds, sides...)
}

// multiply adds n copies of the existing build: their files, ledgers and git's administration of
// their worktrees, but not the worktrees' files.
func (s *shop) multiply(n int) error {
	short, err := s.Output("git", "rev-parse", "--short", "main")
	if err != nil {
		return err
	}
	build := filepath.Join(s.Dir, ".dot", "build")
	models, err := filepath.Glob(filepath.Join(build, short, "env", "prod", "*"))
	if err != nil {
		return err
	}
	ledgers, err := filepath.Glob(filepath.Join(s.Dir, ".dot", "places", "*.json"))
	if err != nil || len(ledgers) != 1 {
		return fmt.Errorf("%d ledgers of one build: %w", len(ledgers), err)
	}
	ledger, err := os.ReadFile(ledgers[0])
	if err != nil {
		return err
	}
	for i := range n {
		hash := fmt.Sprintf("%07x%033x", i, i)
		dir := filepath.Join(build, hash[:7])
		admin := filepath.Join(s.Dir, ".git", "worktrees", "worktree-"+hash[:7])
		for _, d := range []string{filepath.Join(dir, "worktree"), filepath.Join(dir, "env", "prod"), admin} {
			if err := os.MkdirAll(d, 0o777); err != nil {
				return err
			}
		}
		for file, text := range map[string]string{
			filepath.Join(dir, "commit"):                              hash + "\n",
			filepath.Join(dir, "worktree", ".git"):                    "gitdir: " + admin + "\n",
			filepath.Join(admin, "gitdir"):                            filepath.Join(dir, "worktree", ".git") + "\n",
			filepath.Join(admin, "commondir"):                         "../..\n",
			filepath.Join(admin, "HEAD"):                              hash + "\n",
			filepath.Join(admin, "locked"):                            "dot",
			filepath.Join(s.Dir, ".dot", "places", hash[:16]+".json"): string(ledger),
		} {
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				return err
			}
		}
		for _, file := range models {
			if name := filepath.Base(file); name == "records" || name == "profiles.yml" {
				if err := link(file, filepath.Join(dir, "env", "prod", name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// link makes hard links to a file, or to all files in a directory, so that 10,000 builds don't fill
// a disk.
func link(from, to string) error {
	info, err := os.Stat(from)
	if err != nil || !info.IsDir() {
		if err == nil {
			err = os.Link(from, to)
		}
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o777); err != nil {
		return err
	}
	for _, e := range entries {
		if err := link(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
