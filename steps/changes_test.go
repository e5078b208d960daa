package steps

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/git"
)

// TestThroughLinks finds the names that symbolic links give to changed files.
func TestThroughLinks(t *testing.T) {
	changed := []git.Differing{{Path: "data/2024/x.csv"}, {Path: "vendor/lib", Submodule: true}, {Path: "database.csv"}}
	links := map[string]string{
		"now": "data/2024", "now.csv": "now/x.csv", "models/data": "../data", "models/x.csv": "../data/2024/./x.csv",
		"lib": "vendor/lib/data", "outside": "../../x", "absolute": "/data/2024", "other": "data/2023", "vendor/all": "..",
	}
	var got []string
	for _, f := range throughLinks(changed, links) {
		if f.Submodule != (f.Path == "lib" || strings.HasSuffix(f.Path, "vendor/lib") || strings.HasSuffix(f.Path, "/lib")) {
			t.Errorf("%s: submodule %v", f.Path, f.Submodule)
		}
		if len(f.Path) < 25 {
			got = append(got, f.Path)
		}
	}
	slices.Sort(got)
	want := []string{
		"data/2024/x.csv", "database.csv", "lib", "models/data/2024/x.csv", "models/x.csv", "now.csv", "now/x.csv",
		"vendor/all/database.csv", "vendor/all/lib", "vendor/all/models/x.csv", "vendor/all/now.csv", "vendor/all/now/x.csv", "vendor/all/vendor/lib", "vendor/lib",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
