package cli_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// An agent is a client of a dot mcp that runs in a process of its own.
type agent struct {
	t       *testing.T
	cmd     *exec.Cmd
	in      io.Closer // the server's stdin
	session *sdk.ClientSession
	said    *syncBuffer // on stderr
}

// agent starts dot mcp in the shop, and a client of it. env is set for the server.
func (s *shop) agent(args []string, env ...string) *agent {
	s.t.Helper()
	return s.agentWith(nil, args, env...)
}

func (s *shop) agentWith(options *sdk.ClientOptions, args []string, env ...string) *agent {
	s.t.Helper()
	a := &agent{t: s.t, cmd: exec.Command("dot", append([]string{"mcp"}, args...)...), said: new(syncBuffer)}
	a.cmd.Dir, a.cmd.Env = s.cwd, slices.Concat(s.env, env, []string{"DOT_TEST_NOW=" + s.now.Format(time.RFC3339)})
	a.cmd.Stderr = a.said
	in, err := a.cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := a.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := a.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	a.in = in
	s.t.Cleanup(func() {
		in.Close()
		_ = a.cmd.Wait() // an error, if the test has killed it
		if s.t.Failed() {
			s.t.Logf("dot mcp said:\n%s", a.said)
		}
	})
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, options)
	a.session, err = client.Connect(s.t.Context(), &sdk.IOTransport{Reader: out, Writer: in}, nil)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, a.said)
	}
	return a
}

// fields are the arguments of a tool.
type fields map[string]any

// call calls a tool, which must answer. It decodes the answer into out, if that isn't nil.
func (a *agent) call(name string, in fields, out any) *sdk.CallToolResult {
	a.t.Helper()
	result, err := a.session.CallTool(a.t.Context(), &sdk.CallToolParams{Name: name, Arguments: in})
	if err != nil {
		a.t.Fatalf("%s %v: %v", name, in, err)
	}
	if out != nil {
		encoded, err := json.Marshal(result.StructuredContent)
		if err != nil {
			a.t.Fatal(err)
		}
		if err := json.Unmarshal(encoded, out); err != nil {
			a.t.Fatalf("%s %v: %v in %s", name, in, err, encoded)
		}
	}
	return result
}

// does calls a tool, which must not fail.
func (a *agent) does(name string, in fields, out any) {
	a.t.Helper()
	if result := a.call(name, in, out); result.IsError {
		a.t.Fatalf("%s %v failed:\n%s", name, in, textOf(result))
	}
}

// refused calls a tool, which must fail, and returns what it says.
func (a *agent) refused(name string, in fields) string {
	a.t.Helper()
	result := a.call(name, in, nil)
	if !result.IsError {
		a.t.Fatalf("%s %.200v was not refused:\n%s", name, in, textOf(result))
	}
	return textOf(result)
}

// textOf is the text of an answer.
func textOf(result *sdk.CallToolResult) string {
	var all []string
	for _, part := range result.Content {
		if said, ok := part.(*sdk.TextContent); ok {
			all = append(all, said.Text)
		}
	}
	return strings.Join(all, "\n")
}

// toolHints are what a client shows before it calls a tool.
func (a *agent) toolHints() map[string]string {
	a.t.Helper()
	hints := map[string]string{}
	for tool, err := range a.session.Tools(a.t.Context(), nil) {
		if err != nil {
			a.t.Fatal(err)
		}
		h := "writes"
		switch {
		case tool.Annotations.ReadOnlyHint:
			h = "reads"
		case *tool.Annotations.DestructiveHint:
			h = "destroys"
		}
		hints[tool.Name] = h
	}
	return hints
}

type buildAnswer struct {
	Handle, State, Build, Schema, Why, Progress, Said string
	Nodes                                             map[string]int
	Failed                                            []struct{ Node, Status, Message string }
}

type planAnswer struct {
	Build, Schema string
	Run           int
	Steps         []struct {
		Step, Decision, Why string
		Changed             []struct{ Input, Change, Was, Now string }
	}
	Modified  []struct{ Node, Why string }
	Reads     string
	ReadNodes []struct{ Node, From, Why string } `json:"read_nodes"`
	Warnings  []string
}

