package steps

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt"
)

// TestUserPaths: what the user names by a relative path is found from the worktree, too.
func TestUserPaths(t *testing.T) {
	dir := t.TempDir()
	got := absoluteVariables([]string{
		"PGSSLROOTCERT=system", "GOOGLE_APPLICATION_CREDENTIALS=sa.json", "PGPASSFILE=", "HOME=home", "AWS_CONFIG_FILE=~/aws",
	}, dir)
	want := []string{
		"PGSSLROOTCERT=system", "GOOGLE_APPLICATION_CREDENTIALS=" + filepath.Join(dir, "sa.json"), "PGPASSFILE=", "HOME=home", "AWS_CONFIG_FILE=~/aws",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	p := newPlanner(World{}, dir, Request{})
	given := []dbt.Option{dbt.NewOption("state", "../old"), dbt.NewOption("select", "path:models")}
	words := func(options []dbt.Option) (all []string) {
		for _, o := range options {
			all = append(all, o.Words()...)
		}
		return all
	}
	if diff := cmp.Diff([]string{"--state", filepath.Join(filepath.Dir(dir), "old"), "--select", "path:models"}, words(p.absoluteOptions(&job{build: &build{}}, given))); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"--state", "../old", "--select", "path:models"}, words(p.absoluteOptions(&job{}, given))); diff != "" {
		t.Errorf("a plain call: %s", diff)
	}
}
