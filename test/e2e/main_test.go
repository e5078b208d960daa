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
	// The dot of this checkout, with a clock that tests can set.
	dotBinary = sync.OnceValues(func() (string, error) { return buildProgram("dot", os.Getenv("DOT_TEST_BUILDFLAGS")) })
	v2Program = sync.OnceValues(func() (string, error) { return buildProgram("dbt2", "") })
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

// A generation is the first number of dbt's version, 1 or 2.
type generation int

// databases are the adapters of the tests.
var databases = []string{"duckdb", "postgres"}

// onBoth runs a test with dbt 1 on both databases, in parallel with all others.
func onBoth(t *testing.T, test func(t *testing.T, adapter string)) {
	t.Helper()
	onRows(t, databases, []generation{1}, func(t *testing.T, adapter string, _ generation) { test(t, adapter) })
}

// onOne is onBoth for a test that proves the same on either database: make test runs it on one of
// them, make test-full on both.
func onOne(t *testing.T, usual string, test func(t *testing.T, adapter string)) {
	t.Helper()
	onRows(t, usually(usual), []generation{1}, func(t *testing.T, adapter string, _ generation) { test(t, adapter) })
}

// onBothAny is onBoth for a test that proves the same with either generation of dbt: make test runs it
// with dbt 2, which starts quickly, make test-full with both. The test has to call shop.use.
func onBothAny(t *testing.T, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	onRows(t, databases, generations(), test)
}

// onOneAny is onOne for a test that proves the same with either generation of dbt, as onBothAny.
func onOneAny(t *testing.T, usual string, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	onRows(t, usually(usual), generations(), test)
}

// onRows runs a test on databases and with generations of dbt, in parallel with all others.
func onRows(t *testing.T, adapters []string, dbts []generation, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	t.Parallel()
	for _, adapter := range adapters {
		for _, dbt := range dbts {
			name := adapter
			if dbt == 2 {
				name += "-dbt2"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, adapter, dbt)
			})
		}
	}
}

// usually returns the databases of a test that make test runs on one.
func usually(adapter string) []string {
	if inFull() {
		return databases
	}
	return []string{adapter}
}

// generations returns those of a test that any dbt will do for.
func generations() []generation {
	switch {
	case v2Venv() == "":
		return []generation{1}
	case inFull():
		return []generation{1, 2}
	}
	return []generation{2}
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

// buildProgram builds a program of a directory beside this file, with flags such as -race.
func buildProgram(dir, flags string) (string, error) {
	binary := filepath.Join(scratch, dir)
	args := append([]string{"build", "-o", binary}, strings.Fields(flags)...)
	cmd := exec.Command("go", append(args, "dot-for-dbt/test/e2e/"+dir)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", dir, err, out)
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
