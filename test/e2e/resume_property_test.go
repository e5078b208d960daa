//go:build unix

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGoingOn makes random projects, disturbs a command on each, and goes on. What that leaves has
// to equal what the same command leaves without a disturbance.
//
// DOT_TEST_ROUNDS is the number of rounds on each database; without it there is one in make test-full, and none in
// make test. DOT_TEST_SEED is the seed of the first round; each next round has the next number. So a failed round
// is repeated by the seed in its name.
func TestGoingOn(t *testing.T) {
	rounds, first := number(t, "DOT_TEST_ROUNDS", 1), number(t, "DOT_TEST_SEED", uint64(time.Now().Unix()))
	if os.Getenv("DOT_TEST_ROUNDS") == "" && os.Getenv("DOT_TEST_SEED") == "" {
		full(t)
	}
	onBoth(t, "", func(t *testing.T, adapter string) {
		for i := range rounds {
			seed := first + i
			t.Run(fmt.Sprintf("DOT_TEST_SEED=%d", seed), func(t *testing.T) {
				newRound(t, adapter, rand.New(rand.NewPCG(seed, 0))).play()
			})
		}
	})
}

// A round is a random project with a command that is disturbed.
type round struct {
	*shop
	random  *rand.Rand
	project randomProject
	before  []string // a command that runs before, nil for none
	command []string // the command that is disturbed
	// history is set if an incremental model is built before. Such a model has its rows once more
	// with each run, so only --resume can go on, and nothing may be cut off after it has written.
	history bool
}

func newRound(t *testing.T, adapter string, random *rand.Rand) *round {
	t.Helper()
	r := &round{random: random, project: newRandomProject(random)}
	t.Logf("%v", r.project)
	r.shop = newProject(t, adapter, r.project.main)
	r.shop.ownDBT()
	r.git("switch", "--quiet", "--create", "branch")
	for name, text := range r.project.branch {
		r.write(name, text)
	}
	r.commit("Change something")
	r.command = r.commands()
	return r
}

// commands returns a command on the branch. It sets the one that runs before it.
func (r *round) commands() (command []string) {
	node := func() string { return r.project.nodes[r.random.IntN(len(r.project.nodes))].name }
	deferred := []string{"--defer", "prod@main"}
	command = []string{pick(r.random, "build", "build", "build", "build", "run", "test"), "dev@branch"}
	switch r.random.IntN(8) {
	case 0:
	case 1:
		command = append(command, "-s", "+"+node())
	case 2:
		command = append(append(command, deferred...), "-s", node()+"+")
	case 3:
		command = append(append(command, deferred...), "-s", node()+" "+node())
	case 4:
		command = append(append(command, deferred...), "--exclude", node())
	default:
		command = append(append(command, deferred...), "--modified")
	}
	threads, before := pick(r.random, "1", "4"), node()
	for _, n := range r.project.nodes {
		if n.kind == "incremental" && r.random.IntN(4) == 0 {
			r.history, threads, before = true, "1", n.name
		}
	}
	if r.history {
		r.before = append([]string{"run", "dev@branch", "-s", before}, deferred...)
	} else if r.random.IntN(3) == 0 {
		r.before = append([]string{"run", "dev@branch", "-s", before, "--exclude", "config.materialized:incremental"}, deferred...)
	}
	return append(command, "--threads", threads)
}

// A left is what a command leaves.
type left struct {
	Code   int
	Rows   []string          // of all relations of the build
	Tests  map[string]string // the status of each test
	Nodes  string            // how many nodes the build has as a baseline
	Decide string            // what the same command would do now: run or skip
}

// play runs the command undisturbed, and twice disturbed, from the same state.
func (r *round) play() {
	r.t.Helper()
	r.mustDot("build", "prod@main")
	if r.before != nil {
		r.dot(r.before...)
	}
	restore := r.save()

	r.arrive()
	res := r.dot(r.command...)
	ran := r.results()
	want := r.left(res, ran)
	var reached []string // nodes and tests that dbt ran
	for id, status := range ran {
		if status != "skipped" && !r.ephemeral(id) {
			reached = append(reached, nodeOf(id))
		}
	}
	slices.Sort(reached)
	if len(reached) == 0 {
		r.t.Log("the command runs nothing")
		return
	}

	for range 2 {
		restore()
		r.goesOn(reached, want)
	}
}

// goesOn disturbs the command and goes on. What is left has to be what is left undisturbed.
func (r *round) goesOn(reached []string, want left) {
	r.t.Helper()
	statuses, how := map[string]string{}, ""
	for i := range 1 + r.random.IntN(2) {
		tooEarly := i == 0 && slices.Contains(reached, r.project.late) && r.random.IntN(2) == 0
		if !tooEarly {
			r.arrive()
		}
		if how = r.disturb(reached, tooEarly); how == "" {
			break
		}
		maps.Copy(statuses, r.results())
	}
	r.arrive()
	goOn := r.goOn(how)
	r.t.Logf("goes on with dot %s", strings.Join(goOn, " "))
	res := r.dot(goOn...)
	maps.Copy(statuses, r.results())
	got := r.left(res, statuses)
	if goOn[0] == "retry" { // is another command, with a record of its own
		want.Decide, got.Decide = "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("what is left (-undisturbed +gone on):\n%s", diff)
	}
}

