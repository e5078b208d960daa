//go:build unix

// Package project runs programs in a git repository with a dbt project, for benchmarks. It doesn't
// know the programs.
package project

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Project is a directory in which programs run, and their environment.
type Project struct {
	Dir string
	Env []string
}

// Environment returns an environment in which programs come from bins first, and know nothing of
// the user: no git configuration, and home as the home directory.
func Environment(home string, bins ...string) []string {
	return []string{
		"PATH=" + strings.Join(append(bins[:len(bins):len(bins)], os.Getenv("PATH")), string(filepath.ListSeparator)),
		"HOME=" + home, "LANG=C.UTF-8", "TZ=UTC", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@shop.example", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@shop.example",
	}
}

// Command returns a command in the project. Words before its name may set variables for it, as in a
// shell.
func (p *Project) Command(words ...string) *exec.Cmd {
	i := slices.IndexFunc(words, func(w string) bool { return !strings.Contains(w, "=") })
	env := slices.Concat(p.Env, words[:i])
	name := words[i]
	if found, err := lookPath(name, env); err == nil {
		name = found
	}
	cmd := exec.Command(name, words[i+1:]...)
	cmd.Dir, cmd.Env = p.Dir, env
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

// Output runs a program and returns its stdout.
func (p *Project) Output(words ...string) (string, error) {
	cmd := p.Command(words...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", cmd, err, out, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}

// Write puts text into a file of the project.
func (p *Project) Write(name, text string) error {
	file := filepath.Join(p.Dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o666)
}

// Commit commits all files.
func (p *Project) Commit(subject string) error {
	if _, err := p.Output("git", "add", "--all"); err != nil {
		return err
	}
	_, err := p.Output("git", "commit", "--quiet", "--message", subject)
	return err
}