type statusAnswer struct {
	Builds []struct {
		Build, State, Last, Error, Commit, Reads string
		Schemas                                  []string
		Nodes                                    string
	}
	More     int
	Missing  []string
	Running  []string
	Built    *buildAnswer
	Compared *struct{ State, Said string }
}

// A session plans, looks at the builds and asks for reasons, and writes nothing.
func TestMCPReads(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	a := s.agent(nil)
	want := map[string]string{
		"plan": "reads", "explain": "reads", "status": "reads", "compare": "reads", "logs": "reads", "build": "writes", "stop": "writes",
	}
	if diff := cmp.Diff(want, a.toolHints()); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	before := digestTree(s.dir)
	var plan planAnswer
	a.does("plan", fields{"spec": "dev@HEAD"}, &plan)
	head := "dev_" + s.git("rev-parse", "--short", "HEAD")
	if plan.Schema != head || plan.Run == 0 || len(plan.Steps) < plan.Run {
		t.Errorf("the plan of a first build: %+v", plan)
	}
	var status statusAnswer
	a.does("status", fields{}, &status)
	if len(status.Builds) != 0 {
		t.Errorf("builds before the first one: %+v", status)
	}
	if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
		t.Errorf("something was written (-before +after):\n%s", diff)
	}

	s.run("build prod@main")
	s.run("build dev@HEAD --defer prod@main --modified")
	a.does("status", fields{"spec": "dev@HEAD"}, &status)
	if len(status.Builds) != 1 || status.Builds[0].State != "ok" || !slices.Equal(status.Builds[0].Schemas, []string{head}) || !strings.HasPrefix(status.Builds[0].Reads, "prod@") {
		t.Errorf("status of a build: %+v", status)
	}
	a.does("status", fields{"spec": "dev@v1"}, &status)
	if !slices.Equal(status.Missing, []string{"dev@v1"}) {
		t.Errorf("status of no build: %+v", status)
	}
	var why planAnswer
	a.does("explain", fields{"spec": "dev@HEAD", "baseline": "prod@main", "modified": true}, &why)
	if len(why.Modified) == 0 || len(why.ReadNodes) == 0 || !strings.HasPrefix(why.ReadNodes[0].From, "prod@") {
		t.Errorf("an explanation: %+v", why)
	}
	s.write("dot_environments.yml", "environment:\n  default: dev\n  dev: {vars: {days: 31}}\n  prod: {}\n")
	a.does("explain", fields{"spec": "dev@HEAD", "baseline": "prod@main", "modified": true}, &why)
	changed := false
	for _, step := range why.Steps {
		for _, c := range step.Changed {
			changed = changed || c.Input == "vars: days" && c.Change == "changed"
		}
	}
	if !changed {
		t.Errorf("the explanation doesn't say that days has changed: %+v", why.Steps)
	}
	if said := a.refused("plan", fields{"spec": "dev@nowhere"}); !strings.Contains(said, "nowhere") || strings.Contains(said, "exit code") {
		t.Errorf("a ref that isn't there: %s", said)
	}
}

// The project is the one that the server was started for, also in another directory.
func TestMCPProjectDir(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.cwd = filepath.Dir(s.dir)
	a := s.agent([]string{"--project-dir", "shop"})
	var plan planAnswer
	a.does("plan", fields{"spec": "@main"}, &plan)
	if plan.Build != "dev@"+s.git("rev-parse", "--short", "main") {
		t.Errorf("the plan is of %q", plan.Build)
	}
	cmd := exec.Command("dot", "mcp")
	cmd.Dir, cmd.Env = s.cwd, s.env
	said, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(said), "--project-dir DIR") {
		t.Errorf("without a project: %v\n%s", err, said)
	}
}

