package lifecycle

import (
	"testing"
	"time"

	"dot-for-dbt/internal/git"
)

// A.11: rules together narrow what goes.
func TestPruneReason(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(days int, reached bool) Build {
		b := Build{Used: now.AddDate(0, 0, -days), InGit: InGit}
		b.Env, b.Git = "dev", git.Known{Reached: reached}
		return b
	}
	two, none := 2, 0
	tests := []struct {
		name string
		req  PruneRequest
		b    Build
		n    int
		want string // "" for one that stays
	}{
		{"gone", PruneRequest{Gone: true}, at(1, false), 1, "no ref leads to its commit"},
		{"reached", PruneRequest{Gone: true}, at(90, true), 9, ""},
		{"lost by git", PruneRequest{Gone: true}, Build{InGit: Lost}, 1, "no ref leads to its commit"},
		{"git was not asked", PruneRequest{Gone: true}, Build{}, 1, ""},
		{"older", PruneRequest{Older: 24 * time.Hour}, at(2, true), 1, "last used 2 days ago"},
		{"as old", PruneRequest{Older: 48 * time.Hour}, at(2, true), 1, ""},
		{"the second", PruneRequest{Keep: &two}, at(2, true), 2, ""},
		{"the third", PruneRequest{Keep: &two}, at(2, true), 3, "not one of the last 2 of dev"},
		{"none is kept", PruneRequest{Keep: &none}, at(2, true), 1, "no build of dev is kept"},
		{"gone and old", PruneRequest{Gone: true, Older: time.Hour}, at(2, false), 1, "no ref leads to its commit, last used 2 days ago"},
		{"gone, but not old", PruneRequest{Gone: true, Older: 96 * time.Hour}, at(2, false), 1, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			why, goes := tt.req.reason(tt.b, tt.n, now)
			if goes != (tt.want != "") || why != tt.want {
				t.Errorf("%q, %t, want %q", why, goes, tt.want)
			}
		})
	}
}
