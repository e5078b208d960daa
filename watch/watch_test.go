package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/testing/screen"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// run is a run of builds whose events a test makes.
type run struct {
	builds []*steps.Built
	plan   graph.Plan
	told   []graph.Event
}

func newRun(names ...string) *run {
	r := &run{}
	for _, name := range names {
		step := "build " + name
		r.builds = append(r.builds, &steps.Built{Name: name, Schema: "s", Step: step})
		r.plan.Steps = append(r.plan.Steps, graph.Planned{
			Step: &graph.Step{Name: step, Kind: "build"}, Decision: graph.Decision{Run: true, Text: "first run"},
		})
	}
	return r
}

func (r *run) tell(kind graph.EventKind, build int, value any) {
	r.told = append(r.told, graph.Event{Kind: kind, Planned: r.plan.Steps[build], Value: value})
}

// says reports dbt's events about a build.
func (r *run) says(build int, e artifact.Event) {
	e.Time = noon
	if e.Level == "" {
		e.Level = artifact.LevelInfo
	}
	r.tell(graph.Progress, build, e)
}

func node(name string, status artifact.Status, message string) artifact.Event {
	return artifact.Event{Name: "Node", Level: artifact.LevelDebug, Node: &artifact.NodeRun{
		Result: artifact.Result{UniqueID: "model.shop." + name, Status: status, Message: message}, Type: "model", Name: name,
	}}
}

// fails reports that a build has failed.
func (r *run) fails(build int, err error) *graph.Result {
	result := &graph.Result{Plan: &r.plan, Steps: make([]graph.StepResult, len(r.plan.Steps))}
	for i := range result.Steps {
		result.Steps[i] = graph.StepResult{Outcome: graph.NotRun, Cause: r.plan.Steps[build].Step.Name}
	}
	result.Steps[build] = graph.StepResult{Outcome: graph.Broken, Err: err}
	r.told = append(r.told, graph.Event{Kind: graph.Ended, Planned: r.plan.Steps[build], Result: result.Steps[build]})
	return result
}

func (r *run) options(mode Mode, color ui.ColorMode, out, say io.Writer) Options {
	none := func(string) string { return "" }
	return Options{
		Mode: mode, Out: ui.NewPrinter(out, color, none), Say: ui.NewPrinter(say, color, none),
		Now: func() time.Time { return noon },
	}
}

// TestLive fixes the lines at the bottom of terminals of several sizes, with 1, 8 and 40 builds.
func TestLive(t *testing.T) {
	var b strings.Builder
	for _, n := range []int{1, 8, 40} {
		var names []string
		for i := range n {
			names = append(names, []string{"dev@9b13827", "a_rather_long_environment@4521a86", "日本@7de1c3d"}[i%3]+fmt.Sprint(i))
		}
		r := newRun(names...)
		board := newBoard(r.builds, noon.Add(-65*time.Second))
		for i := range names {
			r.tell(graph.Beginning, i, nil)
			r.says(i, artifact.Event{Name: "ConcurrencyLine", Total: 120})
			for _, model := range []string{"stg_orders", "fct_orders_by_month_and_customer", "customer_value", "revenue"} {
				r.says(i, node(model, "", ""))
			}
			r.says(i, node("stg_orders", artifact.StatusSuccess, "OK"))
		}
		for _, e := range r.told {
			board.observe(e, noon.Add(-5*time.Second))
		}
		for _, columns := range []int{20, 60, 80, 200} {
			fmt.Fprintf(&b, "%d builds, %d columns\n", n, columns)
			for _, line := range board.live(noon, 12, columns, ui.NewPrinter(io.Discard, ui.Never, func(string) string { return "" })) {
				line = ui.Cut(line, columns) // as the region does
				if ui.Width(line) > columns {
					t.Errorf("%q is wider than %d", line, columns)
				}
				fmt.Fprintln(&b, line)
			}
		}
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, "live", []byte(b.String()))
}

// TestLiveProgress: a step that isn't a build's command shows the progress that it reports.
func TestLiveProgress(t *testing.T) {
	r := newRun("prod@4521a86→dev@9b13827")
	board := newBoard(nil, noon.Add(-65*time.Second))
	r.tell(graph.Beginning, 0, nil)
	r.tell(graph.Progress, 0, steps.Progress{Done: 3, Total: 12, Running: []string{"fct_orders", "pay\x1bments"}})
	for _, e := range r.told {
		board.observe(e, noon.Add(-62*time.Second))
	}
	got := board.live(noon, 12, 100, ui.NewPrinter(io.Discard, ui.Never, func(string) string { return "" }))
	want := []string{"prod@4521a86→dev@9b13827  build  3/12  1m02s  fct_orders, pay\\x1bments", "1m05s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the lines (-want +got):\n%s", diff)
	}
}

