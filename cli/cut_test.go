package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dotdir"
)

// A file of dot's is cut short. The same command repairs the file or does without it,
// and a damaged baseline is reported.
func TestCutFiles(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	s.write("packages.yml", "packages:\n  - local: money\n")
	s.write("money/dbt_project.yml", "name: money\n")
	s.git("add", "--all")
	s.git("commit", "-q", "-m", "A package")
	s.run("build dev@HEAD")
	want, warehouse := s.dotTree(), s.warehouse()
	for _, name := range tree(s.file(".dot")) {
		file := filepath.Join(s.file(".dot"), name)
		name = filepath.ToSlash(name)
		if _, inside, ok := strings.Cut(name, "/worktree/"); ok && inside != ".git" {
			continue // the commit's: see TestErrorsOfSteps
		}
		for cut := range 3 {
			whole, err := os.ReadFile(file) // each build may write another number of bytes
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(whole), "names of nodes: ") || strings.HasPrefix(name, "plugin/") {
				break // only completion, or a dbt, reads it; a command that starts a dbt writes it again first
			}
			n := []int{0, len(whole) / 2, len(whole) - 2}[cut]
			if n < 0 || strings.TrimSpace(string(whole[:n])) == strings.TrimSpace(string(whole)) {
				continue
			}
			if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			if path, ok := strings.CutSuffix(name, "/manifest.json"); ok && strings.Contains(path, "/state/") {
				out := s.dot(strings.Fields("plan build prod@main --defer dev@HEAD -s orders"))
				if out.code != 2 || !strings.Contains(out.stderr, "is damaged") || !strings.Contains(out.stderr, "hint: build it: dot build dev@HEAD\n") {
					t.Errorf("%s cut after %d bytes: exit code %d\n%s", name, n, out.code, out.both)
				}
			}
			s.run("build dev@HEAD")
			if diff := cmp.Diff(want, s.dotTree()); diff != "" {
				t.Errorf("%s cut after %d bytes (-before +after):\n%s", name, n, diff)
			}
			if diff := cmp.Diff(warehouse, s.warehouse()); diff != "" {
				t.Errorf("%s cut after %d bytes (-before +after):\n%s", name, n, diff)
			}
		}
	}
}

// dotTree returns the contents of .dot, without the parts that differ from run to run.
func (s *shop) dotTree() map[string]string {
	s.t.Helper()
	files, err := dotdir.Tree(s.file(".dot"))
	if err != nil {
		s.t.Fatal(err)
	}
	return files
}
