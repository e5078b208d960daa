//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dotdir"
)

// withoutKeys returns the contents of .dot without digests, which differ for each .dot.
func withoutKeys(s *shop) map[string]string {
	s.t.Helper()
	files, err := dotdir.Tree(s.file(".dot"), "key", "digest")
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}

// Eight dots run at once in one repository, on the same builds and on different ones.
// Two are killed. The others succeed, each build is made once and completely, and the
// result is the same as if the dots had run one after another.
func TestEightAtOnce(t *testing.T) {
	withRace(t)
	t.Parallel()
	commands := []string{
		"build dev@HEAD", "build dev@HEAD", "build dev@HEAD prod@HEAD", "build prod@main",
		"build dev@main", "build prod@main dev@main",
		"build dev@HEAD", "build prod@HEAD", // to be killed
	}
	const survivors = 6

	s := newShop(t)
	// Keys include environment variables as digests under .dot/key, which the first
	// dot creates.
	fresh := func() {
		s.remove(".")
		err := os.CopyFS(s.dir, os.DirFS(template))
		if err != nil {
			t.Fatal(err)
		}
		s.write("models/where.sql", "select '{{ env_var('HOME') }}' as home")
		s.git("add", "--all")
		s.git("commit", "-q", "-m", "Where")
	}
	fresh()
	for _, command := range commands {
		s.run(command)
	}
	want, warehouse := withoutKeys(s), s.warehouse()
	fresh()

	log := filepath.Join(t.TempDir(), "dbt.log")
	var all []*running
	for _, command := range commands {
		all = append(all, s.start(command, false, "STANDIN_LOG="+log))
	}
	for i, r := range all[survivors:] {
		time.Sleep(time.Duration(50*(i+1)) * time.Millisecond) // somewhere in the middle
		_ = r.cmd.Process.Signal(syscall.SIGKILL)              // it may have ended
	}
	for i, r := range all {
		code := r.wait(t)
		if i < survivors && code != 0 || strings.Contains(r.said.String(), "error") {
			t.Errorf("dot %s: exit code %d\n%s", commands[i], code, r.said)
		}
	}
	s.nobodyLeft()
	s.run("build dev@HEAD prod@HEAD") // if only the killed ones were at it

	if diff := cmp.Diff(warehouse, s.warehouse()); diff != "" {
		t.Errorf("the warehouse (-one after another +at once):\n%s", diff)
	}
	if diff := cmp.Diff(want, withoutKeys(s)); diff != "" {
		t.Errorf(".dot (-one after another +at once):\n%s", diff)
	}
	builds := map[string]int{} // by their directories
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "build "); ok {
			_, rest, _ = strings.Cut(rest, "--profiles-dir ")
			dir, _, _ := strings.Cut(rest, " ")
			builds[dir]++
		}
	}
	if len(builds) != 4 {
		t.Errorf("%d builds were made, want 4: %v", len(builds), builds)
	}
	head := s.git("rev-parse", "--short", "HEAD")
	for dir, n := range builds {
		most := 1
		if strings.Contains(dir, head) {
			most = 2 // a killed one, and the one after it
		}
		if n > most {
			t.Errorf("%s was built %d times", dir, n)
		}
	}
}
