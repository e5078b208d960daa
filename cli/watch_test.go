package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dot-for-dbt/cli"
)

// stopToken matches the token of stop-commands in GitHub Actions, which is random.
var stopToken = regexp.MustCompile(`[A-Z2-7]{26}`)

// TestWatch fixes what a run of several builds looks like where nothing is redrawn. One fails and one is blocked.
// It proves A.7.
func TestWatch(t *testing.T) {
	withRace(t)
	const command = "build prod@main dev@HEAD ci@HEAD --force -j 1"
	tests := []struct {
		name, flags string
		env         []string
	}{
		{"stream", "", nil},
		{"quiet", " --log quiet", nil},
		{"grouped", " --log grouped", nil},
		{"actions", "", []string{"GITHUB_ACTIONS=true", "CI=true"}},
		{"json", " --log json", nil},
		{"verbose", " --log quiet -v", nil},
		{"colour", " --color always --defer prod@main -s average", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.write("dot_environments.yml", "environment: {default: dev, dev: {}, prod: {}, ci: {dot: {schema-suffix: \"ci_{short}\"}}}\n")
			s.run(command) // the steps before the commands are done, and those run one by one
			s.story.Reset()
			env := append(test.env, "STANDIN_FAIL=average", "DOT_TEST_NOW="+s.now.Format(time.RFC3339))
			out := s.show(command+test.flags, env...)
			if out.code != 1 {
				t.Errorf("exit code %d, want 1", out.code)
			}
			golden(t, "watch/"+test.name, stopToken.ReplaceAllString(s.story.String(), "<token>"))
			if test.name == "json" {
				for line := range strings.Lines(out.stdout) {
					if !json.Valid([]byte(line)) {
						t.Errorf("no JSON: %s", line)
					}
				}
			}
		})
	}
}

// With one build, the output is dbt's own, unless --log is given.
func TestWatchOneBuild(t *testing.T) {
	withRace(t)
	s := newShop(t)
	s.run("build dev@HEAD")
	s.story.Reset()
	now := "DOT_TEST_NOW=" + s.now.Format(time.RFC3339)
	s.show("build dev@HEAD --force", now, "GITHUB_ACTIONS=true")
	s.show("build dev@HEAD --force --log stream", now)
	s.show("build dev@HEAD --log json", now)
	s.show("build dev@HEAD --force -v", now)
	golden(t, "watch/one-build", s.story.String())
}

// A trace is one that chrome://tracing takes: spans in processes and on tracks that have names.
func TestTrace(t *testing.T) {
	for name, command := range map[string]string{
		"several builds": "build prod@main dev@HEAD",
		"one build":      "build dev@HEAD",
		"one that fails": "build dev@HEAD -s average",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			file := s.file("../trace.json")
			want := map[string]bool{}
			if name == "one that fails" {
				s.fails(command + " --trace " + file)
				want["model.shop.average"] = true
			} else {
				s.run(command + " --trace " + file)
				for _, node := range []string{"seed.shop.payments", "model.shop.orders", "model.shop.average", "test.shop.positive"} {
					want[node] = true
				}
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var trace struct {
				Events []struct {
					Name  string         `json:"name"`
					Phase string         `json:"ph"`
					Time  *int64         `json:"ts"`
					Took  int64          `json:"dur"`
					PID   int            `json:"pid"`
					TID   int            `json:"tid"`
					Args  map[string]any `json:"args"`
				} `json:"traceEvents"`
			}
			if err := json.Unmarshal(text, &trace); err != nil {
				t.Fatal(err)
			}
			processes, tracks := map[int]any{}, map[[2]int]any{}
			for _, e := range trace.Events {
				switch e.Name {
				case "process_name":
					processes[e.PID] = e.Args["name"]
				case "thread_name":
					tracks[[2]int{e.PID, e.TID}] = e.Args["name"]
				}
			}
			builds := map[any]bool{}
			for _, e := range trace.Events {
				if e.Phase != "X" {
					continue
				}
				delete(want, e.Name)
				builds[processes[e.PID]] = true
				if e.Time == nil || e.Took < 0 || processes[e.PID] == nil || tracks[[2]int{e.PID, e.TID}] == nil {
					t.Errorf("%+v is on no track", e)
				}
			}
			if len(want) > 0 {
				t.Errorf("no trace of %v in\n%s", want, text)
			}
			if expected := strings.Count(command, "@") + 1; len(builds) != expected {
				t.Errorf("processes are %v, want %d", builds, expected)
			}
		})
	}
	s := newShop(t)
	s.refuses("build dev@HEAD --trace " + s.file("none/trace.json"))
}

// A comparison's trace has its steps.
func TestTraceOfComparison(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	s.run("build prod@main dev@HEAD")
	file := s.file("../trace.json")
	s.fails("compare prod@main dev@HEAD --trace " + file) // the stand-in can't compare
	if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), `"compare prod@2d85ca1→dev@b694700"`) {
		t.Errorf("%v in %s", err, text)
	}
}

// The time of a build is that of the whole command, not only of dbt's part.
func TestTimeOfCommand(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var mu sync.Mutex
	times := 0 // dot has asked for the time; each time, a second has passed
	var said bytes.Buffer
	code := cli.Main(cli.Process{
		Args: []string{"build", "dev@HEAD"}, Env: s.env, Dir: s.cwd, Home: os.Getenv("HOME"), Stdout: io.Discard, Stderr: &said,
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			times++
			return s.now.Add(time.Duration(times) * time.Second)
		},
	})
	done := fmt.Sprintf("schema dev_b694700, %s\n", time.Duration(times-1)*time.Second) // from the first to the last
	if code != 0 || !strings.HasSuffix(said.String(), done) {
		t.Errorf("exit code %d; it has to end with %q:\n%s", code, done, said.String())
	}
}
