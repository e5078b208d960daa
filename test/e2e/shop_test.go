//go:build unix

package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A shop is a copy of the sample project, in its own git repository, with a warehouse.
// demo/history.sh describes its content.
type shop struct {
	t         *testing.T
	dir       string // the repository and the project
	bin       string // first on PATH: contains dbt
	plain     string // a dbt 2 that tells the test nothing; "": the shop has dbt 1
	warehouse warehouse
	env       []string // of every command: nothing of the caller's except PATH
	said      []said   // the commands of dot, with their output
}

// newShop makes a shop on the adapter "duckdb" or "postgres". HEAD is on the
// branch feature/refunds.
func newShop(t *testing.T, adapter string) *shop {
	t.Helper()
	s := newEmptyShop(t, adapter)
	history, err := filepath.Abs("../../demo/history.sh")
	if err != nil {
		t.Fatal(err)
	}
	s.must(s.commandIn(filepath.Dir(s.dir), "/bin/sh", history, s.dir))
	return s
}

// newEmptyShop makes a shop without a project. The project's directory doesn't exist yet.
func newEmptyShop(t *testing.T, adapter string) *shop {
	t.Helper()
	venv := venv(t)
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(root, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, dir: filepath.Join(root, "shop"), bin: filepath.Join(root, "bin")}
	s.env = []string{
		"PATH=" + s.bin + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + home,
		"TMPDIR=" + os.TempDir(),
		"LANG=C.UTF-8",
		"TZ=UTC",
		// A dot with the race detector sleeps for a second before it ends.
		"GORACE=atexit_sleep_ms=0",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CEILING_DIRECTORIES=" + root,
	}
	s.setenv(installDBT(t, s.bin, venv)...)
	s.warehouse = newWarehouse(t, adapter, s.dir)
	s.setenv(s.warehouse.env()...)
	t.Cleanup(s.explain)
	return s
}

// part runs a part of the test as a subtest.
func (s *shop) part(name string, do func()) {
	s.t.Helper()
	whole := s.t
	defer func() { s.t = whole }()
	whole.Run(name, func(t *testing.T) {
		s.t = t
		do()
	})
}

// setenv adds variables ("KEY=value") to the environment of later commands.
func (s *shop) setenv(vars ...string) { s.env = append(s.env, vars...) }

// dbt runs the plain dbt of the virtual environment in the project.
func (s *shop) dbt(args ...string) result {
	s.t.Helper()
	if s.plain != "" {
		return s.run(s.commandIn(s.dir, s.plain, args...))
	}
	dbt, err := quickDBT.DBT(venv(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.run(s.commandIn(s.dir, dbt, args...))
}

// git runs git in the project and returns its trimmed output. It must succeed.
func (s *shop) git(args ...string) string {
	s.t.Helper()
	return strings.TrimSpace(s.must(s.commandIn(s.dir, "git", args...)).stdout)
}

// gitWith is git with a standard input.
func (s *shop) gitWith(stdin string, args ...string) string {
	s.t.Helper()
	cmd := s.commandIn(s.dir, "git", args...)
	cmd.Stdin = strings.NewReader(stdin)
	return strings.TrimSpace(s.must(cmd).stdout)
}

// write puts text into a file of the project.
func (s *shop) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		s.t.Fatal(err)
	}
}

// commit commits all files in the project and returns the commit's short hash.
func (s *shop) commit(subject string) string {
	s.t.Helper()
	s.git("add", "--all")
	s.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "--quiet", "--message", subject)
	return s.git("rev-parse", "--short", "HEAD")
}

// query queries the warehouse; see warehouse.query.
func (s *shop) query(sql string) [][]string {
	s.t.Helper()
	rows, err := s.warehouse.query(s.t.Context(), sql)
	if err != nil {
		s.t.Fatal(err)
	}
	// Relations are those of the project: dot's mark in DuckDB is none.
	return slices.DeleteFunc(rows, func(row []string) bool { return slices.Contains(row, "dot__build") })
}

func (s *shop) commandIn(dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = slices.Clone(s.env)
	return cmd
}

// run runs cmd to its end. If it can't be started, the test fails.
func (s *shop) run(cmd *exec.Cmd) result {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatalf("%s: %v", cmd, err)
	}
	spent(s.t, cmd.ProcessState)
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs cmd, which must succeed.
func (s *shop) must(cmd *exec.Cmd) result {
	s.t.Helper()
	res := s.run(cmd)
	if res.code != 0 {
		s.t.Fatalf("%s: exit code %d\n%s%s", cmd, res.code, res.stdout, res.stderr)
	}
	return res
}
