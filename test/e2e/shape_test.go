//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The tests of project shapes need a shop in another place, at another time, or with another
// layout.

// below runs do while dot starts in a directory of the project.
func (s *shop) below(dir string, do func()) {
	s.t.Helper()
	was := s.dir
	s.dir = filepath.Join(s.dir, dir)
	defer func() { s.dir = was }()
	do()
}

// at runs do with dot's clock standing still at a later time.
func (s *shop) at(later time.Duration, do func()) {
	s.t.Helper()
	s.during([]string{"DOT_TEST_NOW=" + time.Now().Add(later).Format(time.RFC3339)}, do)
}

// move moves a file of the project.
func (s *shop) move(from, to string) {
	s.t.Helper()
	to = filepath.Join(s.dir, to)
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(s.dir, from), to); err != nil {
		s.t.Fatal(err)
	}
}

// inDuckDB queries another DuckDB file of the project.
func (s *shop) inDuckDB(file, sql string) [][]string {
	s.t.Helper()
	db := s.warehouse.(duckDB)
	db.path = filepath.Join(s.dir, file)
	rows, err := db.query(s.t.Context(), sql)
	if err != nil {
		s.t.Fatal(err)
	}
	return rows
}

// step returns the step of that name.
func (p plan) step(t *testing.T, name string) planned {
	t.Helper()
	for _, step := range p.Steps {
		if step.Name == name {
			return step
		}
	}
	t.Fatalf("the plan has no step %q", name)
	return planned{}
}
