//go:build unix

package cli_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"dot-for-dbt/cli"
	"dot-for-dbt/internal/dbt"
)

// written lists command lines that write to stdout: every command of dot's own, and
// every way in which dot writes there for a command of dbt's.
var written = []string{
	"",
	"--help",
	"--version",
	"build --help",
	"build dev@HEAD --version",
	"build dev@HEAD --dry-run",
	"build dev@HEAD --force --log stream",
	"build dev@HEAD --force --log grouped",
	"build dev@HEAD --force --log json",
	"build dev@HEAD prod@main --force",
	"plan build dev@HEAD",
	"plan build dev@HEAD --format json",
	"plan compare prod@main dev@v1",
	"check --help", // its answer goes to stderr
	"mcp --help",
	"push --help", // so do theirs
	"pull --help",
	"export --help",
	"import --help",
	"explain build dev@HEAD",
	"explain build dev@HEAD --format json",
	"compare prod@main dev@v1 --dry-run",
	"upgrade-check dev@HEAD --to 9.9.9 --dry-run",
	"path dev@HEAD",
	"schema dev@HEAD",
	"status",
	"status -v",
	"status --json",
	"drop dev@v1 --dry-run",
	"prune --keep 0 --dry-run",
	"doctor",
	"doctor --format json",
	"completion bash",
	"man build",
	"json-schema plan",
	"init-config --dry-run",
	"__complete fish bui",
}

// TestWrittenNamesEveryCommand fails on a command that is missing in written.
func TestWrittenNamesEveryCommand(t *testing.T) {
	seen := 0
	for line := range strings.Lines(newShop(t).dot([]string{"__complete", "fish", ""}).stdout) {
		seen++
		name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		_, dbts := dbt.LookupCommand(name)
		if dbts || name == "docs" || name == "source" {
			continue // what they print is dbt's
		}
		if !slices.ContainsFunc(written, func(line string) bool { return strings.HasPrefix(line+" ", name+" ") }) {
			t.Errorf("written has no command line of dot %s", name)
		}
	}
	if seen == 0 {
		t.Error("dot has no commands: the test looks for them in the wrong way")
	}
}

// newBuiltShop returns a shop with two builds that can be compared.
func newBuiltShop(t *testing.T) *shop {
	s := newShop(t)
	s.run("build prod@main dev@v1 dev@HEAD")
	return s
}

// dotTo runs dot with a stdout, and returns its stderr.
func (s *shop) dotTo(stdout io.Writer, command string) (stderr string, code int) {
	var said bytes.Buffer
	code = cli.Main(cli.Process{
		Args: strings.Fields(command), Env: s.env, Dir: s.cwd, Home: os.Getenv("HOME"), Stdout: stdout, Stderr: &said, Now: func() time.Time { return s.now },
	})
	return said.String(), code
}

// TestFullStdout: if the disk of stdout is full, every command fails, and the error is
// its last line.
func TestFullStdout(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this system has no /dev/full")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	s := newBuiltShop(t)
	for _, command := range written {
		t.Run(command, func(t *testing.T) {
			stderr, code := s.dotTo(full, command)
			if code != 2 || !strings.HasSuffix("\n"+stderr, "\nerror: write to stdout: no space left on device\n") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// TestClosedStdout: dot prints no error if the reader of a pipe ends. The exit code is
// that of a program ended by SIGPIPE.
func TestClosedStdout(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newBuiltShop(t)
	for _, command := range written {
		t.Run(command, func(t *testing.T) {
			stderr, code := s.dotTo(closedPipe(t), command)
			if code != 141 || strings.Contains(stderr, "error:") {
				t.Errorf("exit code %d\n%s", code, stderr)
			}
		})
	}
}

// TestClosedStdoutOfAProcess: SIGPIPE ends dot, as it ends git.
func TestClosedStdoutOfAProcess(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, start := range map[string][]string{
		"":                 {"dot"},
		" with it ignored": {"sh", "-c", `trap "" PIPE; exec dot "$@"`, "sh"},
	} {
		t.Run("SIGPIPE"+name, func(t *testing.T) {
			cmd := exec.Command(start[0], append(start[1:], "plan", "build", "dev@HEAD")...)
			cmd.Dir, cmd.Env, cmd.Stdout = s.cwd, s.env, closedPipe(t)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			var failed *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &failed) {
				t.Fatalf("got %v", err)
			}
			status, _ := failed.Sys().(syscall.WaitStatus)
			if status.Signal() != syscall.SIGPIPE && status.ExitStatus() != 141 || stderr.Len() > 0 {
				t.Errorf("%v\n%s", failed, &stderr)
			}
		})
	}
}

// closedPipe returns a pipe without a reader.
func closedPipe(t *testing.T) *os.File {
	t.Helper()
	// A program that another test starts meanwhile would have the pipe's reader until it runs.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	r.Close()
	return w
}