// A build says what came of it, and tells how far it is while it runs.
func TestMCPBuilds(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	var mu sync.Mutex
	var told []float64
	a := s.agentWith(&sdk.ClientOptions{ProgressNotificationHandler: func(_ context.Context, req *sdk.ProgressNotificationClientRequest) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, req.Params.Progress)
	}}, nil)
	params := &sdk.CallToolParams{Name: "build", Arguments: fields{"spec": "prod@main"}}
	params.SetProgressToken("build")
	result, err := a.session.CallTool(t.Context(), params)
	if err != nil || result.IsError {
		t.Fatalf("%v\n%s", err, textOf(result))
	}
	mu.Lock()
	if len(told) == 0 || !slices.IsSorted(told) || len(slices.Compact(slices.Clone(told))) != len(told) {
		t.Errorf("progress doesn't grow: %v", told)
	}
	mu.Unlock()

	var built buildAnswer
	branch := fields{"spec": "dev@HEAD", "baseline": "prod@main", "modified": true}
	a.does("build", branch, &built)
	if built.State != "built" || built.Schema != "dev_"+s.git("rev-parse", "--short", "HEAD") || built.Nodes["success"] != 3 {
		t.Errorf("a build: %+v", built)
	}
	a.does("build", branch, &built)
	if built.State != "up to date" {
		t.Errorf("the same again: %+v", built)
	}
	s.write("models/orders.sql", "select 1 as order_id, 2 as amount, 3 as euros -- {{ ref('stg_payments') }}")
	a.does("build", fields{"spec": "dev@.", "baseline": "dev@HEAD"}, &built)
	if built.State != "built" || built.Build != "dev@." {
		t.Errorf("a build of the working tree: %+v", built)
	}
	a.does("build", fields{"spec": "dev@.", "baseline": "dev@HEAD", "select": "orders", "exclude": "average", "force": true}, &built)
	if built.State != "built" || built.Nodes["success"] != 1 {
		t.Errorf("a build of a selection: %+v", built)
	}
	for name, in := range map[string]fields{
		"ran": {"spec": "dev@HEAD", "select": "nope+ -x"}, "a ref": {"spec": "dev@nope"}, "a baseline": {"spec": "dev@HEAD", "baseline": "prod@v2"},
	} {
		if result := a.call("build", in, nil); !result.IsError {
			t.Errorf("wrong %s: %s", name, textOf(result))
		}
	}
}

// A build that fails says which nodes failed, and why.
func TestMCPFails(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	a := s.agent(nil, "STANDIN_FAIL=orders")
	var built buildAnswer
	if result := a.call("build", fields{"spec": "dev@HEAD"}, &built); !result.IsError {
		t.Errorf("it didn't fail: %s", textOf(result))
	}
	if built.State != "failed" || len(built.Failed) != 1 || built.Failed[0].Node != "model.orders" || built.Failed[0].Message == "" {
		t.Errorf("a build that failed: %+v", built)
	}
	if strings.Contains(built.Said, "--") || !strings.Contains(built.Said, "resume: true") {
		t.Errorf("what is said is not in the tools' words: %s", built.Said)
	}
	var logs struct {
		State, Note string
		Nodes       []struct{ Node, Status, Message string }
	}
	a.does("logs", fields{"spec": "dev@HEAD"}, &logs)
	if logs.State != "failed" || len(logs.Nodes) != 1 || logs.Nodes[0].Node != "model.orders" || logs.Nodes[0].Message == "" {
		t.Errorf("its logs: %+v", logs)
	}
	a.does("logs", fields{"spec": "dev@HEAD", "node": "stg_payments"}, &logs)
	if len(logs.Nodes) != 1 || logs.Nodes[0].Status != "success" {
		t.Errorf("the logs of a node: %+v", logs)
	}
	a.does("logs", fields{"spec": "dev@HEAD", "node": "../../../../profiles.yml"}, &logs)
	if len(logs.Nodes) != 0 || logs.Note == "" {
		t.Errorf("the logs of no node: %+v", logs)
	}
	if said := a.refused("logs", fields{"spec": "prod@main"}); !strings.Contains(said, "never built") {
		t.Errorf("logs of no build: %s", said)
	}
	s.write("models/orders.sql", "select * from {{ ref('nowhere') }}")
	if result := a.call("build", fields{"spec": "dev@."}, &built); !result.IsError || !strings.Contains(built.Said, "nowhere") {
		t.Errorf("a model that can't be read: %s", textOf(result))
	}
	if said := a.refused("build", fields{"spec": "dev@HEAD", "baseline": "prod@main"}); !strings.Contains(said, "prod@") || !strings.Contains(said, "refused") {
		t.Errorf("a baseline that was never built: %s", said)
	}
	if result := a.call("compare", fields{"baseline": "prod@main", "candidate": "dev@HEAD"}, nil); !result.IsError || !strings.Contains(textOf(result), "never built") {
		t.Errorf("a comparison of nothing: %s", textOf(result))
	}
}

