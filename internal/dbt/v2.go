package dbt

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/version"
	"dot-for-dbt/internal/hint"
)

// What is different in dbt 2 (Rust; since 2026-09), as seen with 2.0.0-alpha.4. TestV2Flags compares
// the tables with the installed dbt. Facts without code:
//
//   - A variable DBT_ENGINE_* that it doesn't know is an error. dot sets none.
//   - It installs missing packages by itself.

// v2Everywhere are the flags that every subcommand of dbt 2 takes: directories, state and deferral,
// threads, vars and selection.
var v2Everywhere = []string{
	"project-dir", "profiles-dir", "target-path", "log-path", "state", "defer", "favor-state", "defer-state",
	"threads", "vars", "select", "exclude", "selector",
}

// v2Refused are the flags of dbt 1 that dbt 2 refuses, with the commands; nil: all commands.
var v2Refused = map[string][]string{
	"browser": nil, "clean-project-files-only": nil, "compile": nil, "config-dir": nil,
	"deprecated-defer": nil, "deprecated-favor-state": nil, "deprecated-print": nil, "deprecated-state": nil,
	"empty-catalog": nil, "hints-enabled": nil, "include-saved-query": nil, "inject-ephemeral-ctes": nil,
	"inline-direct": nil, "single-threaded": nil, "snowflake-projects-otel": nil, "source": nil, "sqlparse": nil,
	"static": nil, "upload-to-artifacts-ingest-api": nil, "use-v2-parser": nil, "v2-parser": nil,
	"full-refresh": {"retry", "show"}, "output": {"source freshness"},
	"resource-types": {"clone", "test"}, "exclude-resource-types": {"clone", "test"},
}

// v2RefusedNo are the flags whose negative form dbt 2 refuses, and not the other.
var v2RefusedNo = []string{"export-saved-queries", "show-all-deprecations"}

// v2Ignored are the flags that dbt 2 takes with a warning (dbt1700, dbt1701), without any effect.
var v2Ignored = []string{
	"cache-selected-only", "log-cache-events", "populate-cache", "print", "printer-width", "record-timing-info",
	"static-parser", "use-colors", "use-colors-file", "use-experimental-parser",
}

// v2Words are values that dbt 2 has another word for.
var v2Words = map[string]map[string]string{
	"log-format": {"debug": "text"}, "log-format-file": {"debug": "text"},
	"log-level": {"none": "off"}, "log-level-file": {"none": "off"},
	"output": {"text": "table"},
}

// v2Variables are variables that only dbt 2 reads and that change what is built or left behind.
// Each has a form with DBT_ENGINE_, too.
var v2Variables = []string{
	"DBT_NO_FAVOR_STATE", "DBT_NO_FAIL_FAST", "DBT_WRITE_METADATA", "DBT_METADATA_DIR", "DBT_INDEX_DIR", "DBT_DIRTY",
	"DBT_PACKAGES_INSTALL_PATH", "DBT_MANAGE_STATE", "DBT_TASK_CACHE_URL", "DBT_INVOCATION_ID",
	"DBT_INTERNAL_PACKAGE_MODE", "DBT_FS_INTERNAL_PACKAGES_INSTALL_PATH", // dbt's own macros
}

// isV2 reports whether the command's dbt is dbt 2.
func (c Command) isV2() bool { return version.IsV2(c.version) }

// ExitCode returns the exit code that tells what kind of error a command ended with: 1 if nodes failed, 2
// if it did not come to them. dbt 2 has 1 for both, for Ctrl-C, and for unknown flags. failed: nodes have
// failed.
func (c Command) ExitCode(code int, failed bool) int {
	own := slices.Contains([]string{"debug", "docs generate", "run-operation", "show", "source freshness"}, c.Name) // with 1 in dbt 1
	if code != 1 || !c.isV2() || failed || own {
		return code
	}
	return 2
}

// refusedByV2 reports whether dbt 2 refuses a flag.
func (c Command) refusedByV2(flag string) bool {
	commands, refused := v2Refused[flag]
	return refused && (commands == nil || slices.Contains(commands, c.Name))
}

// heedsV2 reports whether an option has an effect on dbt 2, in its form.
func heedsV2(o Option) bool {
	if o.Negated && (o.Flag == "debug" || slices.Contains(v2RefusedNo, o.Flag)) {
		return false
	}
	return !slices.Contains(v2Ignored, o.Flag)
}

// accepts reports whether the command takes an option in its form, and heeds it.
func (c Command) accepts(o Option) bool { return c.Takes(o.Flag) && (!c.isV2() || heedsV2(o)) }

// forV2 returns an option in dbt 2's words.
func forV2(o Option) Option {
	if o.Flag == "" {
		return o
	}
	values := slices.Clone(o.Values)
	for i, value := range values {
		if word, other := v2Words[o.Flag][strings.ToLower(value)]; other {
			values[i] = word
		}
	}
	return Option{Flag: o.Flag, Negated: o.Negated, Values: values} // in the flag's own name: --model is refused
}

// CheckV2 returns an error for an option that dbt 2 refuses. It is nil for other versions.
func (l CommandLine) CheckV2() error {
	if !l.Command.isV2() {
		return nil
	}
	for _, o := range l.Options {
		if !l.Command.refusedByV2(o.Flag) {
			continue
		}
		what := Option{Flag: o.Flag, Negated: o.Negated}.Words()[0]
		return hint.New(fmt.Sprintf("dbt %s has no %s for dbt %s", l.Command.version, what, l.Command.Name),
			"leave it out", "or run this with dbt 1: name its command in dot: {dbt: …}, or in DOT_DBT")
	}
	return nil
}

// forV2 removes variables that only dbt 2 reads, and those that it refuses: empty ones, and those of
// dbt 1's flags that have its prefix. Values in dbt 1's words are written in its own.
func (in Inherited) forV2(v *variables, out *IsolatedEnv) {
	for _, plain := range v2Variables {
		for _, name := range (Flag{Env: plain}).variables() {
			if v.has(name) {
				out.Notes = append(out.Notes, in.removed(name, v))
			}
		}
	}
	for _, f := range flagTable {
		for _, name := range f.variables() {
			value, set := v.values[envKey(name)]
			commands, refused := v2Refused[f.Name]
			word, other := v2Words[f.Name][strings.ToLower(v.value([]string{name}))]
			switch {
			case set && value == "":
				in.removed(name, v)
			case set && refused && commands == nil && strings.HasPrefix(name, enginePrefix):
				out.Notes = append(out.Notes, in.removed(name, v))
			case other:
				v.set(name, word)
			}
		}
	}
}

// LeftOut returns why a setting for the command has no effect; "" if it has one, or is none of its
// flags.
func (c Command) LeftOut(name string) string {
	f, _, ok := flagByName(strings.ReplaceAll(name, "_", "-"))
	if !ok || !c.isV2() || !f.on(c.Name) || !c.refusedByV2(f.Name) {
		return ""
	}
	return fmt.Sprintf("dbt %s has no --%s for dbt %s: it is left out", c.version, f.Name, c.Name)
}
