//go:build unix

package e2e

import (
	_ "embed"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

//go:embed testdata/git.sh
var gitScript string

// mainJob is the command that is killed. It has every kind of step.
var mainJob = []string{"build", "dev@HEAD", "--defer", "prod@main", "-s", "stg_payments+"}

// A victim is a shop in which mainJob is killed again and again.
type victim struct {
	*shop
	restore func()        // restores the state before the first mainJob
	took    time.Duration // by mainJob, undisturbed
	want    outcome
}

// An outcome is the state that mainJob leaves.
type outcome struct {
	Warehouse, Git, Worktrees []string
	Dot                       map[string]string
}

func newVictim(t *testing.T, adapter string, dbt generation) *victim {
	t.Helper()
	s := newShop(t, adapter)
	s.use(dbt)
	s.ownDBT()
	if adapter == "duckdb" {
		s.unhosted() // both ways of running dbt
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.bin, "git"), []byte(gitScript), 0o755); err != nil {
		t.Fatal(err)
	}
	s.setenv("SHOP_GIT=" + git)
	s.mustDot("build", "prod@main")
	v := &victim{shop: s, restore: s.save()}
	begun := time.Now()
	s.mustDot(mainJob...)
	v.took, v.want = time.Since(begun), v.outcome()
	if len(v.want.Warehouse) == 0 || len(v.want.Dot) == 0 {
		t.Fatalf("the undisturbed run left nothing: %+v", v.want)
	}
	return v
}

func (v *victim) outcome() outcome {
	v.t.Helper()
	dot := v.dotTree()
	// The project that asks the warehouse is written anew for each question. The first run has none: the
	// dbt that marks its schema asks.
	maps.DeleteFunc(dot, func(file, _ string) bool { return strings.Contains(file, "/question/") })
	return outcome{
		Warehouse: v.table("dev_" + v.head()),
		Git:       v.gitState(),
		Worktrees: v.worktrees(),
		Dot:       dot,
	}
}

// ends runs mainJob to its end, and checks that the outcome is that of an undisturbed one.
func (v *victim) ends(after string) {
	v.t.Helper()
	if res := v.dot(mainJob...); res.code != 0 {
		v.t.Fatalf("%s: the same command ends with exit code %d", after, res.code)
	}
	if diff := cmp.Diff(v.want, v.outcome()); diff != "" {
		v.t.Fatalf("%s: what there is at the end (-undisturbed +killed):\n%s", after, diff)
	}
}

// nobodyLeft waits until no dbt runs and no lock is held.
func (s *shop) nobodyLeft() {
	s.t.Helper()
	if runtime.GOOS != "linux" {
		return // nothing interrupts dbt there
	}
	for _, start := range s.starts() {
		eventually(s.t, "dbt "+start.command+" (pid "+strconv.Itoa(start.pid)+") is gone", func() bool { return !runs(start.pid) })
	}
	locks, err := filepath.Glob(filepath.Join(s.dir, ".dot", "locks", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, lock := range locks {
		eventually(s.t, "lock "+filepath.Base(lock)+" is free", func() bool { return s.free(lock) })
	}
}

// free reports whether nobody holds a lock.
func (s *shop) free(lock string) bool {
	s.t.Helper()
	f, err := os.Open(lock)
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// Whatever is killed, and whenever: the same command then ends as an undisturbed
// one does.
func TestKill(t *testing.T) {
	kills, seed := number(t, "DOT_TEST_KILLS", 2), number(t, "DOT_TEST_SEED", uint64(time.Now().UnixNano()))
	onBothAny(t, "", func(t *testing.T, adapter string, dbt generation) {
		v := newVictim(t, adapter, dbt)
		if inFull() || adapter == "duckdb" {
			v.part("dot at each boundary", v.dotAtBoundaries)
		}
		if inFull() || adapter == "postgres" {
			v.part("dbt at each boundary", v.dbtAtBoundaries)
		}
		v.part("at random moments", func() {
			v.t.Logf("DOT_TEST_SEED=%d", seed)
			// Half of them on each database.
			v.atRandom(int(kills/2), rand.New(rand.NewPCG(seed, uint64(len(adapter)))))
		})
	})
}

// number returns the value of a variable, or a default.
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

// dotAtBoundaries kills dot before and after each command of a step. Each time it continues from
// the state that the last kill has left.
func (v *victim) dotAtBoundaries() {
	v.t.Helper()
	v.restore()
	for _, place := range []string{
		"before worktree", "after worktree", "before deps", "after deps", "before list", "after list", "before build", "after build",
	} {
		gate := v.newGate(place)
		c := v.startAt(gate, mainJob...)
		opened := gate.wait(c)
		c.signal(syscall.SIGKILL)
		c.wait()
		v.nobodyLeft()
		opened.Close()
	}
	v.reason("last run interrupted", mainJob...)
	v.ends("dot killed at every boundary")
}

// dbtAtBoundaries does the same with each dbt that dot starts.
func (v *victim) dbtAtBoundaries() {
	v.t.Helper()
	v.restore()
	for _, place := range []string{"before deps", "before list", "before build", "after build"} {
		gate := v.newGate(place)
		c := v.startAt(gate, mainJob...)
		opened := gate.wait(c)
		dbts := v.starts()
		if err := syscall.Kill(dbts[len(dbts)-1].pid, syscall.SIGKILL); err != nil {
			v.t.Fatal(err)
		}
		res := c.wait()
		opened.Close()
		_, command, _ := strings.Cut(place, " ")
		if res.code != 137 || !strings.Contains(res.stderr, "dbt "+command+" failed") || !strings.Contains(res.stderr, "killed") {
			v.t.Errorf("dbt killed %s: exit code %d", place, res.code)
		}
	}
	v.reason("last run failed", mainJob...)
	v.ends("dbt killed at every boundary")
}

// atRandom kills dot, dbt or both, in turns, at n moments spread over mainJob. The same command
// starts again at once, and has to wait for a dbt that still runs.
func (v *victim) atRandom(n int, random *rand.Rand) {
	v.t.Helper()
	for i := range n {
		v.restore()
		moment := time.Duration((float64(i) + random.Float64()) / float64(n) * float64(v.took))
		whom := v.killAfter(moment, []string{"dot", "dbt", "both"}[i%3])
		what := whom + " killed after " + moment.Round(time.Millisecond).String()
		v.t.Logf("%d of %d: %s", i+1, n, what)
		v.ends(what)
	}
	v.nobodyLeft()
}

// killAfter starts mainJob and kills dot, its running dbt, or both. It returns what it has killed.
func (v *victim) killAfter(moment time.Duration, whom string) string {
	v.t.Helper()
	before := len(v.starts())
	c := v.start(mainJob...)
	select {
	case <-time.After(moment):
	case <-c.done:
		c.wait()
		return "nobody"
	}
	killed := ""
	if starts := v.starts()[before:]; whom != "dot" && len(starts) > 0 && alive(starts[len(starts)-1].pid) {
		last := starts[len(starts)-1]
		_ = syscall.Kill(last.pid, syscall.SIGKILL) // it may just have ended
		killed = "dbt " + last.command
	}
	if whom != "dbt" || killed == "" {
		c.signal(syscall.SIGKILL)
		killed = strings.TrimPrefix(killed+" and dot", " and ")
	}
	c.wait()
	return killed
}
