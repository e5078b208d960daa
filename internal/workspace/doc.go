// Package workspace is the .dot directory on disk: the directories of builds,
// and the records, ledgers and locks. It implements [graph.Store] and
// [graph.Locker]. It knows nothing of git, dbt or how a build is made.
//
// Files are replaced whole, so that a reader finds the old or the new state.
// Every file is checked when it is read: a file that is cut short, edited or
// from another version is reported and never trusted.
//
//	.dot/
//	  .gitignore, key          see Create and Digest
//	  config.yml               the user's settings for this clone; see config.go
//	  locks/<name>             never deleted; see lock.go
//	  places/<digest>.json     ledgers; see ledger.go
//	  memo/<digest>            a cache; see memo.go
//	  toolchains/<key>/        a virtual environment; see toolchain.go
//	  build/<short>/           one commit; see build.go
//	    commit, worktree/, records/
//	    env/<env>/             one build of a project at the repository's root
//	    projects/<path>/       the same for a project in a subdirectory: records/, env/<env>/
//	      profiles.yml, target/, logs/, state/, layer/, question/, records/
package workspace