// left returns what a command has left.
func (r *round) left(res result, statuses map[string]string) left {
	r.t.Helper()
	l := left{Code: res.code, Tests: map[string]string{}, Decide: "refused"}
	for id, status := range statuses {
		if strings.HasPrefix(id, "test.") {
			l.Tests[nodeOf(id)] = status
		}
	}
	schema := r.schema("dev@branch")
	var parts []string
	for _, row := range r.query("select table_name from information_schema.tables where table_schema = '" + schema + "' order by 1") {
		parts = append(parts, fmt.Sprintf("select '%s' as name, k, x from %s.%s", row[0], schema, row[0]))
	}
	if len(parts) > 0 {
		l.Rows = r.rows(strings.Join(parts, " union all ") + " order by 1, 2, 3")
	}
	if res.code == 2 {
		return l
	}
	l.Decide = r.plan(r.command...).last().Decision
	if res := r.dot("plan", "compile", "prod@main", "--defer", "dev@branch"); res.code == 0 {
		l.Nodes = regexp.MustCompile(`\d+ of \d+ nodes ok`).FindString(res.stdout)
	}
	return l
}

// results returns the status of each node and test in dbt's last run results of the build.
func (r *round) results() map[string]string {
	r.t.Helper()
	text, err := os.ReadFile(r.resultsFile("dev@branch"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var read struct {
		Results []struct {
			UniqueID string `json:"unique_id"`
			Status   string `json:"status"`
		}
	}
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	statuses := map[string]string{}
	for _, each := range read.Results {
		statuses[each.UniqueID] = each.Status
	}
	return statuses
}

// nodeOf returns a node's name.
func nodeOf(id string) string { return id[strings.LastIndex(id, ".")+1:] }

func (r *round) ephemeral(id string) bool {
	return slices.ContainsFunc(r.project.nodes, func(n randomNode) bool { return n.kind == "ephemeral" && n.name == nodeOf(id) })
}

// arrive makes the table that a node waits for.
func (r *round) arrive() {
	r.t.Helper()
	r.execute("create schema if not exists late; create table if not exists late.arrival as select 1 as one")
}

// disturb runs the command with a disturbance, and says which; "" if it came to nothing.
func (r *round) disturb(reached []string, tooEarly bool) string {
	r.t.Helper()
	command := r.command
	if r.history || r.random.IntN(2) == 0 {
		command = append(slices.Clone(command), "--resume")
	}
	how := pick(r.random, "nothing", "Ctrl-C", "Ctrl-C", "kill dot", "kill dbt", "kill both")
	if tooEarly {
		how = "too early"
	}
	if how == "nothing" || how == "too early" { // failing tests are a disturbance, too
		r.t.Logf("%s: dot %s", how, strings.Join(command, " "))
		r.dot(command...)
		return how
	}
	place := "before "
	if !r.history {
		place = pick(r.random, "before ", "after ")
	}
	gate := r.newGate(place + pick(r.random, reached...))
	r.t.Logf("%s %s: dot %s", how, gate.env[0], strings.Join(command, " "))
	c := r.startAt(gate, command...)
	opened, ok := gate.tryWait(c)
	if !ok { // it has been done already
		c.wait()
		return ""
	}
	defer opened.Close()
	dbts := r.starts()
	dbt := dbts[len(dbts)-1].pid
	switch how {
	case "Ctrl-C":
		r.interrupt(c, opened, "dev@branch")
	case "kill dot":
		c.signal(syscall.SIGKILL)
		opened.Close()
	case "kill dbt":
		_ = syscall.Kill(dbt, syscall.SIGKILL)
	case "kill both":
		c.signal(syscall.SIGKILL)
		_ = syscall.Kill(dbt, syscall.SIGKILL)
	}
	c.wait()
	r.nobodyLeft()
	return how
}

// goOn returns a command that goes on after a disturbance. dot retry has to refuse a run that was
// interrupted.
func (r *round) goOn(how string) []string {
	r.t.Helper()
	resume := append(slices.Clone(r.command), "--resume")
	switch pick(r.random, "retry", "again", "resume", "resume") {
	case "retry":
		retry := []string{"retry", "dev@branch"}
		if how == "too early" || how == "nothing" {
			return retry
		}
		if how != "" {
			r.ends(2, "was interrupted", retry...)
		}
	case "again":
		if !r.history {
			return r.command
		}
	}
	return resume
}
