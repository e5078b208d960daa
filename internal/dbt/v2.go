package dbt

// This file and tool/v2.go have what is different in dbt 2 (Rust; since 2026-09). None of it was
// seen by running dbt 2: it was read in dbt-core's source at 2.0.0-beta.2 and on docs.getdbt.com.
// Facts without code:
//
//   - Its exit code is 1 for any error, Ctrl-C and unknown flags included. Nothing in dot tells one failure
//     from another by the code.
//   - A variable DBT_ENGINE_* that it doesn't know is an error. dot sets none.
//   - It installs missing packages by itself.

// v2Everywhere are the flags that every subcommand of dbt 2 takes: directories, state and deferral,
// threads, vars and selection.
var v2Everywhere = []string{
	"project-dir", "profiles-dir", "target-path", "log-path", "state", "defer", "favor-state", "defer-state",
	"threads", "vars", "select", "exclude", "selector",
}

// v2Gone are the flags that dbt 2 no longer has.
var v2Gone = []string{"config-dir"}
