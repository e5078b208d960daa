//go:build unix

package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// event is one line of --log json.
type event struct {
	Event, Build, State, Text, Name, Step string
	Node                                  *struct {
		ID      string `json:"unique_id"`
		Type    string `json:"resource_type"`
		Status  string
		Message string
	}
	Builds []struct {
		Name, Status string
		Counts       map[string]int
	}
}

// events reads the output of --log json.
func events(t *testing.T, stdout string) []event {
	t.Helper()
	var all []event
	for line := range strings.Lines(stdout) {
		var e event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// ended returns how the nodes of a build ended, by short name: the model "cheap".
func ended(all []event, build string) map[string]string {
	out := map[string]string{}
	for _, e := range all {
		if e.Event == "node" && e.Build == build && e.Node.Status != "started" {
			out[e.Node.Type+" "+strings.Split(e.Node.ID, ".")[2]] = e.Node.Status
		}
	}
	return out
}

// dbt's messages reach the observer of several builds while dbt runs, and dbt's own log stays
// readable for people. Nodes succeed, fail, only warn and are skipped, on both databases.
func TestWatchSeveralBuilds(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dot_environments.yml": "environment:\n  default: dev\n  all: {dot: {ignore-env: [SHOP_COLUMN]}}\n  dev: {}\n  prod: {}\n",
			"models/price.sql":     "select max({{ env_var('SHOP_COLUMN', 'cents') }}) as highest from {{ ref('cheap') }}\n",
			"models/last.sql":      "select highest from {{ ref('price') }}\n",
			"tests/dear.sql":       "{{ config(severity='warn') }}\nselect * from {{ ref('prices') }} where cents > 100\n",
		})
		s.use(dbt)
		dev, prod := "dev@"+s.head(), "prod@"+s.head()
		args := []string{"build", "dev@HEAD", "prod@HEAD", "--log", "json", "--trace", filepath.Join(s.dir, "..", "trace.json")}

		all := events(t, s.mustDot(args...).stdout)
		want := map[string]string{
			"seed prices": "success", "model cheap": "success", "model season": "success", "model price": "success",
			"model last": "success", "test unique_cheap_fruit": "pass", "test dear": "warn",
		}
		for _, build := range []string{dev, prod} {
			if diff := cmp.Diff(want, ended(all, build)); diff != "" {
				t.Errorf("nodes of %s (-want +got):\n%s", build, diff)
			}
		}
		s.part("trace", func() {
			text, err := os.ReadFile(filepath.Join(s.dir, "..", "trace.json"))
			if err != nil {
				t.Fatal(err)
			}
			var trace struct {
				Events []struct {
					Name     string
					Phase    string `json:"ph"`
					TS, Dur  int64
					PID, TID int
				} `json:"traceEvents"`
			}
			if err := json.Unmarshal(text, &trace); err != nil {
				t.Fatal(err)
			}
			spans := map[string]int{}
			for _, e := range trace.Events {
				if e.Phase == "X" && strings.HasPrefix(e.Name, "model.stall.") && e.Dur > 0 && e.TS > 0 {
					spans[e.Name]++
				}
			}
			want := map[string]int{"model.stall.cheap": 2, "model.stall.season": 2, "model.stall.price": 2, "model.stall.last": 2}
			if diff := cmp.Diff(want, spans); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
		s.part("failure", func() {
			var res result
			s.during([]string{"SHOP_COLUMN=nothing"}, func() { res = s.dot(append(args, "--force")...) })
			if res.code != 1 {
				t.Errorf("exit code %d, want 1", res.code)
			}
			all := events(t, res.stdout)
			failed := maps.Clone(want)
			failed["model price"], failed["model last"] = "error", "skipped"
			if diff := cmp.Diff(failed, ended(all, dev)); diff != "" {
				t.Errorf("nodes (-want +got):\n%s", diff)
			}
			end := all[len(all)-1]
			if end.Event != "end" || len(end.Builds) != 2 || end.Builds[0].Status != "failed" || end.Builds[0].Counts["error"] != 1 {
				t.Errorf("it ends with %+v", end)
			}
			if !strings.Contains(res.stderr, "model price\n") || !strings.Contains(strings.ToLower(res.stderr), `"nothing"`) {
				t.Error("it does not say which node failed, and why")
			}
		})
		s.part("log", func() {
			log, err := os.ReadFile(filepath.Join(s.dir, ".dot", "build", s.head(), "env", "dev", "logs", "dbt.log"))
			if err != nil {
				t.Fatal(err)
			}
			if dbt == 2 { // the format of its console is that of its log, too
				return
			}
			if !strings.Contains(string(log), "] [Thread-1 (]: Began running node seed.stall.prices") || strings.Contains(string(log), `{"data"`) {
				t.Errorf("dbt's log is not what people read:\n%.500s", log)
			}
		})
	})
}

// A.7: Ctrl-C with several builds. dbt's message about it is passed on, but not its stack trace.
func TestWatchInterrupted(t *testing.T) {
	slow(t)
	s := newStall(t, "postgres", map[string]string{
		"models/nap.sql": "{{ config(materialized='table') }}\nselect n.seconds from (select 600 as seconds) as n, pg_sleep(n.seconds)\n",
	})
	s.ownDBT()
	c := s.start("build", "dev@HEAD", "prod@HEAD", "-j", "2")
	eventually(t, "both models sleep", func() bool {
		if c.ended() {
			c.wait()
			t.Fatal("dot ended before the models slept")
		}
		return len(s.query("select pid from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()"+
			" and datname = current_database()")) == 2
	})
	c.signal(2)
	res := c.wait()
	if res.code != 130 {
		t.Errorf("exit code %d, want 130", res.code)
	}
	out := res.stdout + res.stderr
	for _, want := range []string{
		"dev@" + s.head() + " │ ", "Exited because of keyboard interrupt", "interrupted  dev@" + s.head(), "interrupted  prod@" + s.head(),
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, not := range []string{"Traceback", "Encountered an error"} {
		if strings.Contains(out, not) {
			t.Errorf("it says %q", not)
		}
	}
}
