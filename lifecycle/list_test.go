package lifecycle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/git/gittest"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/lifecycle"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A world is a repository with builds, which no dbt has made.
type world struct {
	t    *testing.T
	repo *gittest.Repo
	ws   *workspace.Workspace
	now  time.Time
	runs int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, repo: gittest.New(t), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	w.repo.Write("dbt_project.yml", "name: shop\nprofile: shop\n")
	w.repo.Write("dot_environments.yml", "environment:\n  default: dev\n  dev: {}\n  prod: {}\n")
	w.repo.Write("profiles.yml", "shop: {target: dev, outputs: {dev: {type: postgres, schema: dev}, prod: {type: postgres, schema: prod}}}\n")
	w.repo.Write(".gitignore", ".dot\n")
	w.repo.Commit("first")
	var err error
	if w.ws, err = workspace.Open(w.repo.Dir); err != nil {
		t.Fatal(err)
	}
	w.check(w.ws.Create())
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// build returns the build of an environment at HEAD.
func (w *world) build(env string) workspace.Build {
	w.t.Helper()
	hash := w.repo.Git("rev-parse", "HEAD")
	commit, err := w.ws.Finder().Commit(hash, hash[:7], false)
	w.check(err)
	name, text := commit.File()
	w.check(os.MkdirAll(filepath.Dir(name), 0o700))
	w.check(os.WriteFile(name, []byte(text), 0o600))
	return commit.Build("", env)
}

func placeOf(b workspace.Build) workspace.Place {
	return workspace.Place{Adapter: "postgres", Host: "db", Database: "shop", Schema: b.Env + "_" + b.Commit.Short}
}

// ran makes a run of a build that wrote some nodes, failed on others, and rests on what is below.
func (w *world) ran(b workspace.Build, wrote, failed string, below *workspace.LayerRef, changed ...string) {
	w.t.Helper()
	end := workspace.Ending{
		Written: strings.Fields(wrote), Failed: strings.Fields(failed), Complete: true, Succeeded: failed == "",
		Layer: &workspace.Footing{Below: below, Changed: changed},
	}
	w.ranAt(b, placeOf(b), end)
	state := graph.Succeeded
	if failed != "" {
		state = graph.Failed
	}
	w.record(b.Record("build"), state)
}

// ranAt makes a run at a place.
func (w *world) ranAt(b workspace.Build, p workspace.Place, end workspace.Ending) {
	w.t.Helper()
	w.runs++
	run := workspace.Run{ID: fmt.Sprintf("r%d", w.runs), Command: "build", Time: w.now}
	targets := map[string]workspace.Target{}
	for _, id := range slices.Concat(end.Written, end.Failed) {
		targets[id] = workspace.Target{Relation: workspace.Relation{Place: p, Name: id}, Spelling: workspace.Spelling{Name: id, SQL: id}}
	}
	w.check(w.ws.Begin(b, p, run, targets))
	_, err := w.ws.End(b, p, run, targets, end)
	w.check(err)
}

// record saves a record that ends now. The clock goes on.
func (w *world) record(name string, state graph.State) {
	w.t.Helper()
	r := graph.Record{Version: graph.RecordVersion, Step: name, State: state, PID: 4711, Started: w.now}
	w.now = w.now.Add(time.Minute)
	if state != graph.Started {
		r.Finished, r.Outputs = w.now, []byte(`{"counts":{"success":2}}`)
	}
	w.check(w.ws.Save(name, r))
}

func ref(b workspace.Build) *workspace.LayerRef {
	r := b.Ref(placeOf(b))
	return &r
}

// read lists builds. Specs are given as text.
func (w *world) read(req lifecycle.Request, specs ...string) *lifecycle.List {
	w.t.Helper()
	for _, text := range specs {
		s, err := spec.Parse(text)
		w.check(err)
		req.Specs = append(req.Specs, s)
	}
	list, err := lifecycle.Read(context.Background(), w.world(), req)
	w.check(err)
	return list
}

func (w *world) world() steps.World {
	return steps.World{Dir: w.repo.Dir, Now: func() time.Time { return w.now }}
}

// only returns the only build of a list.
func (w *world) only(list *lifecycle.List) lifecycle.Build {
	w.t.Helper()
	if len(list.Builds) != 1 {
		w.t.Fatalf("%d builds, want 1", len(list.Builds))
	}
	return list.Builds[0]
}

// counts are a build's own, broken and being built nodes, and those below.
func counts(b lifecycle.Build) string {
	if len(b.Places) == 0 {
		return "nowhere"
	}
	own, below := "?", "-"
	if n := b.Places[0].Nodes; n != nil {
		own = fmt.Sprint(n.Own, n.Broken, n.Building)
	}
	if l := b.Places[0].Below; l != nil {
		below = "?" + l.Gone
		if l.Nodes != nil {
			below = fmt.Sprint(*l.Nodes)
		}
	}
	return own + " " + below
}

// TestLayers counts nodes: a whole build, one on it that changes two of its nodes and builds one of them, and one
// on that. Then a layer disappears, and one is damaged.
func TestLayers(t *testing.T) {
	w := newWorld(t)
	whole := w.build("prod")
	w.ran(whole, "a b c d", "", nil)
	w.repo.Commit("second")
	thin := w.build("dev")
	w.ran(thin, "a", "e", ref(whole), "a", "b", "e")
	w.repo.Commit("third")
	top := w.build("dev")
	w.ran(top, "x", "", ref(thin), "x")
	want := func(who string, want ...string) {
		t.Helper()
		var got []string
		for _, b := range w.read(lifecycle.Request{}).Builds {
			got = append(got, counts(b))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", who, diff)
		}
	}
	// top reads a of thin, c and d of whole; b is changed by thin and not built, e failed
	want("all", "1 0 0 3", "1 1 0 2", "4 0 0 -")
	resting := w.read(lifecycle.Request{Resting: true, Limit: 2}).Builds
	if len(resting) != 2 || len(resting[0].Resting) != 0 || len(resting[1].Resting) != 1 || resting[1].Resting[0].ID() != top.ID() {
		t.Errorf("resting: %v", resting)
	}
	// The lower layers are read for a single build, too.
	if got := counts(w.only(w.read(lifecycle.Request{Limit: 1}))); got != "1 0 0 3" {
		t.Errorf("alone: %s", got)
	}
	// A damaged file of whole's commit: it may be another commit.
	name, text := whole.Commit.File()
	w.check(os.WriteFile(name, []byte("damaged"), 0o600))
	want("a damaged commit", "1 0 0 ?", "1 1 0 ?", "4 0 0 -")
	last := w.read(lifecycle.Request{Resting: true}).Builds[2]
	if len(last.Resting) != 1 || last.Resting[0].ID() != thin.ID() || len(last.Problems) != 1 || last.InGit != lifecycle.NotAsked {
		t.Errorf("with a damaged commit: %v, %q, %q", last.Resting, last.Problems, last.InGit)
	}
	w.check(os.WriteFile(name, []byte(text), 0o600))
	// Another build overwrites a and c.
	twin := w.build("twin")
	w.ranAt(twin, placeOf(whole), workspace.Ending{Written: []string{"a", "c"}, Complete: true, Succeeded: true})
	w.check(os.RemoveAll(twin.Dir()))
	want("overwritten", "1 0 0 2", "1 1 0 1", "2 2 0 -")
	w.check(os.WriteFile(filepath.Join(w.ws.Path(), "places", placeOf(whole).ID()+".json"), []byte("{"), 0o600))
	want("a damaged ledger", "1 0 0 ?", "1 1 0 ?", "? -")
	w.check(os.RemoveAll(whole.Commit.Dir()))
	want("gone", "1 0 0 1", "1 1 0 ?it is gone")
}

// TestLayersOnEachOther has two builds that rest on each other.
func TestLayersOnEachOther(t *testing.T) {
	w := newWorld(t)
	one, other := w.build("dev"), w.build("prod")
	w.ran(one, "a", "", ref(other))
	w.ran(other, "b", "", ref(one))
	for _, b := range w.read(lifecycle.Request{}).Builds {
		if got := counts(b); got != "1 0 0 1" {
			t.Errorf("%s: %s", b.Name(), got)
		}
	}
}

// TestSecretPlace has a place that a secret variable says: its file can't be found.
func TestSecretPlace(t *testing.T) {
	w := newWorld(t)
	b := w.build("dev")
	p := workspace.Place{Adapter: "duckdb", Database: w.ws.Hide("/secret/shop.duckdb"), Schema: "dev"}
	w.ranAt(b, p, workspace.Ending{Written: []string{"a"}, Complete: true, Succeeded: true})
	if got := counts(w.only(w.read(lifecycle.Request{}))); got != "? -" {
		t.Errorf("nodes %s", got)
	}
}

// TestLast proves A.10: the last command of a build, as its records tell.
func TestLast(t *testing.T) {
	for _, test := range []struct {
		name          string
		do            func(w *world, b workspace.Build)
		want, problem string
	}{
		{"nothing", func(*world, workspace.Build) {}, " never", ""},
		{"a build", func(w *world, b workspace.Build) { w.ran(b, "a", "", nil) }, "build ok: 2 ok", ""},
		{"a selection", func(w *world, b workspace.Build) { w.record(b.Record("build-b8f477884a"), graph.Succeeded) }, "build ok: 2 ok", ""},
		{"a command with a hyphen", func(w *world, b workspace.Build) { w.record(b.Record("run-operation-0123456789"), graph.Stopped) }, "run-operation interrupted: 2 ok", ""},
		{"a command of two words", func(w *world, b workspace.Build) { w.record(b.Record("docs-generate"), graph.Succeeded) }, "docs generate ok: 2 ok", ""},
		{"a later test", func(w *world, b workspace.Build) {
			w.ran(b, "a", "", nil)
			w.record(b.Record("test"), graph.Failed)
		}, "test failed: 2 ok", ""},
		{"a killed one", func(w *world, b workspace.Build) {
			w.ran(b, "a", "", nil)
			w.record(b.CheckRecord("build"), graph.Succeeded)
			w.record(b.Record("build"), graph.Started)
		}, "build interrupted", ""},
		{"a failed check", func(w *world, b workspace.Build) {
			w.record(b.Record("build"), graph.Succeeded)
			w.record(b.CheckRecord("run-0123456789"), graph.Failed)
		}, "run failed", ""},
		{"killed after the check", func(w *world, b workspace.Build) { w.record(b.CheckRecord("build"), graph.Succeeded) }, "build interrupted", ""},
		{"a damaged record", func(w *world, b workspace.Build) {
			w.ran(b, "a", "", nil)
			file, err := w.ws.RecordFile(b.Record("seed"))
			w.check(err)
			w.check(os.WriteFile(file, []byte("{"), 0o600))
			later := w.now.Add(time.Second)
			w.check(os.Chtimes(file, later, later))
		}, "seed unknown", "seed.json: not a whole record"},
		{"an old damaged record", func(w *world, b workspace.Build) {
			file, err := w.ws.RecordFile(b.Record("seed"))
			w.check(err)
			w.check(os.MkdirAll(filepath.Dir(file), 0o700))
			w.check(os.WriteFile(file, []byte("{"), 0o600))
			w.check(os.Chtimes(file, w.now, w.now))
			w.ran(b, "a", "", nil)
		}, "build ok: 2 ok", "seed.json: not a whole record"},
		{"records removed", func(w *world, b workspace.Build) {
			w.ran(b, "a", "", nil)
			w.check(os.RemoveAll(filepath.Join(b.Dir(), "records")))
		}, "build unknown", ""},
		{"another tool's", func(w *world, b workspace.Build) {
			w.check(os.MkdirAll(b.Target(), 0o700))
			w.check(os.WriteFile(filepath.Join(b.Target(), "manifest.json"), []byte("{}"), 0o600))
		}, " adopted", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.build("dev")
			w.check(os.MkdirAll(b.Dir(), 0o700))
			test.do(w, b)
			got := w.only(w.read(lifecycle.Request{}))
			said := got.Last.Command + " " + string(got.Last.State)
			if got.Last.Result != "" {
				said += ": " + got.Last.Result
			}
			if said != test.want {
				t.Errorf("%q, want %q", said, test.want)
			}
			problems := strings.Join(got.Problems, "\n")
			if !strings.Contains(problems, test.problem) || (test.problem == "") != (problems == "") {
				t.Errorf("problems %q, want %q", problems, test.problem)
			}
			if strings.Contains(problems, w.repo.Dir) {
				t.Errorf("a problem has the repository's path: %s", problems)
			}
		})
	}
}

