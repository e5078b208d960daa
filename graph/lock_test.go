package graph_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dot-for-dbt/graph"

	"github.com/google/go-cmp/cmp"
)

// lockText returns locks as "name" or "name (shared)".
func lockText(locks []graph.Lock) []string {
	var out []string
	for _, l := range locks {
		text := l.Name
		if l.Shared {
			text += " (shared)"
		}
		out = append(out, text)
	}
	return out
}

// A run takes all its locks at once, by name: exclusive for steps that run, shared for steps whose
// results they use, and none if nothing runs.
func TestLocksOfAPlan(t *testing.T) {
	lock := func(name string) graph.Lock { return graph.Lock{Name: name} }
	shared := func(name string) graph.Lock { return graph.Lock{Name: name, Shared: true} }
	for _, tt := range []struct {
		name       string
		runs       []graph.Lock // of a step that runs
		skipped    []graph.Lock // of a step that is skipped
		runsAsWell []graph.Lock // of another step that runs
		want       []string
	}{
		{name: "none"},
		{name: "by name", runs: []graph.Lock{lock("z"), lock("b")}, runsAsWell: []graph.Lock{lock("m")}, want: []string{"b", "m", "z"}},
		{name: "shared where skipped", runs: []graph.Lock{lock("dev")}, skipped: []graph.Lock{lock("prod")}, want: []string{"dev", "prod (shared)"}},
		{name: "alone where one runs and one is skipped", runs: []graph.Lock{lock("dev")}, skipped: []graph.Lock{lock("dev")}, want: []string{"dev"}},
		{name: "a baseline", runs: []graph.Lock{lock("dev"), shared("prod")}, want: []string{"dev", "prod (shared)"}},
		{name: "a baseline of two", runs: []graph.Lock{shared("prod")}, runsAsWell: []graph.Lock{shared("prod")}, want: []string{"prod (shared)"}},
		{name: "a baseline that is built", runs: []graph.Lock{shared("prod")}, runsAsWell: []graph.Lock{lock("prod")}, want: []string{"prod"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			steps := parseSteps("skipped:", "runs:", "runs-as-well:")
			steps[0].Locks, steps[1].Locks, steps[2].Locks = tt.skipped, tt.runs, tt.runsAsWell
			mustRun(t, newGraph(t, steps[0]), w.options())
			p := newLocks().process("pid 1")
			opts := w.options()
			opts.Locker = p
			g := newGraph(t, steps...)
			mustRun(t, g, opts)
			mustRun(t, g, opts) // nothing runs in it
			if len(p.asked) != 2 {
				t.Fatalf("locked %d times, want once a run", len(p.asked))
			}
			if diff := cmp.Diff(tt.want, lockText(p.asked[0])); diff != "" {
				t.Errorf("locks (-want +got):\n%s", diff)
			}
			if len(p.asked[1]) != 0 {
				t.Errorf("a run in which nothing runs locks %v", p.asked[1])
			}
		})
	}
}

