package python

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"dot-for-dbt/internal/hint"
)

// A Maker is the programs that make virtual environments on this machine.
type Maker struct {
	Python string // absolute path of the base interpreter; "": uv chooses one
	UV     string // absolute path of uv, which installs faster; "": none
}

// Find looks for python3 or python, and for uv, in PATH.
func Find() (Maker, error) {
	names := []string{"python3", "python"}
	if runtime.GOOS == "windows" { // on Windows, python3 may be a stub that opens the store
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

// lookPath returns the absolute path of a program in PATH, "" for none.
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

// Identity changes when another interpreter would be used: it contains the interpreter's real path,
// size and time. It doesn't look behind scripts, such as pyenv's shims. The installer is no part of
// it, because uv and pip install the same.
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

// String names the Python and the installer.
func (m Maker) String() string {
	switch {
	case m.UV == "":
		return m.Python + ", with pip"
	case m.Python == "":
		return "the Python that uv chooses, with " + m.UV
	}
	return m.Python + ", with " + m.UV
}

// Commands returns two command lines. The first makes a virtual environment in dir, which must not
// exist. The second installs a requirements file into it, and compiles bytecode, without which a
// program starts slowly.
func (m Maker) Commands(dir, requirements string) [][]string {
	python := Program(dir, "python")
	if m.UV == "" {
		return [][]string{
			{m.Python, "-m", "venv", dir},
			{python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--compile", "--requirement", requirements},
		}
	}
	// --no-project: a pyproject.toml in the working tree may require another Python.
	venv := []string{m.UV, "venv", "--no-project"}
	if m.Python != "" {
		venv = append(venv, "--python", m.Python)
	}
	return [][]string{
		append(venv, dir),
		{m.UV, "pip", "install", "--python", python, "--compile-bytecode", "--requirements", requirements},
	}
}

// Program returns the path of a program in the virtual environment in dir.
func Program(dir, name string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", name+".exe")
	}
	return filepath.Join(dir, "bin", name)
}