// TestRunning has commands that hold the build's lock.
func TestRunning(t *testing.T) {
	w := newWorld(t)
	b := w.build("dev")
	w.ran(b, "a b", "", nil)
	hold := func(line string, shared bool, want string, nodes string) {
		t.Helper()
		lock := steps.BuildLock(b)
		lock.Shared = shared
		held, err := w.ws.Locker(line).Lock(t.Context(), []graph.Lock{lock}, func(graph.Lock, string) {})
		w.check(err)
		defer held.Release()
		got := w.only(w.read(lifecycle.Request{}))
		if said := got.Last.Command + " " + string(got.Last.State); said != want {
			t.Errorf("with %s: %q, want %q", line, said, want)
		}
		if running := got.Last.State == lifecycle.Running; running != (got.Last.PID == os.Getpid()) {
			t.Errorf("with %s: pid %d", line, got.Last.PID)
		}
		if got := counts(got); got != nodes {
			t.Errorf("with %s: nodes %s, want %s", line, got, nodes)
		}
	}
	hold("dot build dev@HEAD", true, "build ok", "2 0 0 -") // it reads only
	hold("dot test dev@HEAD", false, "test running", "2 0 0 -")
	run := workspace.Run{ID: "open", Command: "build", Time: w.now}
	w.check(w.ws.Begin(b, placeOf(b), run, map[string]workspace.Target{"a": {Relation: workspace.Relation{Place: placeOf(b), Name: "a"}}}))
	w.record(b.Record("build"), graph.Started)
	hold("dot build dev@HEAD", false, "build running", "1 0 1 -")
	if got := w.only(w.read(lifecycle.Request{})); got.Last.State != lifecycle.Interrupted || counts(got) != "1 1 0 -" {
		t.Errorf("killed: %s, %s", got.Last.State, counts(got))
	}
}

