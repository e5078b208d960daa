package cli_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// An agent is a client of a dot mcp that runs in a process of its own.
type agent struct {
	t       *testing.T
	cmd     *exec.Cmd
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
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, options)
	session, err := client.Connect(s.t.Context(), &sdk.CommandTransport{Command: a.cmd}, nil)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, a.said)
	}
	a.session = session
	s.t.Cleanup(func() {
		session.Close() // an error, if the test has ended the server
		if s.t.Failed() {
			s.t.Logf("dot mcp said:\n%s", a.said)
		}
	})
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
	More    int
	Missing []string
}

// A session plans, looks at the builds and asks for reasons, and writes nothing.
func TestMCPReads(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	a := s.agent(nil)
	want := map[string]string{"plan": "reads", "explain": "reads", "status": "reads"}
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