// If somebody changes something between the first plan and the locks, and the locks are too few,
// they are released and taken again.
func TestPlanChangesBeforeTheLocks(t *testing.T) {
	for _, tt := range []struct {
		name string
		// changed is what others do before the locks are taken for the first time.
		changed func(w *world, prod, dev *graph.Step)
		want    [][]string
		ran     []string
	}{
		{"nothing", func(*world, *graph.Step, *graph.Step) {}, [][]string{{"dev", "prod (shared)"}}, []string{"dev"}},
		{
			"the baseline has to run", func(_ *world, prod, _ *graph.Step) { prod.Missing = gone("gone") },
			[][]string{{"dev", "prod (shared)"}, {"dev", "prod"}},
			[]string{"prod", "dev"},
		},
		{
			"fewer would do", func(w *world, _, dev *graph.Step) { dev.Always = "" },
			[][]string{{"dev", "prod (shared)"}},
			nil,
		},
		{
			"a step needs another lock", func(_ *world, _, dev *graph.Step) {
				dev.Locks = append(dev.Locks, graph.Lock{Name: "file.duckdb"})
			},
			[][]string{{"dev", "prod (shared)"}, {"dev", "file.duckdb", "prod (shared)"}},
			[]string{"dev"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			var ran []string
			steps := parseSteps("prod:", "dev:")
			for _, s := range steps {
				s.Locks = []graph.Lock{{Name: s.Name}}
			}
			mustRun(t, newGraph(t, steps...), w.options())
			prod, dev := steps[0], steps[1]
			dev.Always = "always"
			all := newLocks()
			p := all.process("pid 1")
			for _, s := range steps {
				s.Action = action(func(context.Context, *graph.Attempt) (any, error) {
					ran = append(ran, s.Name)
					for _, l := range s.Locks {
						if got := all.holders(l.Name); !cmp.Equal(got, []string{"pid 1"}) {
							t.Errorf("%s runs while %s is held by %q", s.Name, l.Name, got)
						}
					}
					return nil, nil
				})
				s.Pools = []string{"jobs"}
			}
			p.onLock = func(times int) error {
				if times == 1 {
					tt.changed(w, prod, dev)
				} else if got := append(all.holders("dev"), all.holders("prod")...); len(got) != 0 {
					t.Errorf("locks still held when they are taken anew: %q", got)
				}
				return nil
			}
			opts := w.options()
			opts.Locker = p
			result := mustRun(t, newGraph(t, steps...), opts)
			var asked [][]string
			for _, set := range p.asked {
				asked = append(asked, lockText(set))
			}
			if diff := cmp.Diff(tt.want, asked); diff != "" {
				t.Errorf("locks (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.ran, ran); diff != "" {
				t.Errorf("ran (-want +got):\n%s", diff)
			}
			if got := result.Plan.Runs(); got != len(tt.ran) {
				t.Errorf("the result's plan has %d steps to run, want %d", got, len(tt.ran))
			}
			if got := append(all.holders("dev"), all.holders("prod")...); len(got) != 0 {
				t.Errorf("locks still held at the end: %q", got)
			}
		})
	}
}

// However a run ends, it holds no lock afterwards.
func TestLocksAreReleased(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		name    string
		set     func(cancel func(), p *process, s *graph.Step)
		wantErr error
	}{
		{"success", func(func(), *process, *graph.Step) {}, nil},
		{"failure", func(_ func(), _ *process, s *graph.Step) { s.Action = failing(broken) }, nil},
		{"cancelled", func(cancel func(), _ *process, _ *graph.Step) { cancel() }, nil},
		{"no lock to be had", func(_ func(), p *process, _ *graph.Step) { p.onLock = func(int) error { return broken } }, broken},
		{"no lock to be had at the second try", func(_ func(), p *process, s *graph.Step) {
			p.onLock = func(times int) error {
				s.Locks = append(s.Locks, graph.Lock{Name: "more"})
				if times == 2 {
					return broken
				}
				return nil
			}
		}, broken},
		{"no plan under the locks", func(_ func(), p *process, s *graph.Step) {
			p.onLock = func(int) error {
				s.Late = func(context.Context) ([]graph.Input, error) { return nil, broken }
				return nil
			}
		}, broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w := newWorld()
			all := newLocks()
			p := all.process("pid 1")
			step := &graph.Step{Name: "build", Kind: "dbt", Record: "build", Action: nothing, Locks: []graph.Lock{{Name: "build"}}}
			tt.set(cancel, p, step)
			opts := w.options()
			opts.Locker = p
			result, err := newGraph(t, step).Run(ctx, opts)
			if !errors.Is(err, tt.wantErr) || (result == nil) != (tt.wantErr != nil) {
				t.Errorf("got %v, %v", result, err)
			}
			if got := all.holders("build"); len(got) != 0 {
				t.Errorf("the lock is still held by %q", got)
			}
		})
	}
}

// An action gets the files of its locks, to pass to its children: those of its step and of the
// steps below, and no others.
func TestHeldFiles(t *testing.T) {
	p := newLocks().process("pid 1")
	p.files = map[string]*os.File{}
	for _, lock := range []string{"commit", "build", "other"} {
		file, err := os.Create(filepath.Join(t.TempDir(), lock))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		p.files[lock] = file
	}
	for name, tt := range map[string]struct {
		locker graph.Locker
		want   []*os.File
	}{
		"locks":    {p, []*os.File{p.files["build"], p.files["commit"]}},
		"no locks": {graph.NoLocks{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []*os.File
			steps := parseSteps("worktree:", "deps: worktree", "build: deps", "other:")
			for i, lock := range map[int]string{0: "commit", 2: "build", 3: "other"} {
				steps[i].Locks = []graph.Lock{{Name: lock}}
			}
			steps[2].Action = action(func(_ context.Context, a *graph.Attempt) (any, error) {
				got = a.LockFiles()
				return nil, nil
			})
			opts := newWorld().options()
			opts.Locker = tt.locker
			mustRun(t, newGraph(t, steps...), opts)
			if !slices.Equal(got, tt.want) {
				t.Errorf("the action holds %v, want %v", got, tt.want)
			}
		})
	}
}
