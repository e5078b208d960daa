//go:build unix

package e2e

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed testdata/sitecustomize.py
var pythonStart string

// installDBT copies the virtual environment's dbt into bin and returns the variables
// with which Python does what testdata/sitecustomize.py says. The script stays as pip made it, but
// for its Python, so dot hosts this dbt as it does a user's. It starts at once: see package imported.
func installDBT(t *testing.T, bin, venv string) (env []string) {
	t.Helper()
	quick, err := quickDBT.DBT(venv)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(quick)
	if err != nil {
		t.Fatal(err)
	}
	dbt, python := filepath.Join(bin, "dbt"), filepath.Join(bin, "python")
	if err := os.MkdirAll(python, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dbt, script, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(python, "sitecustomize.py"), []byte(pythonStart), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{"PYTHONPATH=" + python, "SHOP_DBT=" + dbt, "SHOP_DBT_LOG=" + filepath.Join(bin, "dbt.log")}
}

// ownDBT makes each dbt and each host a process that imports dbt itself, as a user's do. It is for
// tests of how such processes start, get signals and end. dbt 2 always is one.
func (s *shop) ownDBT() {
	s.t.Helper()
	if s.plain != "" {
		return
	}
	script, err := os.ReadFile(filepath.Join(venv(s.t), "bin", "dbt"))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.bin, "dbt"), script, 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// newerVenv is the virtual environment of a dbt that is newer than the one of most tests, "" if there
// is none.
func newerVenv() string {
	for _, dir := range filepath.SplitList(os.Getenv("DOT_TEST_HOST_VENVS")) {
		if strings.HasSuffix(dir, "dbt-1.12") {
			return dir
		}
	}
	return ""
}

// unhosted switches the dbt host off: each dbt command is a process of its own.
func (s *shop) unhosted() { s.setenv("DOT_DBT_HOST=off") }

// A start is a dbt command that was started.
type start struct {
	pid     int
	command string // list, build, …, or question: a dbt run that asks the warehouse
}

// asked is the dbt command, with a space, that comes before a build where dbt drops
// relations with cascade. A build's first run has none: the dbt that marks its schema asks, too.
func (s *shop) asked() string {
	if _, ok := s.warehouse.(postgresDB); ok {
		return "question "
	}
	return ""
}

// starts returns the dbt commands that were started in the shop, in order, but for those that mark
// a schema: whether a run needs one depends on the runs before.
func (s *shop) starts() []start {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.bin, "dbt.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
	var all []start
	for line := range strings.Lines(string(text)) {
		pid, command, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		number, err := strconv.Atoi(pid)
		if !ok || err != nil {
			s.t.Fatalf("dbt.log: %q", line)
		}
		if command != "mark" {
			all = append(all, start{number, command})
		}
	}
	return all
}

// started returns the names of the dbt commands that were started while do ran.
func (s *shop) started(do func()) string {
	s.t.Helper()
	before := len(s.starts())
	do()
	return commands(s.starts()[before:])
}

// commands returns the names of the commands that were started.
func commands(starts []start) string {
	var names []string
	for _, start := range starts {
		names = append(names, start.command)
	}
	return strings.Join(names, " ")
}

// alive reports whether a process exists and is no zombie.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) || !isDir("/proc/self")
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// runs reports whether the process of a dbt that a test has started is there. By the end of a long test
// another program may have its number.
func runs(pid int) bool {
	words, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	return alive(pid) && (err != nil || bytes.Contains(words, []byte("dbt")))
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// A gate is where a dbt stands still; see testdata/sitecustomize.py.
type gate struct {
	t    *testing.T
	path string
	env  []string
}

// newGate makes a gate at a place such as "before build", or at a node: "before orders".
func (s *shop) newGate(place string) *gate {
	s.t.Helper()
	g := &gate{t: s.t, path: filepath.Join(s.t.TempDir(), "gate")}
	if err := syscall.Mkfifo(g.path, 0o600); err != nil {
		s.t.Fatal(err)
	}
	g.env = []string{"SHOP_DBT_STOP=" + place, "SHOP_DBT_GATE=" + g.path}
	return g
}

// wait waits until a dbt is at the gate. Closing the file lets it through.
func (g *gate) wait(c *call) *os.File {
	g.t.Helper()
	opened, ok := g.tryWait(c)
	if !ok {
		c.wait() // logs what it said
		g.t.Fatalf("%s ended before dbt stood at the gate", c.line)
	}
	return opened
}

// tryWait is wait for a dbt that may not come to the gate.
func (g *gate) tryWait(c *call) (opened *os.File, ok bool) {
	g.t.Helper()
	eventually(g.t, "dbt stands "+g.env[0], func() bool {
		ended := c.ended()
		// Opening a FIFO this way fails as long as it has no reader (open(2): ENXIO).
		f, err := os.OpenFile(g.path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			opened = f
		}
		return err == nil || ended
	})
	return opened, opened != nil
}

// stayOpen lets each dbt through that comes to the gate, until dot has ended.
func (g *gate) stayOpen(c *call) {
	g.t.Helper()
	for opened, ok := g.tryWait(c); ok; opened, ok = g.tryWait(c) {
		opened.Close()
	}
}

// interrupt sends Ctrl-C's signal to a dot whose dbt builds a spec and stands at a node. The node
// goes on once dbt has written its results, as it does before it waits for its nodes.
func (s *shop) interrupt(c *call, gate *os.File, spec string) {
	s.t.Helper()
	before, _ := os.ReadFile(s.resultsFile(spec))
	c.signal(syscall.SIGINT)
	eventually(s.t, "dbt is interrupted", func() bool {
		now, err := os.ReadFile(s.resultsFile(spec))
		return err == nil && string(now) != string(before) && json.Valid(now)
	})
	gate.Close()
}

// resultsFile is the path of dbt's last run results of a spec's build.
func (s *shop) resultsFile(spec string) string {
	s.t.Helper()
	env, ref, _ := strings.Cut(spec, "@")
	return filepath.Join(s.dir, ".dot", "build", s.git("rev-parse", "--short", ref), "env", env, "target", "run_results.json")
}

// patience is the time limit for anything that a test waits for. On a machine that has other work,
// three builds at once can take minutes.
const patience = 5 * time.Minute

// eventually waits until a condition holds; it fails the test if it never does. A look
// that costs, as one into a database does, is taken less often.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		begun := time.Now()
		if holds() {
			return
		}
		<-time.After(max(5*time.Millisecond, 4*time.Since(begun)))
	}
	t.Fatalf("it never happens that %s", what)
}
