package lifecycle

import (
	"testing"
	"time"

	"dot-for-dbt/config"
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
			why, goes := tt.req.rule(tt.b, tt.n, now)
			if goes != (tt.want != "") || why != tt.want {
				t.Errorf("%q, %t, want %q", why, goes, tt.want)
			}
		})
	}
}

// A.15: what the configuration keeps stays, and without a rule what it doesn't keep goes.
func TestPruneKeep(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(days int) Build {
		b := Build{Used: now.AddDate(0, 0, -days), InGit: InGit}
		b.Env = "dev"
		return b
	}
	two, month, none := 2, 30, 0
	last, days, both := &config.Keep{Last: &two}, &config.Keep{Days: &month}, &config.Keep{Last: &two, Days: &month}
	for _, tt := range []struct {
		name     string
		req      PruneRequest
		b        Build
		n        int
		keep     *config.Keep
		want     string // "" for one that stays
		byConfig bool
	}{
		{"no rule at all", PruneRequest{}, at(90), 9, nil, "", false},
		{"among the last", PruneRequest{}, at(90), 2, last, "", false},
		{"not among the last", PruneRequest{}, at(1), 3, last, "not kept by keep: {last: 2}", false},
		{"used lately", PruneRequest{}, at(30), 9, days, "", false},
		{"not used lately", PruneRequest{}, at(31), 1, days, "not kept by keep: {days: 30}", false},
		{"either keeps: the last", PruneRequest{}, at(90), 2, both, "", false},
		{"either keeps: the days", PruneRequest{}, at(1), 9, both, "", false},
		{"neither keeps", PruneRequest{}, at(90), 9, both, "not kept by keep: {last: 2, days: 30}", false},
		{"none is kept", PruneRequest{}, at(0), 1, &config.Keep{Last: &none}, "not kept by keep: {last: 0}", false},
		{"a rule does not undercut it", PruneRequest{Gone: true}, at(90), 2, last, "", true},
		{"nor does another number", PruneRequest{Keep: &none}, at(1), 2, last, "", true},
		{"a rule is still needed", PruneRequest{Older: 100 * 24 * time.Hour}, at(90), 9, last, "", false},
		{"both say so", PruneRequest{Gone: true}, at(90), 3, last, "no ref leads to its commit", false},
		{"unless asked", PruneRequest{Gone: true, IgnoreKeep: true}, at(90), 1, last, "no ref leads to its commit", false},
		{"only worktrees", PruneRequest{Worktrees: true}, at(90), 1, last, "asked for", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			why, goes, byConfig := tt.req.reason(tt.b, tt.n, now, tt.keep)
			if goes != (tt.want != "") || why != tt.want || byConfig != tt.byConfig {
				t.Errorf("%q, %t, by the configuration %t; want %q, %t", why, goes, byConfig, tt.want, tt.byConfig)
			}
		})
	}
}
