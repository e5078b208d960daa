package git_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// Two dots at once make worktrees of different commits. Each takes only its own commit's lock.
func TestWorktreesTogether(t *testing.T) {
	t.Run("D.3 worktrees of several commits", func(t *testing.T) {
		f := newFixture(t)
		const dots, rounds = 4, 3
		var all sync.WaitGroup
		for i := range dots {
			r := open(t, f.Dir)
			all.Go(func() {
				path := filepath.Join(f.git.Root, ".dot", "build", fmt.Sprint(i), "worktree")
				commit := []string{f.first, f.second}[i%2]
				for range rounds {
					if err := r.AddWorktree(t.Context(), path, commit, nil); err != nil {
						t.Error(err)
						return
					}
					if err := r.CheckWorktree(path, commit); err != nil {
						t.Error(err)
					}
					changes, err := r.WorktreeChanges(t.Context(), path)
					if err != nil || len(changes) > 0 {
						t.Errorf("changes %v, %v", changes, err)
					}
					if err := r.RemoveWorktree(t.Context(), path); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		wantEqual(t, f.Git("worktree", "list", "--porcelain"), "worktree "+f.Dir+"\nHEAD "+f.second+"\nbranch refs/heads/main")
	})
	t.Run("D.3 their submodules", func(t *testing.T) {
		f := newFamily(t)
		var all sync.WaitGroup
		for i, commit := range []string{f.first, f.second, f.first} {
			r := open(t, f.Dir)
			all.Go(func() {
				path := filepath.Join(f.git.Root, ".dot", "build", fmt.Sprint(i), "worktree")
				if err := r.AddWorktree(t.Context(), path, commit, nil); err != nil {
					t.Error(err)
					return
				}
				submodules, err := r.AddSubmodules(t.Context(), path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				if err := r.CheckSubmodules(path, submodules); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}
