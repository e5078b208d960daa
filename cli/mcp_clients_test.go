package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The reference client in Python, which make test-agents installs, understands the server: it validates answers by the
// tools' schemas. It begins in the newest way, and in that of older clients.
func TestMCPWithPython(t *testing.T) {
	venv := os.Getenv("DOT_TEST_AGENTS")
	if venv == "" {
		t.Skip("DOT_TEST_AGENTS is not set: run make test-agents")
	}
	client, err := filepath.Abs(filepath.Join("..", "test", "agents", "client.py"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"auto", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			dot, err := exec.LookPath("dot")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(venv, "bin", "python"), client, dot, mode)
			cmd.Dir, cmd.Env = s.dir, slices.Concat(s.env, []string{"DOT_TEST_NOW=" + s.now.Format(time.RFC3339)})
			var said strings.Builder
			cmd.Stderr = &said
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, &said)
			}
			type answer struct {
				Error  bool
				Answer map[string]any
				Text   string
			}
			var seen struct {
				Progress                                        []float64
				Tools                                           []string
				Plan, Build, Again, Status, Bare, Unknown, Drop answer
			}
			if err := json.Unmarshal(out, &seen); err != nil {
				t.Fatal(err)
			}
			if want := []string{"build", "compare", "drop", "explain", "logs", "plan", "status", "stop"}; !slices.Equal(seen.Tools, want) {
				t.Errorf("tools %q, want %q", seen.Tools, want)
			}
			if seen.Plan.Error || seen.Build.Error || seen.Again.Error || seen.Status.Error || seen.Drop.Error {
				t.Errorf("something failed:\n%s", out)
			}
			if seen.Build.Answer["state"] != "built" || seen.Again.Answer["state"] != "up to date" || len(seen.Progress) == 0 {
				t.Errorf("the builds: %v, then %v, with progress %v", seen.Build.Answer, seen.Again.Answer, seen.Progress)
			}
			if !seen.Bare.Error || !strings.Contains(seen.Bare.Text, "without a ref") || !seen.Unknown.Error {
				t.Errorf("not refused: %+v, %+v", seen.Bare, seen.Unknown)
			}
		})
	}
}

// The MCP inspector, from npm, lists the tools and calls one by its command line.
func TestMCPWithInspector(t *testing.T) {
	venv := os.Getenv("DOT_TEST_AGENTS")
	if venv == "" {
		t.Skip("DOT_TEST_AGENTS is not set: run make test-agents")
	}
	t.Parallel()
	s := newShop(t)
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(out any, args ...string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(venv, "node_modules", ".bin", "mcp-inspector"), append([]string{"--cli", dot, "mcp"}, args...)...)
		cmd.Dir, cmd.Env = s.dir, s.env
		printed, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, printed)
		}
		if err := json.Unmarshal(printed, out); err != nil {
			t.Fatalf("%v: %s", err, printed)
		}
	}
	var list struct{ Tools []struct{ Name string } }
	ask(&list, "--method", "tools/list")
	if len(list.Tools) != 7 { // without drop
		t.Errorf("tools: %+v", list.Tools)
	}
	var called struct {
		IsError           bool
		StructuredContent struct{ Build string }
	}
	ask(&called, "--method", "tools/call", "--tool-name", "plan", "--tool-arg", "spec=dev@main")
	if called.IsError || called.StructuredContent.Build != "dev@"+s.git("rev-parse", "--short", "main") {
		t.Errorf("a plan: %+v", called)
	}
	ask(&called, "--method", "tools/call", "--tool-name", "build", "--tool-arg", "spec=dev")
	if !called.IsError {
		t.Errorf("dev alone was built: %+v", called)
	}
}
