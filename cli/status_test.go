package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/ui"
	"dot-for-dbt/lifecycle"
)

// A.10: the list of builds, in a table of 80 columns and with everything.
func TestStatus(t *testing.T) {
	s := newShop(t)
	s.show("status")
	s.run("build prod@main")
	s.later(50 * time.Hour)
	s.write("notes.md", "notes\n")
	s.git("add", "notes.md")
	s.git("commit", "-q", "-m", "Write down at some length why the average of all orders is not what it was before")
	s.run("build dev@HEAD --defer prod@main --modified")
	s.later(24 * time.Hour)
	s.fails("build dev@HEAD~", "STANDIN_FAIL=orders")
	s.run("test prod@main")
	s.later(time.Hour)
	table := s.show("status").stdout
	for line := range strings.Lines(table) {
		if ui.Width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	s.show("status -v")
	s.show("status dev@main..HEAD prod@nowhere")
	s.show("status dev@main..HEAD dev@main")
	golden(t, "status", s.story.String())
}

// TestStatusOfMany lists the builds that were used last, and says how many there are.
func TestStatusOfMany(t *testing.T) {
	withoutRace(t)
	s := newShop(t)
	s.run("build prod@main")
	short := s.git("rev-parse", "--short", "main")
	for i := range 30 {
		env := "e" + string(rune('a'+i))
		if i >= 26 {
			env = "f" + string(rune('a'+i-26))
		}
		if err := os.CopyFS(s.file(".dot/build/"+short+"/env/"+env), os.DirFS(s.file(".dot/build/"+short+"/env/prod"))); err != nil {
			t.Fatal(err)
		}
	}
	out := s.dot([]string{"status"})
	if n := strings.Count(out.stdout, "\n"); n < 26 || !strings.Contains(out.stderr, "note: 6 more builds: dot status --all\n") {
		t.Errorf("%d lines, and %q", n, out.stderr)
	}
	for _, flag := range []string{"--all", "--json"} {
		out := s.dot([]string{"status", flag})
		if n := strings.Count(out.stdout, "@"+short+"\""); flag == "--json" && n < 31 || strings.Contains(out.stderr, "more") {
			t.Errorf("%s: %d builds, %q", flag, n, out.stderr)
		}
	}
}

// TestStatusJSONIsDescribed looks for each field and each state in docs/status-json.md.
func TestStatusJSONIsDescribed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "status-json.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := newShop(t)
	s.run("build prod@main")
	store := " --store file://" + filepath.ToSlash(t.TempDir())
	s.run("push prod@main" + store)
	s.run("build dev@HEAD --defer prod@main -s orders")
	s.remove(".dot/build/" + s.git("rev-parse", "--short", "main"))
	out := s.dot(strings.Fields("status --json --size dev prod@main"))
	var said any
	if err := json.Unmarshal([]byte(out.stdout), &said); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"below"`, `"gone"`, `"missing"`, `"shared"`} {
		if !strings.Contains(out.stdout, field) {
			t.Errorf("the test has no %s:\n%s", field, out.stdout)
		}
	}
	described(t, "docs/status-json.md", string(page), said)
	if err := json.Unmarshal([]byte(s.run("status --in-store --json"+store).stdout), &said); err != nil {
		t.Fatal(err)
	}
	described(t, "docs/status-json.md", string(page), said)
	for _, state := range []lifecycle.State{
		lifecycle.OK, lifecycle.Failed, lifecycle.Interrupted, lifecycle.Running, lifecycle.Adopted, lifecycle.Never, lifecycle.Unknown,
	} {
		if !strings.Contains(string(page), "\n| `"+string(state)+"` |") {
			t.Errorf("docs/status-json.md doesn't describe the state %q", state)
		}
	}
}
