// Package git is git as a library, and the only place that runs it: resolving
// refs, reading a commit's files, and the worktrees of builds.
//
// It knows nothing of specs, builds or dbt. The user's index, branches, stash,
// working tree and other worktrees are never touched: reading takes no
// optional locks, and what is written is one detached worktree and its
// administration in .git/worktrees.
//
// It needs git 2.25 or newer.
package git
