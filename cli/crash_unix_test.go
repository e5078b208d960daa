//go:build unix

package cli_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dotdir"
)

// A crash is a command that is killed again and again in a shop with packages.
type crash struct {
	*shop
	command string
	took    time.Duration // undisturbed
	want    outcome
	// identities are fields of records that differ from run to run, if the
	// baseline is built among them.
	identities []string
}

// An outcome is what a command leaves behind.
type outcome struct {
	Warehouse, Dot map[string]string
	Worktrees      []string
}

func newCrash(t *testing.T, command string) *crash {
	t.Helper()
	c := &crash{shop: newShop(t), command: command}
	if strings.Contains(command, "--defer") {
		c.identities = []string{"key", "digest"}
	}
	c.restore()
	begun := time.Now()
	if r := c.start(command, false); r.wait(t) != 0 {
		t.Fatalf("dot %s, undisturbed: %s", command, r.said)
	}
	c.took, c.want = time.Since(begun), c.outcome()
	if len(c.want.Warehouse) == 0 || len(c.want.Dot) == 0 {
		t.Fatalf("the undisturbed run left nothing: %+v", c.want)
	}
	c.restore()
	return c
}

// restore restores the state before the command ever ran.
func (c *crash) restore() {
	c.t.Helper()
	c.remove(".")
	if err := os.CopyFS(c.dir, os.DirFS(template)); err != nil {
		c.t.Fatal(err)
	}
	c.write("packages.yml", "packages:\n  - local: money\n")
	c.write("money/dbt_project.yml", "name: money\n")
	c.git("add", "--all")
	c.git("commit", "-q", "-m", "A package")
}

func (c *crash) outcome() outcome {
	c.t.Helper()
	// A rebuilt baseline changes the keys of all builds that defer to it.
	dot, err := dotdir.Tree(c.file(".dot"), c.identities...)
	if err != nil {
		c.t.Fatal(err)
	}
	worktrees := strings.Split(c.git("worktree", "list", "--porcelain"), "\n\n")
	slices.Sort(worktrees)
	return outcome{Warehouse: c.warehouse(), Dot: dot, Worktrees: worktrees}
}

// ends runs the command to its end, and compares the outcome with that of a command
// without kills.
func (c *crash) ends(after string) {
	c.t.Helper()
	c.run(c.command)
	if diff := cmp.Diff(c.want, c.outcome()); diff != "" {
		c.t.Fatalf("%s: what there is at the end (-undisturbed +disturbed):\n%s", after, diff)
	}
}

// pids is the file with the process IDs of all dbts.
func (c *crash) pids() string { return filepath.Join(filepath.Dir(c.dir), "pids") }

// killDBTs kills all dbts that still run.
func (c *crash) killDBTs() {
	text, _ := os.ReadFile(c.pids()) // none was started
	for _, word := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(word); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
		}
	}
}

// victims says which processes are killed.
var victims = []string{"dot", "dbt", "both"}

// kill kills a running dot, its dbts, or both, and waits until all of them have ended.
// It kills a hanging dbt, and later ones, until dot gives up.
func (c *crash) kill(r *running, victim string, hangs bool) {
	c.t.Helper()
	if victim != "dbt" {
		_ = r.cmd.Process.Signal(syscall.SIGKILL) // it may have ended
	}
	if victim != "dot" {
		c.killDBTs()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = r.cmd.Wait() // killed, or failed
	}()
	for over := false; !over; {
		select {
		case <-ended:
			over = true
		case <-time.After(10 * time.Millisecond):
			if hangs && victim != "dot" {
				c.killDBTs()
			}
		}
	}
	c.nobodyLeft()
	if err := os.RemoveAll(c.pids()); err != nil {
		c.t.Fatal(err)
	}
}

// After a kill of any process at any time, the same command ends as if there had been
// no kill. DOT_TEST_KILLS sets the number of kills; DOT_TEST_SEED repeats a test.
func TestKill(t *testing.T) {
	kills, seed := number(t, "DOT_TEST_KILLS", 10), number(t, "DOT_TEST_SEED", uint64(time.Now().UnixNano()))
	for name, test := range map[string]struct {
		command string
		with    func(*testing.T)
	}{
		"one spec":      {"build dev@HEAD", withoutRace},
		"several specs": {"build dev@HEAD prod@main --defer prod@main", withRace},
	} {
		t.Run(name, func(t *testing.T) {
			test.with(t)
			t.Parallel()
			command := test.command
			c := newCrash(t, command)
			for _, hangs := range []string{"deps", "list", "build"} {
				for _, victim := range victims {
					c.kill(c.startHalfway(command, hangs, false, "STANDIN_PIDS="+c.pids()), victim, true)
				}
			}
			c.ends("killed in each of dbt's commands")

			t.Logf("DOT_TEST_SEED=%d", seed)
			random := rand.New(rand.NewPCG(seed, uint64(len(name))))
			n := int(kills / 2)
			for i := range n {
				c.restore()
				victim := victims[i%len(victims)]
				moment := time.Duration((float64(i) + random.Float64()) / float64(n) * float64(c.took))
				r := c.start(command, false, "STANDIN_PIDS="+c.pids())
				time.Sleep(moment) // the moment is what is tested
				c.kill(r, victim, false)
				c.ends(victim + " killed after " + moment.String())
			}
		})
	}
}

// number returns the number in an environment variable, or a default.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
