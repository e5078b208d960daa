package cli_test

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"dot-for-dbt/cli"
	"dot-for-dbt/internal/testing/standin"
)

// TestMain lets the test binary serve as two programs, for scripts and tests: dot, and
// a stand-in for dbt.
func TestMain(m *testing.M) {
	testscript.Main(hermetic{m}, map[string]func(){"dot": dotMain, "dbt": dbtMain})
}

// dotMain is main with a clock that a test can set.
func dotMain() {
	process, err := cli.ThisProcess()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	process.Now = clock()
	os.Exit(cli.Main(process))
}

func dbtMain() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(standin.Main(standin.Process{
		Args: os.Args[1:], Env: os.Environ(), Dir: dir, Stdout: os.Stdout, Stderr: os.Stderr, Now: clock(),
	}))
}

// clock returns the system's clock, or one that stands still at DOT_TEST_NOW.
func clock() func() time.Time {
	text := os.Getenv("DOT_TEST_NOW")
	if text == "" {
		return time.Now
	}
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		fmt.Fprintln(os.Stderr, "DOT_TEST_NOW:", err)
		os.Exit(2)
	}
	return func() time.Time { return now }
}

// hermetic runs the tests without the user's settings for git, dbt and dot.
type hermetic struct{ *testing.M }

func (h hermetic) Run() int {
	// Child processes inherit ignored signals. Under nohup, they would ignore the
	// SIGHUP of a closed terminal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"GIT_", "DBT_", "DOT_", "STANDIN_", "TERM_PROGRAM"} {
			if strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, "DOT_TEST_") {
				os.Unsetenv(name)
			}
		}
	}
	home, err := os.MkdirTemp("", "dot-cli-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(home)
	template = filepath.Join(home, "template")
	for _, entry := range hermeticEnv(home) {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value)
	}
	if err := makeShop(template); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return h.M.Run()
}
