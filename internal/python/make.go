package python

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// A Job is a virtual environment to make.
type Job struct {
	Dir          string     // directory of the environment; it must not exist
	Requirements string     // the path of the file to install
	WorkDir      string     // where the programs run
	Env          []string   // NAME=value
	Output       io.Writer  // for the output of the programs
	Inherit      []*os.File // stay open in the programs
}

// Make makes a virtual environment. After an error or a kill, job.Dir may hold an incomplete one,
// which nobody should use.
func (m Maker) Make(ctx context.Context, job Job) error {
	for i, argv := range m.Commands(job.Dir, job.Requirements) {
		exit, err := proc.Command{
			Argv: argv, Dir: job.WorkDir, Env: cleanEnv(job.Env),
			Stdout: job.Output, Stderr: job.Output, Inherit: job.Inherit,
		}.Run(ctx)
		if err != nil {
			return err
		}
		if exit.OK() {
			continue
		}
		if i == 0 {
			return hint.New(
				fmt.Sprintf("making a virtual environment (%s) failed: %s", m, exit),
				m.venvHints(argv)...,
			)
		}
		return hint.New(
			fmt.Sprintf("installing %s failed: %s", job.Requirements, exit),
			"the reason is above; after a network failure, run the same command again",
			"try it yourself: "+text.ShellQuote(argv),
		)
	}
	return nil
}

// venvHints returns hints for when the venv can't be made.
func (m Maker) venvHints(argv []string) []string {
	hints := []string{"try it yourself: " + text.ShellQuote(argv)}
	if m.UV == "" { // Debian and Ubuntu package the venv module separately
		hints = append(hints, "Python's venv module may be missing: on Debian and Ubuntu apt install python3-venv, or install uv")
	}
	return hints
}

// cleanEnv returns env without the variables that would direct Python or pip away from the virtual
// environment.
func cleanEnv(env []string) []string {
	var out []string
	for _, entry := range env {
		name, _, _ := strings.Cut(entry, "=")
		switch strings.ToUpper(name) {
		case "PYTHONHOME", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__",
			"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT", "PIP_CONSTRAINT", "PIP_PYTHON":
			continue
		}
		out = append(out, entry)
	}
	return out
}
