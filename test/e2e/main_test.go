//go:build unix

package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"dot-for-dbt/internal/testing/imported"
	"dot-for-dbt/internal/testing/postgres"
)

// State that the tests of this package share. The first test that needs it makes it.
var (
	dotBinary = sync.OnceValues(buildDot)
	pgServer  = sync.OnceValues(startPostgres)
	quickDBT  imported.Server

	scratch      string      // a directory for the duration of all tests
	stopPostgres = func() {} // set by startPostgres
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	// Run one test more at once than there are CPUs, since one is always waiting: for an index, a
	// gate, a kill. -parallel on the command line, which is read later, overrides this.
	err := flag.Set("test.parallel", strconv.Itoa(runtime.GOMAXPROCS(0)+1))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if scratch, err = os.MkdirTemp("", "dot-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	defer func() { stopPostgres() }()
	defer quickDBT.Stop()
	// Under nohup, the started programs would not notice a closed terminal: ignored signals are
	// inherited. Handled ones are not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	return m.Run()
}

// venv returns the virtual environment with dbt. Without one, it skips the test.
func venv(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DOT_TEST_VENV")
	if dir == "" {
		t.Skip("DOT_TEST_VENV is not set: run make test")
	}
	return dir
}

// onBoth runs a test on both databases, in parallel with all others.
func onBoth(t *testing.T, test func(t *testing.T, adapter string)) {
	t.Helper()
	t.Parallel()
	for _, adapter := range []string{"duckdb", "postgres"} {
		t.Run(adapter, func(t *testing.T) {
			t.Parallel()
			test(t, adapter)
		})
	}
}

// onOne is onBoth for a test that proves the same on either database: make test runs it on one of
// them, make test-full on both.
func onOne(t *testing.T, usual string, test func(t *testing.T, adapter string)) {
	t.Helper()
	if inFull() {
		onBoth(t, test)
		return
	}
	t.Parallel()
	t.Run(usual, func(t *testing.T) {
		t.Parallel()
		test(t, usual)
	})
}

// inFull reports whether make test-full runs, which has time for slow tests.
func inFull() bool { return os.Getenv("DOT_TEST_FULL") != "" }

// full skips a slow test, except in make test-full.
func full(t *testing.T) {
	t.Helper()
	if !inFull() {
		t.Skip("DOT_TEST_FULL is not set: run make test-full")
	}
}

// buildDot builds the dot of this checkout with a clock that tests can set. DOT_TEST_BUILDFLAGS may
// have more flags, such as -race.
func buildDot() (string, error) {
	binary := filepath.Join(scratch, "dot")
	args := append([]string{"build", "-o", binary}, strings.Fields(os.Getenv("DOT_TEST_BUILDFLAGS"))...)
	cmd := exec.Command("go", append(args, "dot-for-dbt/test/e2e/dot")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build dot: %w\n%s", err, out)
	}
	return binary, nil
}

// startPostgres starts the server of DOT_TEST_PG_BIN, or else of the virtual environment.
func startPostgres() (*postgres.Server, error) {
	bin := os.Getenv("DOT_TEST_PG_BIN")
	if bin == "" {
		var err error
		if bin, err = postgres.FindBin(os.Getenv("DOT_TEST_VENV")); err != nil {
			return nil, err
		}
	}
	server, err := postgres.Start(context.Background(), bin)
	if err != nil {
		return nil, err
	}
	stopPostgres = server.Stop
	return server, nil
}
