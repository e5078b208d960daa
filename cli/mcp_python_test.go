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
