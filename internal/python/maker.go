package python

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"dot-for-dbt/internal/hint"
)

// A Maker is what virtual environments are made with on this machine.
type Maker struct {
	Python string // the interpreter that they are made of, an absolute path; "": whichever uv chooses
	UV     string // the absolute path of uv, which installs faster; "": there is none
}

// Find looks for python3 or python, and for uv, in PATH.
func Find() (Maker, error) {
	names := []string{"python3", "python"}
	if runtime.GOOS == "windows" { // where python3 may be a stub that opens the store
		names = []string{"python", "python3"}
	}
	var m Maker
	for _, name := range names {
		if m.Python = lookPath(name); m.Python != "" {
			break
		}
	}
	m.UV = lookPath("uv")
	if m.Python == "" && m.UV == "" {
		return m, hint.New(
			"no Python was found: neither python3, python nor uv is in PATH",
			"install Python 3, or uv, which brings one along",
		)
	}
	return m, nil
}

// lookPath is the absolute path of a program in PATH, "" for none.
func lookPath(name string) string {
	found, err := exec.LookPath(name)
	if err != nil {
		return ""
	}
	found, err = filepath.Abs(found)
	if err != nil {
		return ""
	}
	return found
}

// Identity changes when another interpreter would be used: it has the real
// path, size and time of the one that was found. Of what is behind a script,
// such as pyenv's shims, it knows nothing. How packages are installed is no
// part of it: uv and pip install the same.
func (m Maker) Identity() (string, error) {
	program, role := m.Python, "python"
	if program == "" {
		program, role = m.UV, "chosen by uv"
	}
	target, err := filepath.EvalSymlinks(program)
	if err != nil {
		return "", fmt.Errorf("look at Python: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", fmt.Errorf("look at Python: %w", err)
	}
	return fmt.Sprintf("%s %q %d %d", role, target, info.Size(), info.ModTime().UnixNano()), nil
}

// String says which Python it is and what installs.
func (m Maker) String() string {
	switch {
	case m.UV == "":
		return m.Python + ", with pip"
	case m.Python == "":
		return "the Python that uv chooses, with " + m.UV
	}
	return m.Python + ", with " + m.UV
}

// Commands are the command lines that make a virtual environment in a directory
// that isn't there and install a requirements file into it, with bytecode: a
// program without is slow to start.
func (m Maker) Commands(dir, requirements string) [][]string {
	python := Program(dir, "python")
	if m.UV == "" {
		return [][]string{
			{m.Python, "-m", "venv", dir},
			{python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--compile", "--requirement", requirements},
		}
	}
	// What pyproject.toml requires of Python is about the working tree.
	venv := []string{m.UV, "venv", "--no-project"}
	if m.Python != "" {
		venv = append(venv, "--python", m.Python)
	}
	return [][]string{
		append(venv, dir),
		{m.UV, "pip", "install", "--python", python, "--compile-bytecode", "--requirements", requirements},
	}
}

// Program is the path of a program in the virtual environment in dir.
func Program(dir, name string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", name+".exe")
	}
	return filepath.Join(dir, "bin", name)
}
