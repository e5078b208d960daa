package steps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
)

// TestChangedPackageVars compares packages' own vars, also if another tool built the baseline and kept
// no package's file. Then a var counts unless the repository shows that it is the same.
func TestChangedPackageVars(t *testing.T) {
	repo := gittest.New(t)
	repo.Write("shop/dbt_project.yml", "name: shop\nvars: {set: 1, near: {scoped: 1}}\n")
	repo.Write("near/dbt_project.yml", "name: near\nvars: {a: 1, same: 1, set: 1, scoped: 1}\n")
	first := repo.Commit("first")
	repo.Write("near/dbt_project.yml", "name: near\nvars: {a: 2, same: 1, set: 2, scoped: 2}\n")
	second := repo.Commit("second")
	r, err := git.Open(t.Context(), repo.Dir)
	if err != nil {
		t.Fatal(err)
	}
	text := func(commit, file string) string { return repo.Git("show", commit+":"+file) }
	now := map[string]installedPackage{
		"near": {Project: text(second, "near/dbt_project.yml"), At: "near"},
		"far":  {Project: "name: far\nvars: {b: 1, set: 2}\n"},
		"new":  {Project: "name: new\nvars: {c: 1}\n", At: "new"},
		"none": {Project: "name: none\n"},
	}
	for name, tt := range map[string]struct{ kept, want any }{
		"kept": {
			map[string]installedPackage{"near": {Project: text(first, "near/dbt_project.yml")}, "far": {Project: "name: far\nvars: {b: 1, set: 1}\n"}},
			map[string][]string{"near": {"a"}, "new": {"c"}},
		},
		"not kept": {nil, map[string][]string{"near": {"a"}, "far": {"b"}, "new": {"c"}}},
	} {
		t.Run(name, func(t *testing.T) {
			state := t.TempDir()
			if tt.kept != nil {
				data, err := json.Marshal(tt.kept)
				if err == nil {
					err = os.WriteFile(filepath.Join(state, packagesFile), data, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			got, err := changedPackageVars(t.Context(),
				&Layer{Manifest: filepath.Join(state, "manifest.json"), repo: r, project: "shop", commit: first},
				&Layer{Manifest: filepath.Join(t.TempDir(), "manifest.json"), repo: r, project: "shop", commit: second, packages: now})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, any(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
