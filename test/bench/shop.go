//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A shop is a repository with a dbt project to measure in.
type shop struct {
	b   *bench
	dir string
	env []string
}

// newShop makes a copy of the sample project; see demo/history.sh.
func (b *bench) newShop(name string) (*shop, error) {
	s := &shop{b: b, dir: filepath.Join(b.dir, name)}
	s.env = []string{
		"PATH=" + filepath.Dir(b.dot()) + ":" + filepath.Join(b.venv, "bin") + ":" + os.Getenv("PATH"),
		"HOME=" + b.dir, "LANG=C.UTF-8", "TZ=UTC", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@shop.example", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@shop.example",
		"DOT_DBT_HOST=off",
	}
	return s, s.fresh()
}

// fresh makes the project anew.
func (s *shop) fresh() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	cmd := exec.Command("/bin/sh", filepath.Join(s.b.root, "demo", "history.sh"), s.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make a shop: %w\n%s", err, out)
	}
	return nil
}

// command is a program in the project, with variables for it alone before its
// name, as in a shell.
func (s *shop) command(words ...string) *exec.Cmd {
	i := slices.IndexFunc(words, func(w string) bool { return !strings.Contains(w, "=") })
	env := slices.Concat(s.env, words[:i])
	name := words[i]
	if found, err := lookPath(name, env); err == nil {
		name = found
	}
	cmd := exec.Command(name, words[i+1:]...)
	cmd.Dir, cmd.Env = s.dir, env
	return cmd
}

// lookPath finds a program in the PATH of env.
func lookPath(name string, env []string) (string, error) {
	for _, entry := range slices.Backward(env) {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			for _, dir := range filepath.SplitList(path) {
				if file := filepath.Join(dir, name); isProgram(file) {
					return file, nil
				}
			}
		}
	}
	return exec.LookPath(name)
}

func isProgram(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// output runs a program and returns what it prints.
func (s *shop) output(words ...string) (string, error) {
	cmd := s.command(words...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", cmd, err, out, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

// write puts text into a file of the project.
func (s *shop) write(name, text string) error {
	file := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o666)
}

// commit commits everything.
func (s *shop) commit(subject string) error {
	if _, err := s.output("git", "add", "--all"); err != nil {
		return err
	}
	_, err := s.output("git", "commit", "--quiet", "--message", subject)
	return err
}

// planned are the command lines that dot would run, by the kind of step.
func (s *shop) planned(args ...string) (map[string]string, error) {
	text, err := s.output(append([]string{"dot", "plan", "--format", "json"}, args...)...)
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
