package standin

import (
	"slices"
	"strings"
)

// With STANDIN_V2, this stands in for dbt 2, where that differs. Nobody has run dbt 2 for this: the
// facts are from its source and documentation.

// version2 is the version of dbt 2 that this stands in for.
const version2 = "2.0.0"

// everywhere2 are the flags that each subcommand of dbt 2 takes.
var everywhere2 = []string{
	"project-dir", "profiles-dir", "target-path", "log-path", "state", "defer-state", "defer", "favor-state", "threads", "vars",
	"select", "exclude", "selector",
}

// builtIn2 are the adapters that dbt 2 has built in and does not call experimental.
var builtIn2 = []string{"snowflake", "bigquery", "databricks", "redshift", "duckdb", "salesforce", "clickhouse"}

func (p Process) isV2() bool { return p.getenv("STANDIN_V2") != "" }

func (p Process) version() string {
	if p.isV2() {
		return version2
	}
	if other := p.getenv("STANDIN_VERSION"); other != "" {
		return other
	}
	return version
}

// versionText returns the output of --version.
func (p Process) versionText() string {
	const notice = "\n\nThis is not dbt, but a stand-in for it in tests."
	if p.isV2() {
		return "dbt " + version2 + notice
	}
	return "Core:\n  - installed: " + p.version() + "\n\nPlugins:\n  - duckdb: 1.11.1" + notice
}

// code returns the exit code for one of dbt 1. dbt 2 has 1 for every error.
func (p Process) code(v1 int) int {
	if p.isV2() {
		return 1
	}
	return v1
}

// lacks reports whether a command does not take a flag.
func (p Process) lacks(command, flag string) bool {
	if p.isV2() && slices.Contains(everywhere2, flag) {
		return false
	}
	return slices.Contains(commands[command], flag)
}

// checkVariables refuses an unknown DBT_ENGINE_ variable, as dbt 2 does.
func (p Process) checkVariables() error {
	if !p.isV2() {
		return nil
	}
	for _, entry := range p.Env {
		name, _, _ := strings.Cut(entry, "=")
		engine, ok := strings.CutPrefix(name, "DBT_ENGINE_")
		flag := strings.ToLower(strings.ReplaceAll(engine, "_", "-"))
		if ok && !slices.Contains(slices.Concat(switches, single, many), flag) {
			return usage("unknown environment variable %s", name)
		}
	}
	return nil
}

// checkAdapter refuses an adapter that is experimental in dbt 2.
func (p Process) checkAdapter(adapter string) error {
	if p.isV2() && !slices.Contains(builtIn2, adapter) && p.getenv("DBT_ALLOW_EXPERIMENTAL_ADAPTERS") != "true" {
		return usage("adapter %s is experimental: set DBT_ALLOW_EXPERIMENTAL_ADAPTERS=true", adapter)
	}
	return nil
}

// checkState refuses a manifest that is too old for dbt 2: of dbt 1.7 and before.
func (p Process) checkState(version string) error {
	for _, old := range []string{"1.0.", "1.1.", "1.2.", "1.3.", "1.4.", "1.5.", "1.6.", "1.7."} {
		if p.isV2() && strings.HasPrefix(version, old) {
			return usage("the manifest of dbt %s is too old", version)
		}
	}
	return nil
}
