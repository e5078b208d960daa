package lifecycle

import (
	"dot-for-dbt/internal/workspace"
)

// A Size is how much space a build takes on the disk, in bytes.
type Size struct {
	// Own is that of the build's own files: dbt's artifacts and logs, dot's records.
	Own int64
	// Commit is that of the commit's worktree with its packages, which the builds of other environments
	// share.
	Commit int64
	// Shared is the number of other builds that share it.
	Shared int
}

// Total is the size of everything that the build uses.
func (s Size) Total() int64 { return s.Own + s.Commit }

// sizes adds the sizes of builds; all are those of the workspace.
func (r *reader) sizes(builds []Build, all []workspace.Found) {
	users, first := map[string]int{}, map[string]int{}
	for _, b := range all {
		users[b.Commit.Short]++
	}
	var commits []string
	for i := range builds {
		short := builds[i].Commit.Short
		if _, known := first[short]; !known {
			first[short] = len(commits)
			commits = append(commits, builds[i].Commit.Worktree())
		}
	}
	worktrees := make([]int64, len(commits))
	workspace.Parallel(len(commits), func(i int) { worktrees[i] = workspace.DiskUsage(commits[i]) })
	workspace.Parallel(len(builds), func(i int) {
		short := builds[i].Commit.Short
		builds[i].Size = &Size{Own: workspace.DiskUsage(builds[i].Dir()), Commit: worktrees[first[short]], Shared: users[short] - 1}
	})
}
