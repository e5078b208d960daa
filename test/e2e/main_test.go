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
	dotBinary = sync.OnceValues(func() (string, error) { return buildProgram("dot", "dot") })
	// The same, with the race detector if DOT_TEST_BUILDFLAGS says so.
	racedBinary = sync.OnceValues(func() (string, error) {
		return buildProgram("raced", "dot", strings.Fields(os.Getenv("DOT_TEST_BUILDFLAGS"))...)
	})
	v2Program = sync.OnceValues(func() (string, error) { return buildProgram("dbt2", "dbt2") })
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
	code := m.Run()
	if err := writeTimes(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
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

// A row is a database and a dbt that a test runs with.
type row struct {
	adapter string
	dbt     generation
	slow    bool // not in make test
}

// onBoth runs a test with dbt 1 on both databases, in parallel with all others. make test runs it on the usual
// one only, unless usual is "".
func onBoth(t *testing.T, usual string, test func(t *testing.T, adapter string)) {
	t.Helper()
	onRows(t, usually(usual, row{adapter: "duckdb", dbt: 1}, row{adapter: "postgres", dbt: 1}), func(t *testing.T, adapter string, _ generation) { test(t, adapter) })
}

// onOne is onBoth for a test that proves the same on either database: only make test-full runs it on both.
func onOne(t *testing.T, usual string, test func(t *testing.T, adapter string)) {
	t.Helper()
	if inFull() {
		onBoth(t, "", test)
		return
	}
	onRows(t, []row{{adapter: usual, dbt: 1}}, func(t *testing.T, adapter string, _ generation) { test(t, adapter) })
}

// onBothAny is onBoth for a test that proves the same with either generation of dbt: only make test-full
// runs it with both, others with dbt 2, which starts quickly. Such a test calls shop.use.
func onBothAny(t *testing.T, usual string, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	onRows(t, usually(usual, anyDBT("duckdb", "postgres")...), test)
}

// onOneAny is onOne for a test that proves the same with either generation of dbt.
func onOneAny(t *testing.T, usual string, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	if inFull() {
		onBothAny(t, "", test)
		return
	}
	onRows(t, anyDBT(usual), test)
}

// onOnlyAny is onOneAny for a test that needs this database.
func onOnlyAny(t *testing.T, adapter string, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	onRows(t, anyDBT(adapter), test)
}

// onEach is for a test in which the database counts, and dbt's generation, too: make test-full runs it with
// both on both, others with dbt 1 on DuckDB and with dbt 2 on PostgreSQL. make test leaves one of them out,
// unless usual is "".
func onEach(t *testing.T, usual string, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	if inFull() || v2Venv() == "" {
		onBothAny(t, "", test)
		return
	}
	onRows(t, usually(usual, row{adapter: "duckdb", dbt: 1}, row{adapter: "postgres", dbt: 2}), test)
}

// usually marks the rows as slow that are not those of the usual database. "" marks none.
func usually(usual string, rows ...row) []row {
	for i := range rows {
		rows[i].slow = usual != "" && rows[i].adapter != usual
	}
	return rows
}

// anyDBT returns the rows of a test on these databases that any dbt will do for.
func anyDBT(adapters ...string) (rows []row) {
	for _, adapter := range adapters {
		has2 := v2Venv() != ""
		if !has2 || inFull() {
			rows = append(rows, row{adapter: adapter, dbt: 1})
		}
		if has2 {
			rows = append(rows, row{adapter: adapter, dbt: 2})
		}
	}
	return rows
}

// onRows runs a test with each of these databases and dbts, in parallel with all others.
func onRows(t *testing.T, rows []row, test func(t *testing.T, adapter string, dbt generation)) {
	t.Helper()
	t.Parallel()
	for _, r := range rows {
		if r.slow && !inSlow() {
			continue
		}
		name := r.adapter
		if r.dbt == 2 {
			name += "-dbt2"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, r.adapter, r.dbt)
		})
	}
}

// inFull reports whether make test-full runs, which has time for all tests.
func inFull() bool { return os.Getenv("DOT_TEST_FULL") != "" }

// inSlow reports whether make test-slow runs, or make test-full.
func inSlow() bool { return os.Getenv("DOT_TEST_SLOW") != "" || inFull() }

// full skips a slow test, except in make test-full.
func full(t *testing.T) {
	t.Helper()
	if !inFull() {
		t.Skip("DOT_TEST_FULL is not set: run make test-full")
	}
}

// slow skips a test in make test, which has to be quick.
func slow(t *testing.T) {
	t.Helper()
	if !inSlow() {
		t.Skip("DOT_TEST_SLOW is not set: run make test-slow")
	}
}

// buildProgram builds the program of a directory beside this file, with flags such as -race. binary is the name of
// the file that it makes.
func buildProgram(binary, dir string, flags ...string) (string, error) {
	binary = filepath.Join(scratch, binary)
	args := append([]string{"build", "-o", binary}, flags...)
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
