// Package workspace is the .dot directory on disk: where a build lives, and
// the records, ledgers and locks kept there. It implements [graph.Store] and
// [graph.Locker], and knows nothing of git, dbt or how a build is made.
//
// Everything in it is written so that a reader finds the old or the new state,
// never half of one, and everything read from it is checked: a file that is
// cut short, edited or from another version is reported, never trusted.
//
//	.dot/
//	  .gitignore, key          see Create and Secret
//	  config.yml               what the user has decided for this clone; see config.go
//	  locks/<name>             never deleted; see lock.go
//	  places/<digest>.json     ledgers; see ledger.go
//	  memo/<digest>            what is dear to find out; see memo.go
//	  toolchains/<key>/        a virtual environment; see toolchain.go
//	  build/<short>/           one commit; see build.go
//	    commit, worktree/, records/
//	    env/<env>/             one build of a project at the repository's root
//	    projects/<path>/       the same for a project in a subdirectory: records/, env/<env>/
//	      profiles.yml, target/, logs/, state/, records/
package workspace
