package lifecycle

import (
	"testing"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/git/gittest"
	"dot-for-dbt/steps"
)

// A.13: which schemas without a build go, by what is known of their commits.
func TestOrphanRules(t *testing.T) {
	gits := gittest.New(t)
	reached := gits.Commit("first")
	lost := gits.Git("commit-tree", "-p", "HEAD", "-m", "lost", "HEAD^{tree}")
	const unknown, tree = "0123456789012345678901234567890123456789", "wt_1234567-0123456789abcdef"
	repo, err := git.Open(t.Context(), gits.Dir)
	if err != nil {
		t.Fatal(err)
	}
	gits.Write("new.txt", "new")
	drafts, err := repo.Resolve(t.Context(), []string{git.WorkingTree})
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.KeepDraft(t.Context()); err != nil {
		t.Fatal(err)
	}
	draft := drafts[0].Hash
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	week := 7 * 24 * time.Hour
	for _, tt := range []struct {
		name   string
		req    PruneRequest
		commit string
		days   int // since the mark; -1 if that isn't known
		weak   bool
		why    string // "" for one that isn't chosen
		stays  bool
	}{
		{"old", PruneRequest{Older: week}, unknown, 8, false, "marked 1 week ago", false},
		{"old, of a living branch", PruneRequest{Older: week}, reached, 8, false, "marked 1 week ago", false},
		{"young", PruneRequest{Older: week}, unknown, 6, false, "", false},
		{"of an unknown age", PruneRequest{Older: week}, lost, -1, false, "", false},
		{"gone", PruneRequest{Gone: true}, lost, 1, false, "no ref leads to its commit", false},
		{"reached", PruneRequest{Gone: true}, reached, 90, false, "", false},
		{"a working tree's", PruneRequest{Gone: true}, draft, 90, false, "", false},
		{"gone, but young", PruneRequest{Gone: true, Older: week}, lost, 6, false, "", false},
		{"perhaps not pushed", PruneRequest{Gone: true}, unknown, 90, false, "asked for", true},
		{"gone or not pushed for long", PruneRequest{Gone: true, Older: week}, unknown, 8, false, "marked 1 week ago, git doesn't have its commit", false},
		{"another clone's working tree", PruneRequest{Gone: true}, tree, 90, false, "asked for", true},
		{"another clone's old working tree", PruneRequest{Gone: true, Older: week}, tree, 8, false, "marked 1 week ago, of no working tree here", false},
		{"another clone's working tree in use", PruneRequest{Gone: true, Older: week}, tree, 6, false, "", false},
		{"of any repository", PruneRequest{Older: week}, unknown, 8, true, "marked 1 week ago", true},
		{"of this repository", PruneRequest{Older: week}, lost, 8, true, "marked 1 week ago", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := &steps.Orphan{Env: "dev", Commit: tt.commit}
			if tt.commit == tree {
				o.Commit, o.Tree = "", tree
			}
			if tt.days >= 0 {
				o.At = now.AddDate(0, 0, -tt.days)
			}
			r := orphanRules{PruneRequest: tt.req, world: steps.World{Now: func() time.Time { return now }}, repo: repo, identified: !tt.weak}
			chosen, err := r.choose(t.Context(), []*steps.Orphan{o})
			if err != nil {
				t.Fatal(err)
			}
			if (len(chosen) == 1) != (tt.why != "") || r.why[o] != tt.why || (o.Refused != nil) != tt.stays {
				t.Errorf("chosen %d, %q, %v; want %q, stays %t", len(chosen), r.why[o], o.Refused, tt.why, tt.stays)
			}
		})
	}
}