// Dropping is off unless the server was started with it, and says what went.
func TestMCPDrops(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	s.run("build dev@HEAD")
	if _, err := s.agent(nil).session.CallTool(t.Context(), &sdk.CallToolParams{Name: "drop", Arguments: fields{"spec": "dev@HEAD"}}); err == nil {
		t.Error("dropped without --allow-drop")
	}
	a := s.agent([]string{"--allow-drop"})
	if hint := a.toolHints()["drop"]; hint != "destroys" {
		t.Errorf("the hint of drop is %q", hint)
	}
	var dropped struct {
		Dropped bool
		Said    []string
	}
	before := s.warehouse()
	a.does("drop", fields{"spec": "dev@HEAD", "dry_run": true}, &dropped)
	if len(dropped.Said) == 0 {
		t.Error("a dry run says nothing")
	}
	if diff := cmp.Diff(before, s.warehouse()); diff != "" || dropped.Dropped {
		t.Errorf("a dry run (-before +after):\n%s", diff)
	}
	a.does("drop", fields{"spec": "dev@HEAD"}, &dropped)
	if !dropped.Dropped || len(dropped.Said) != 1 || !strings.HasPrefix(dropped.Said[0], "dropped dev@") {
		t.Errorf("dropped: %+v", dropped)
	}
	if status := s.run("status").both; !strings.Contains(status, "no builds yet") {
		t.Errorf("a build is left:\n%s", status)
	}
}

// The project may change under the server: each call sees it as it is then.
func TestMCPProjectChanges(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	a := s.agent(nil)
	var plan planAnswer
	a.does("plan", fields{"spec": "dev@HEAD"}, &plan)
	before := plan.Build
	s.git("switch", "-q", "main")
	a.does("plan", fields{"spec": "dev@HEAD"}, &plan)
	if plan.Build == before {
		t.Errorf("after a switch to main the plan is still of %s", before)
	}
	s.write("dot_environments.yml", "environment:\n  default: dev\n  dev: {dot: {protected: true}}\n")
	if said := a.refused("build", fields{"spec": "dev@HEAD"}); !strings.Contains(said, "protected") {
		t.Errorf("an environment that is protected now: %s", said)
	}
	s.remove("dbt_project.yml")
	if said := a.refused("plan", fields{"spec": "dev@HEAD"}); !strings.Contains(said, "dbt_project.yml") {
		t.Errorf("without a project: %s", said)
	}
	s.git("checkout", "-q", ".")
	a.does("plan", fields{"spec": "dev@HEAD"}, &plan)
}

// Two clients at once, each with its server, build the same: one of them waits, and finds it built.
func TestMCPTogether(t *testing.T) {
	withRace(t)
	t.Parallel()
	s := newShop(t)
	log := filepath.Join(t.TempDir(), "dbt.log")
	agents := []*agent{s.agent(nil, "STANDIN_LOG="+log), s.agent(nil, "STANDIN_LOG="+log)}
	built := make([]buildAnswer, len(agents))
	var both sync.WaitGroup
	for i, a := range agents {
		both.Go(func() { a.call("build", fields{"spec": "dev@HEAD"}, &built[i]) })
	}
	both.Wait()
	states := []string{built[0].State, built[1].State}
	slices.Sort(states)
	if !slices.Equal(states, []string{"built", "up to date"}) {
		t.Errorf("the builds: %+v", built)
	}
	started, err := os.ReadFile(log)
	if err != nil || strings.Count(string(started), "\nbuild ") != 1 {
		t.Errorf("dbt was started: %v\n%s", err, started)
	}
}
