//go:build unix

package project

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Open builds dot from the checkout in the working directory as a release does, into bin/dot of a new
// directory. The caller must remove that. root is the checkout, venv the virtual environment with dbt that
// DOT_TEST_VENV names. target is the make target that sets the variable.
func Open(target string) (root, venv, dir string, err error) {
	if root, err = os.Getwd(); err != nil {
		return
	}
	if venv = os.Getenv("DOT_TEST_VENV"); venv == "" {
		return root, venv, dir, fmt.Errorf("DOT_TEST_VENV is not set: run %s", target)
	}
	if dir, err = os.MkdirTemp("", "dot-bench-"); err != nil {
		return
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "bin", "dot"), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("build dot: %w\n%s", err, out)
	}
	return root, venv, dir, err
}
