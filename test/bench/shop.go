//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"dot-for-dbt/test/bench/project"
)

// A shop is a repository with a dbt project for measurements.
type shop struct {
	project.Project
	b *bench
	// otherDBT is set if the dbt is not that of the virtual environment: the host and the Python tool
	// know only that one.
	otherDBT bool
}

// newShop makes a copy of the sample project; see demo/history.sh.
func (b *bench) newShop(name string) (*shop, error) {
	s := &shop{b: b}
	s.Dir = filepath.Join(b.dir, name)
	s.Env = append(project.Environment(b.dir, filepath.Dir(b.dot()), filepath.Join(b.venv, "bin")), "DOT_DBT_HOST=off")
	return s, s.fresh()
}

// fresh makes the project again.
func (s *shop) fresh() error {
	if err := os.RemoveAll(s.Dir); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", filepath.Join(s.b.root, "demo", "history.sh"), s.Dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a shop: %w\n%s", err, out)
	}
	return nil
}

// planned returns the command lines that dot would run, by the kind of step.
func (s *shop) planned(args ...string) (map[string]string, error) {
	text, err := s.Output(append([]string{"dot", "plan", "--format", "json"}, args...)...)
	if err != nil {
		return nil, err
	}
	var plan struct {
		Steps []struct {
			Kind     string
			Commands []string
		}
	}
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return nil, err
	}
	lines := map[string]string{}
	for _, step := range plan.Steps {
		if len(step.Commands) > 0 {
			lines[step.Kind] = step.Commands[0]
		}
	}
	return lines, nil
}