// TestOrder has the build that was used last first, and a limit.
func TestOrder(t *testing.T) {
	w := newWorld(t)
	var want []string
	for i := range 5 {
		b := w.build(fmt.Sprintf("e%d", 9-i))
		w.ran(b, "a", "", nil)
		records := filepath.Join(b.Dir(), "records")
		w.check(os.Chtimes(records, w.now, w.now))
		want = append([]string{b.ID()}, want...)
	}
	for limit, more := range map[int]int{0: 0, 3: 2, 5: 0, 9: 0} {
		list := w.read(lifecycle.Request{Limit: limit})
		var got []string
		for _, b := range list.Builds {
			got = append(got, b.Name())
		}
		if diff := cmp.Diff(want[:5-more], got); diff != "" || list.More != more {
			t.Errorf("limit %d: %d more, (-want +got):\n%s", limit, list.More, diff)
		}
	}
}

// TestSpecs chooses builds of this project, by environments, commits and ranges; git need not have the commit.
func TestSpecs(t *testing.T) {
	w := newWorld(t)
	first := w.build("dev")
	w.ran(first, "a", "", nil)
	w.ran(w.build("prod"), "a", "", nil)
	w.repo.Commit("second")
	second := w.build("dev")
	w.ran(second, "a", "", nil)
	w.check(os.MkdirAll(filepath.Join(second.Commit.Dir(), "projects", "sub", "env", "dev", "target"), 0o700))
	lost := strings.Repeat("ab", 20)
	gone, err := w.ws.Finder().Commit(lost, lost[:7], false)
	w.check(err)
	name, text := gone.File()
	w.check(os.MkdirAll(filepath.Join(gone.Dir(), "env", "dev"), 0o700))
	w.check(os.WriteFile(name, []byte(text), 0o600))
	for specs, want := range map[string]string{
		"dev":                    "first second lost",
		"prod":                   "prod",
		"dev@HEAD":               "second",
		"@HEAD~":                 "first",
		"dev@HEAD~..HEAD":        "second",
		"dev@HEAD prod@HEAD~":    "second prod",
		"dev@HEAD dev":           "first second lost",
		"prod@HEAD":              "missing prod@HEAD",
		"prod@HEAD~..HEAD dev@@": "missing prod@HEAD~..HEAD second",
		"dev@abababa":            "lost",
		"dev@" + lost:            "lost",
		"dev@abab HEAD":          "error",
		"dev@ababc":              "error",
		"dev@HEAD..HEAD":         "error",
		"staging":                "error",
		"":                       "first prod second sub lost",
	} {
		var parsed []spec.Spec
		for text := range strings.FieldsSeq(specs) {
			s, err := spec.Parse(text)
			w.check(err)
			parsed = append(parsed, s)
		}
		list, err := lifecycle.Read(t.Context(), w.world(), lifecycle.Request{Specs: parsed})
		var got []string
		if err != nil {
			got = []string{"error"}
		} else {
			for _, b := range list.Builds {
				switch {
				case b.Project != "":
					got = append(got, "sub")
				case b.Env == "prod":
					got = append(got, "prod")
				case b.ID() == first.ID():
					got = append(got, "first")
				case b.ID() == second.ID():
					got = append(got, "second")
				case b.InGit == lifecycle.Lost && b.Gone():
					got = append(got, "lost")
				}
			}
			for _, s := range list.Missing {
				got = append(got, "missing", s)
			}
		}
		wanted := strings.Fields(want)
		slices.Sort(got)
		slices.Sort(wanted)
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s\n%v", specs, diff, err)
		}
	}
}