// TestNothingSteers has names and messages that try to steer a terminal or GitHub Actions. They can't, in any
// mode, with colours or without.
func TestNothingSteers(t *testing.T) {
	const evil = "\x1b]0;owned\x07\x1b[2J\x1b[31m\u009b2J\r\n::set-env name=A::b\u202e"
	for _, mode := range []Mode{Stream, Grouped, Quiet, JSON} {
		for _, color := range []ui.ColorMode{ui.Always, ui.Never} {
			for _, actions := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, colour %s, actions %v", mode, color, actions), func(t *testing.T) {
					r := newRun("dev"+evil+"@9b13827", "prod@4521a86")
					r.tell(graph.Decided, 0, nil)
					r.tell(graph.Beginning, 0, nil)
					r.says(0, artifact.Event{Name: "Note", Message: evil})
					r.tell(graph.Progress, 0, steps.Line(evil))
					r.tell(graph.Progress, 0, steps.Progress{Total: 1, Running: []string{evil}})
					r.tell(graph.Progress, 0, artifact.Event{Message: evil})
					r.says(0, node("a"+evil, "", ""))
					r.says(0, node("b"+evil, "", ""))
					r.says(0, node("b"+evil, artifact.StatusError, evil))
					for i := range shownSlowest + 1 {
						n := node(fmt.Sprint(i, evil), artifact.StatusSuccess, "OK")
						n.Node.Seconds = 1
						r.says(0, n)
					}
					r.told = append(r.told, graph.Event{Kind: graph.Waiting, Text: evil}, graph.Event{Kind: graph.Remark, Planned: r.plan.Steps[0], Text: evil})
					live := newBoard(r.builds, noon)
					for _, e := range r.told {
						live.observe(e, noon)
					}
					result := r.fails(0, errors.New(evil))

					s := screen.New(100, 50)
					var out strings.Builder
					o := r.options(mode, color, io.MultiWriter(s, &out), s)
					o.Actions, o.Verbose = actions, true
					w := New(r.builds, o)
					for _, e := range r.told {
						w.Observe(e)
					}
					w.Close()
					w.Summary(result, true)
					_, _ = io.WriteString(s, strings.Join(live.live(noon, 20, 100, o.Say), "\n"))
					if unknown := s.Unknown(); len(unknown) > 0 {
						t.Errorf("the terminal got %s", unknown)
					}
					if mode != JSON && strings.ContainsRune(s.String(), '\u202e') {
						t.Errorf("text turns round:\n%s", s)
					}
					if command, ok := commandIn(out.String()); actions && ok {
						t.Errorf("GitHub Actions is told %q", command)
					}
				})
			}
		}
	}
}

// commandIn returns a workflow command in GitHub Actions' input that isn't ours, if there is one.
func commandIn(out string) (string, bool) {
	stop := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		rest, isCommand := strings.CutPrefix(line, "::")
		token, stops := strings.CutPrefix(rest, "stop-commands::")
		switch {
		case !isCommand, stop != "" && rest != stop+"::":
		case stop != "":
			stop = ""
		case stops:
			stop = token
		case strings.HasPrefix(rest, "group::"), strings.HasPrefix(rest, "endgroup::"), strings.HasPrefix(rest, "error title="):
		default:
			return line, true
		}
	}
	return "", false
}

// TestJSONOnly checks that with --log json nothing but JSON goes to stdout.
func TestJSONOnly(t *testing.T) {
	r := newRun("dev@9b13827", "prod@4521a86")
	r.tell(graph.Beginning, 0, nil)
	r.tell(graph.Progress, 0, steps.Line("Installing <money>"))
	r.says(0, artifact.Event{Name: "ShowNode", Message: "| a |\n| - |"})
	result := r.fails(0, &steps.DBTError{Command: "build", On: "dev@9b13827", Code: 1, How: "exit code 1"})
	var out strings.Builder
	w := New(r.builds, r.options(JSON, ui.Always, &out, io.Discard))
	for _, e := range r.told {
		w.Observe(e)
	}
	w.Summary(result, true)
	var kinds []string
	for line := range strings.Lines(out.String()) {
		var e struct{ Event string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		kinds = append(kinds, e.Event)
	}
	if got, want := strings.Join(kinds, " "), "start step line line step end"; got != want {
		t.Errorf("events are %s, want %s", got, want)
	}
	if !strings.Contains(out.String(), "Installing <money>") {
		t.Error("text is escaped as for HTML")
	}
}

// TestQuietWarnings: where dbt's output isn't shown, its warnings are, but for those about
// results, which the summary counts. A remark names its build, once.
func TestQuietWarnings(t *testing.T) {
	r := newRun("prod@4521a86", "dev@9b13827")
	r.says(0, artifact.Event{Name: "DeprecatedModel", Level: artifact.LevelWarn, Message: "[WARNING]: Model a has passed its date"})
	r.says(0, artifact.Event{Name: "LogTestResult", Level: artifact.LevelWarn, Message: "1 of 1 WARN 3 positive"})
	r.says(0, artifact.Event{Name: "FoundStats", Message: "Found 2 models"})
	for _, text := range []string{"no model b", "dev@9b13827 selects nothing"} {
		r.told = append(r.told, graph.Event{Kind: graph.Remark, Planned: r.plan.Steps[1], Text: text})
	}
	var out, said strings.Builder
	w := New(r.builds, r.options(Quiet, ui.Never, &out, &said))
	for _, e := range r.told {
		w.Observe(e)
	}
	w.Close()
	want := "warning: prod@4521a86: Model a has passed its date\nwarning: dev@9b13827: no model b\nwarning: dev@9b13827 selects nothing\n"
	if diff := cmp.Diff(want, out.String()+said.String()); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}
