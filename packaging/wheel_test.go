//go:build unix

// Package packaging tests the wheels that wheels.sh builds: their content, and that each
// installer people have makes a dot of them that runs. It needs the environment variables DOT_TEST_DIST, the
// virtual environment of test/requirements/dist.txt, and DOT_TEST_WHEELS, the directory that make dist has
// filled. It also tests a snapshot of a release, if DOT_TEST_RELEASE names the directory of make release-tools.
package packaging

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// root is the checkout's.
const root = ".."

// most is the size in bytes that a wheel may have.
const most = 12 << 20

// dist returns a program of the virtual environment with the tools.
func dist(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("DOT_TEST_DIST")
	if dir == "" {
		t.Skip("DOT_TEST_DIST is not set: run make test-dist")
	}
	return filepath.Join(dir, "bin", name)
}

// result is what a command said and how it ended.
type result struct {
	said string
	code int
}

// run runs a command in a new home directory, without the user's configuration.
func run(t *testing.T, home string, argv ...string) result {
	t.Helper()
	return runWith(t, home, nil, argv...)
}

// runWith is run with more environment variables.
func runWith(t *testing.T, home string, env []string, argv ...string) result {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "PIP_") && !strings.HasPrefix(name, "UV_") && !strings.HasPrefix(name, "XDG_") && !strings.HasSuffix(strings.ToLower(name), "_proxy") && name != "HOME" && name != "PYTHONPATH" {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "HOME="+home, "PIPX_HOME="+filepath.Join(home, "pipx"), "PIPX_BIN_DIR="+filepath.Join(home, ".local", "bin"))
	cmd.Env = append(cmd.Env, env...)
	return ended(t, cmd)
}

// ended runs a command, and returns how it ended.
func ended(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{string(out), cmd.ProcessState.ExitCode()}
}

// must is run for a command that must end well.
func must(t *testing.T, home string, argv ...string) string {
	t.Helper()
	res := run(t, home, argv...)
	if res.code != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(argv, " "), res.code, res.said)
	}
	return res.said
}

// build builds the wheel for this system in a new directory.
func build(t *testing.T) (dir, wheel string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.Command(filepath.Join(root, "packaging", "wheels.sh"), dir, runtime.GOOS+"/"+runtime.GOARCH)
	cmd.Env = append(os.Environ(), "PYTHON="+dist(t, "python"), "VERSION=0.3.0rc1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, "dot_for_dbt-0.3.0rc1-py3-none-*.whl"))
	if err != nil || len(found) != 1 {
		t.Fatalf("wheels: %v, %v", found, err)
	}
	return dir, found[0]
}

func TestWheel(t *testing.T) {
	index, file := build(t)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("content", func(t *testing.T) {
		if len(content) > most {
			t.Errorf("it has %d bytes, more than %d", len(content), most)
		}
		must(t, t.TempDir(), dist(t, "twine"), "check", "--strict", file)
		must(t, t.TempDir(), dist(t, "check-wheel-contents"), file)
	})
	t.Run("again", func(t *testing.T) {
		_, other := build(t)
		again, err := os.ReadFile(other)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) != filepath.Base(other) || !bytes.Equal(content, again) {
			t.Error("the same commit makes another wheel")
		}
	})
	offline := []string{"--no-index", "--find-links", index}
	// says reports whether a program is dot, and hands over arguments and exit codes.
	says := func(t *testing.T, home string, argv ...string) {
		t.Helper()
		if said := must(t, home, append(argv, "--version")...); !strings.HasPrefix(said, "dot ") || !strings.Contains(said, runtime.GOOS+"/"+runtime.GOARCH) {
			t.Errorf("%s --version: %s", strings.Join(argv, " "), said)
		}
		if res := run(t, home, append(argv, "no such command")...); res.code != 2 || !strings.Contains(res.said, "no such command") {
			t.Errorf("%s with a wrong argument: exit code %d\n%s", strings.Join(argv, " "), res.code, res.said)
		}
	}
	t.Run("pip", func(t *testing.T) {
		home, venv := t.TempDir(), filepath.Join(t.TempDir(), "venv")
		must(t, home, dist(t, "python"), "-m", "venv", venv)
		python := filepath.Join(venv, "bin", "python")
		must(t, home, append([]string{python, "-m", "pip", "install", "--quiet", "--pre", "dot-for-dbt"}, offline...)...)
		dot, long := filepath.Join(venv, "bin", "dot"), filepath.Join(venv, "bin", "dot-for-dbt")
		for _, argv := range [][]string{{dot}, {long}, {python, "-m", "dot_for_dbt"}} {
			says(t, home, argv...)
		}
		for _, tt := range []struct {
			damage func() error
			says   string
		}{
			{func() error { return os.WriteFile(dot, []byte("\x7fELF of Graphviz"), 0o755) }, "another one, such as Graphviz's, has replaced it"},
			{func() error { return os.Remove(dot) }, "has no binary"},
		} {
			if err := tt.damage(); err != nil {
				t.Fatal(err)
			}
			if res := run(t, home, long, "--version"); res.code != 1 || !strings.Contains(res.said, tt.says) || !strings.Contains(res.said, "hint: ") {
				t.Errorf("exit code %d, want one that says %q:\n%s", res.code, tt.says, res.said)
			}
		}
	})
	t.Run("uv", func(t *testing.T) {
		home := t.TempDir()
		must(t, home, append([]string{dist(t, "uv"), "tool", "install", "--quiet", "--prerelease=allow", "dot-for-dbt"}, offline...)...)
		for _, name := range []string{"dot", "dot-for-dbt"} {
			says(t, home, filepath.Join(home, ".local", "bin", name))
		}
	})
	t.Run("uvx", func(t *testing.T) {
		home := t.TempDir()
		uvx := append([]string{dist(t, "uvx"), "--quiet", "--prerelease=allow"}, offline...)
		says(t, home, append(uvx, "dot-for-dbt")...)
		says(t, home, append(uvx, "--from", "dot-for-dbt", "dot")...)
	})
	t.Run("pipx", func(t *testing.T) {
		home := t.TempDir()
		must(t, home, dist(t, "pipx"), "install", "--quiet", "--pip-args=--pre "+strings.Join(offline, " "), "dot-for-dbt")
		for _, name := range []string{"dot", "dot-for-dbt"} {
			says(t, home, filepath.Join(home, ".local", "bin", name))
		}
	})
}
