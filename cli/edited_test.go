package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// dot never trusts an edited ledger: the build runs again, no build defers to it, dot
// doctor reports it, and the same command writes a new ledger.
func TestEditedLedger(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	s.run("build prod@main")
	s.run("build dev@HEAD")
	s.run("compile dev@HEAD")
	s.fails("build dev@HEAD --force", "STANDIN_FAIL=orders")
	ledgers, err := filepath.Glob(s.file(".dot/places/*.json"))
	if err != nil {
		t.Fatal(err)
	}
	edited := 0
	for _, ledger := range ledgers {
		before, err := os.ReadFile(ledger)
		if err != nil {
			t.Fatal(err)
		}
		after := strings.Replace(string(before), `"status": "failed"`, `"status": "written"`, 1)
		if after == string(before) {
			continue
		}
		edited++
		if err := os.WriteFile(ledger, []byte(after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if edited != 1 {
		t.Fatalf("of %q, %d say that a node failed", ledgers, edited)
	}
	const changed = "it was changed after it was written"
	for _, tt := range []struct {
		command string
		code    int
		want    []string
	}{
		{"plan build prod@main --defer dev@HEAD -s orders", 2, []string{"dot doesn't know what", changed, "--force"}},
		{"plan test dev@HEAD --defer prod@main", 0, []string{"warning: dot doesn't know what dev@b694700 built", changed}},
		{"plan docs generate dev@HEAD", 0, []string{"first run"}},
		{"plan compile dev@HEAD", 0, []string{"dot doesn't know what is in the schema", changed}},
		{"doctor", 2, []string{changed, "rebuild your baselines with --force"}},
	} {
		out := s.dot(strings.Fields(tt.command))
		if out.code != tt.code {
			t.Errorf("%s: exit code %d, want %d", tt.command, out.code, tt.code)
		}
		for _, want := range tt.want {
			if !strings.Contains(out.both, want) {
				t.Errorf("%s does not say %q:\n%s", tt.command, want, out.both)
			}
		}
	}
	s.run("build dev@HEAD")
	for _, command := range []string{"plan build dev@HEAD", "doctor"} {
		if out := s.run(command); strings.Contains(out.both, changed) {
			t.Errorf("%s still says so:\n%s", command, out.both)
		}
	}
}