// TestReadsLittle proves A.10. It counts what is read of a build that isn't shown: the file of its commit. git is asked once, or
// twice if a commit has no ref, however many builds there are.
func TestReadsLittle(t *testing.T) {
	w := newWorld(t)
	w.ran(w.build("prod"), "a", "", nil)
	made := 0
	upTo := func(n int) {
		t.Helper()
		for ; made < n; made++ {
			hash := fmt.Sprintf("%07x%033x", made+1, made+1)
			commit, err := w.ws.Finder().Commit(hash, hash[:7], true)
			w.check(err)
			b := commit.Build("", "dev")
			for file, text := range map[string]string{
				filepath.Join(commit.Dir(), "commit"):             hash,
				filepath.Join(b.Dir(), "records", "build.json"):   "damaged",
				filepath.Join(b.Dir(), "layer", "0123.json"):      "damaged",
				filepath.Join(commit.Worktree(), ".git"):          "damaged",
				filepath.Join(b.Dir(), "target", "manifest.json"): "damaged",
			} {
				w.check(os.MkdirAll(filepath.Dir(file), 0o700))
				w.check(os.WriteFile(file, []byte(text), 0o600))
			}
			past := w.now.Add(-time.Hour)
			w.check(os.Chtimes(filepath.Join(b.Dir(), "records"), past, past))
		}
	}
	trace := t.TempDir()
	t.Setenv("GIT_TRACE2_EVENT", trace) // a file for each git
	cost := func(n int) (reads, gits int) {
		t.Helper()
		upTo(n)
		files, err := os.ReadDir(trace)
		w.check(err)
		before := readCalls(t)
		list := w.read(lifecycle.Request{Limit: 1})
		reads = readCalls(t) - before
		if b := w.only(list); b.Env != "prod" || list.More != n {
			t.Fatalf("%s and %d more", b.Name(), list.More)
		}
		after, err := os.ReadDir(trace)
		w.check(err)
		return reads, len(after) - len(files)
	}
	few, fewGits := cost(100)
	many, manyGits := cost(300)
	if fewGits != 2 || manyGits != 2 { // one finds the repository
		t.Errorf("%d and %d git processes, want 2", fewGits, manyGits)
	}
	// A file takes a call for its content and one for its end.
	if each := float64(many-few) / 200; each > 2.2 {
		t.Errorf("%.1f calls of read for each build, want 2", each)
	}
}

// readCalls returns how often this process has called read(2), 0 if the system doesn't tell.
func readCalls(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var n int
		if _, err := fmt.Sscanf(line, "syscr: %d", &n); err == nil {
			return n
		}
	}
	return 0
}
