//go:build unix

// Package imported gives tests a dbt that starts at once. Importing dbt and parsing its own macros
// take longer than most of its commands, so a server does both once for all tests of a package, and
// forks a process for each command. A forked process is made as dot's host makes its children; tests of
// internal/dbt/run compare those with processes of their own.
package imported

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

var (
	//go:embed python.py
	client string
	//go:embed server.py
	server string
)

// Server is a running server. The zero Server is ready for use.
type Server struct {
	begin sync.Once
	dbt   string
	err   error
	stop  func()
}

// DBT returns the path of a virtual environment's dbt that is a process of the server. All calls
// must name the same virtual environment. On other systems than Linux, and if DOT_TEST_FULL is set,
// it is the virtual environment's own dbt.
func (s *Server) DBT(venv string) (string, error) {
	dbt := filepath.Join(venv, "bin", "dbt")
	if runtime.GOOS != "linux" || os.Getenv("DOT_TEST_FULL") != "" {
		return dbt, nil
	}
	s.begin.Do(func() { s.err = s.start(venv, dbt) })
	return s.dbt, s.err
}

// Stop ends the server, if it was started.
func (s *Server) Stop() {
	if s.stop != nil {
		s.stop()
	}
}

func (s *Server) start(venv, dbt string) error {
	// The directory looks like a virtual environment, for dot reads dbt's version in it.
	dir, err := os.MkdirTemp("", "dot-imported-")
	if err != nil {
		return err
	}
	s.stop = func() { _ = os.RemoveAll(dir) }
	bin, socket := filepath.Join(dir, "bin"), filepath.Join(dir, "socket")
	real, python := filepath.Join(venv, "bin", "python"), filepath.Join(bin, "python")
	script, err := os.ReadFile(dbt)
	if err != nil {
		return err
	}
	script = bytes.Replace(script, []byte("#!"+real+"\n"), []byte("#!"+python+"\n"), 1)
	text := "#!" + real + " -IS\n" + strings.NewReplacer("@PYTHON@", real, "@SERVER@", socket).Replace(client)
	if err := os.Mkdir(bin, 0o755); err != nil {
		return err
	}
	s.dbt = filepath.Join(bin, "dbt")
	for name, text := range map[string]string{s.dbt: string(script), python: text} {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			return err
		}
	}
	if err := os.Symlink(filepath.Join(venv, "lib"), filepath.Join(dir, "lib")); err != nil {
		return err
	}
	root, err := root()
	if err != nil {
		return err
	}

	cmd := exec.Command(real, "-c", server, filepath.Join(root, "internal", "dbt", "run", "host.py"), socket, dbt)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANG=C.UTF-8", "TZ=UTC"}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.stop = func() {
		_ = stdin.Close()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		s.stop()
		return fmt.Errorf("importing dbt for all tests: %q\n%s", line, &stderr)
	}
	return nil
}

// root returns the directory of this module, in which the tests run.
func root() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod above the tests")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
