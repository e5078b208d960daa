package python

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/proc"
)

// A Job is a virtual environment to be made.
type Job struct {
	Dir          string     // of the environment; it must not be there
	Requirements string     // the path of the file to install
	WorkDir      string     // where the programs run
	Env          []string   // NAME=value
	Output       io.Writer  // of what they say
	Inherit      []*os.File // stay open in the programs
}

// Make makes a virtual environment. What of it is there after an error, or
// after a kill, is of no use.
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
				fmt.Sprintf("no virtual environment could be made of %s: %s", m, exit),
				m.venvHints(argv)...,
			)
		}
		return hint.New(
			fmt.Sprintf("installing %s failed: %s", job.Requirements, exit),
			"what went wrong stands above; if it was the network, the same command goes on from here",
			"try it yourself: "+shellescape.QuoteCommand(argv),
		)
	}
	return nil
}

// venvHints say what to do about a venv that can't be made.
func (m Maker) venvHints(argv []string) []string {
	hints := []string{"try it yourself: " + shellescape.QuoteCommand(argv)}
	if m.UV == "" { // Debian and Ubuntu leave it out of their Python
		hints = append(hints, "Python's venv module may be missing: on Debian and Ubuntu apt install python3-venv, or install uv")
	}
	return hints
}

// cleanEnv is an environment without the variables that would make Python or
// pip use another place than the virtual environment.
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
