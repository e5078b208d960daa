package dbt

// Groups of commands that take the same flags.
var (
	selecting = []string{"build", "clone", "compile", "docs generate", "list", "run", "seed", "show", "snapshot", "source freshness", "test"}
	connected = []string{"build", "clone", "compile", "docs generate", "parse", "retry", "run", "run-operation", "seed", "show", "snapshot", "source freshness", "test"}
	targeted  = append([]string{"clean", "docs serve", "list"}, connected...)
	running   = []string{"build", "compile", "docs generate", "run", "seed", "show", "snapshot", "source freshness", "test"}
	typed     = []string{"build", "clone", "list", "test"}
	events    = []string{"build", "run"}
)

// flagTable has every flag of dbt's commands: the click definitions of dbt-core 1.11.16, and the
// differences in 1.9.11, 1.10.23, 1.12.6 and 1.13.0b1. TestFlagTable compares it with the installed
// dbt.
var flagTable = []Flag{
	// Which project, profile and directories.
	{Name: "project-dir", Arity: One, Env: "DBT_PROJECT_DIR", effect: changesRun},
	{Name: "profiles-dir", Arity: One, Env: "DBT_PROFILES_DIR", effect: changesRun},
	{Name: "profile", Arity: One, Env: "DBT_PROFILE", effect: changesRun},
	{Name: "target", Short: "t", Arity: One, Env: "DBT_TARGET", effect: changesRun},
	{Name: "target-path", Arity: One, Env: "DBT_TARGET_PATH", effect: changesRun, commands: targeted},
	{Name: "log-path", Arity: One, Env: "DBT_LOG_PATH", effect: changesRun},
	{Name: "vars", Arity: One},
	{Name: "threads", Arity: One, commands: connected},

	// Which nodes.
	{Name: "select", Aliases: []string{"models", "model"}, Short: "sm", Arity: Many, commands: selecting},
	{Name: "exclude", Arity: Many, commands: selecting},
	{Name: "selector", Arity: One, commands: selecting},
	{Name: "resource-types", Aliases: []string{"resource-type"}, Arity: Many, Env: "DBT_RESOURCE_TYPES", effect: changesRun, commands: typed},
	{Name: "exclude-resource-types", Aliases: []string{"exclude-resource-type"}, Arity: Many, Env: "DBT_EXCLUDE_RESOURCE_TYPES", effect: changesRun, commands: typed},
	{Name: "indirect-selection", Arity: One, Env: "DBT_INDIRECT_SELECTION", effect: changesRun},

	// State and deferral.
	{Name: "state", Arity: One, Env: "DBT_STATE", effect: changesRun},
	{Name: "defer", HasNo: true, Env: "DBT_DEFER", effect: changesRun},
	{Name: "favor-state", HasNo: true, Env: "DBT_FAVOR_STATE", effect: changesRun},
	{Name: "defer-state", Arity: One, Env: "DBT_DEFER_STATE", effect: changesRun},
	{Name: "deprecated-state", Arity: One, Env: "DBT_ARTIFACT_STATE_PATH", effect: beatsFlags},
	{Name: "deprecated-defer", Arity: One, Env: "DBT_DEFER_TO_STATE", effect: beatsFlags},
	{Name: "deprecated-favor-state", Arity: One, Env: "DBT_FAVOR_STATE_MODE", effect: beatsFlags},

	// What is built, and how.
	{Name: "full-refresh", Short: "f", Env: "DBT_FULL_REFRESH", effect: changesRun, commands: []string{"build", "clone", "compile", "retry", "run", "seed", "show"}},
	{
		Name: "empty", HasNo: true, Env: "DBT_EMPTY", effect: changesRun,
		commands: []string{"build", "compile", "run", "seed", "snapshot"}, since: map[string]string{"seed": "1.12"},
	},
	{Name: "sample", Arity: One, Env: "DBT_SAMPLE", effect: changesRun, commands: events, since: map[string]string{"*": "1.10"}},
	{Name: "event-time-start", Arity: One, Env: "DBT_EVENT_TIME_START", effect: changesRun, commands: events},
	{Name: "event-time-end", Arity: One, Env: "DBT_EVENT_TIME_END", effect: changesRun, commands: events},
	{Name: "store-failures", Env: "DBT_STORE_FAILURES", effect: changesRun, commands: []string{"build", "test"}},
	{Name: "export-saved-queries", HasNo: true, Env: "DBT_EXPORT_SAVED_QUERIES", effect: changesRun, commands: []string{"build"}},
	{Name: "include-saved-query", HasNo: true, Env: "DBT_INCLUDE_SAVED_QUERY", effect: changesRun, commands: []string{"build"}},
	{Name: "fail-fast", Short: "x", HasNo: true, Env: "DBT_FAIL_FAST", effect: changesRun},
	{Name: "warn-error", Env: "DBT_WARN_ERROR", effect: changesRun},
	{Name: "warn-error-options", Arity: One, Env: "DBT_WARN_ERROR_OPTIONS", effect: changesRun},
	{Name: "introspect", HasNo: true, Default: true, Env: "DBT_INTROSPECT", effect: changesRun, commands: []string{"compile", "show"}},
	{Name: "manage-state", HasNo: true, Env: "DBT_ENGINE_MANAGE_STATE", effect: changesRun, since: map[string]string{"*": "1.13"}},
	{Name: "write-json", HasNo: true, Default: true, Env: "DBT_WRITE_JSON", effect: changesRun},
	{Name: "clean-project-files-only", HasNo: true, Default: true, Env: "DBT_CLEAN_PROJECT_FILES_ONLY", effect: changesRun, commands: []string{"clean"}},

	// Parsing and speed. They don't change the result.
	{Name: "partial-parse", HasNo: true, Default: true, Env: "DBT_PARTIAL_PARSE"},
	{Name: "partial-parse-file-diff", HasNo: true, Default: true, Env: "DBT_PARTIAL_PARSE_FILE_DIFF"},
	{Name: "partial-parse-file-path", Arity: One, Env: "DBT_PARTIAL_PARSE_FILE_PATH", effect: changesRun},
	{Name: "static-parser", HasNo: true, Default: true, Env: "DBT_STATIC_PARSER"},
	{Name: "use-experimental-parser", HasNo: true, Env: "DBT_USE_EXPERIMENTAL_PARSER"},
	{Name: "use-v2-parser", HasNo: true, Env: "DBT_ENGINE_USE_V2_PARSER", since: map[string]string{"*": "1.12"}},
	{Name: "v2-parser", Arity: One, Env: "DBT_ENGINE_V2_PARSER", since: map[string]string{"*": "1.12"}},
	{Name: "maximum-seed-size-mib", Arity: One, Env: "DBT_ENGINE_MAXIMUM_SEED_SIZE_MIB", since: map[string]string{"*": "1.12"}},
	{Name: "populate-cache", HasNo: true, Default: true, Env: "DBT_POPULATE_CACHE"},
	{Name: "cache-selected-only", HasNo: true, Env: "DBT_CACHE_SELECTED_ONLY"},
	{Name: "single-threaded", HasNo: true, Env: "DBT_SINGLE_THREADED"},
	{Name: "use-fast-test-edges", HasNo: true, Env: "DBT_USE_FAST_TEST_EDGES", since: map[string]string{"*": "1.10"}},
	{Name: "version-check", HasNo: true, Default: true, Env: "DBT_VERSION_CHECK"},
	{Name: "macro-debugging", HasNo: true, Env: "DBT_MACRO_DEBUGGING"},
	{Name: "sqlparse", Arity: One, Env: "DBT_ENGINE_SQLPARSE", commands: running, since: map[string]string{"*": "1.11"}},

	// Messages: what, and where. Quiet and the format are overridden, because readers of dbt's
	// output rely on them.
	{Name: "quiet", Short: "q", HasNo: true, Env: "DBT_QUIET", effect: changesRun},
	{Name: "log-format", Arity: One, Env: "DBT_LOG_FORMAT", effect: changesRun},
	{Name: "log-format-file", Arity: One, Env: "DBT_LOG_FORMAT_FILE"},
	{Name: "log-level", Arity: One, Env: "DBT_LOG_LEVEL"},
	{Name: "log-level-file", Arity: One, Env: "DBT_LOG_LEVEL_FILE"},
	{Name: "log-file-max-bytes", Arity: One, Env: "DBT_LOG_FILE_MAX_BYTES"},
	{Name: "log-cache-events", HasNo: true, Env: "DBT_LOG_CACHE_EVENTS"},
	{Name: "debug", Short: "d", HasNo: true, Env: "DBT_DEBUG"},
	{Name: "print", HasNo: true, Default: true, Env: "DBT_PRINT"},
	{Name: "deprecated-print", HasNo: true, Default: true, Env: "DBT_NO_PRINT"},
	{Name: "printer-width", Arity: One, Env: "DBT_PRINTER_WIDTH"},
	{Name: "use-colors", HasNo: true, Default: true, Env: "DBT_USE_COLORS"},
	{Name: "use-colors-file", HasNo: true, Default: true, Env: "DBT_USE_COLORS_FILE"},
	{Name: "show-all-deprecations", HasNo: true, since: map[string]string{"*": "1.10"}},
	{Name: "hints-enabled", HasNo: true, Default: true, Env: "DBT_ENGINE_HINTS_ENABLED", since: map[string]string{"*": "1.12"}},
	{Name: "record-timing-info", Short: "r", Arity: One},
	{Name: "send-anonymous-usage-stats", HasNo: true, Default: true, Env: "DBT_SEND_ANONYMOUS_USAGE_STATS"},
	{Name: "upload-to-artifacts-ingest-api", HasNo: true, Env: "DBT_UPLOAD_TO_ARTIFACTS_INGEST_API", since: map[string]string{"*": "1.10"}},
	{Name: "snowflake-projects-otel", HasNo: true, Env: "DBT_ENGINE_SNOWFLAKE_PROJECTS_OTEL", since: map[string]string{"*": "1.12"}},
	{Name: "version", Short: "Vv"},
	{Name: "help", Short: "h"},

	// Flags of one or two commands.
	{Name: "add-package", Arity: One, commands: []string{"deps"}},
	{Name: "args", Arity: One, commands: []string{"run-operation"}},
	{Name: "browser", HasNo: true, Default: true, commands: []string{"docs serve"}},
	{Name: "compile", HasNo: true, Default: true, commands: []string{"docs generate"}},
	{Name: "config-dir", commands: []string{"debug"}},
	{Name: "connection", commands: []string{"debug"}},
	{Name: "empty-catalog", commands: []string{"docs generate"}},
	{Name: "host", Arity: One, Env: "DBT_HOST", commands: []string{"docs serve"}},
	{Name: "inject-ephemeral-ctes", HasNo: true, Default: true, commands: []string{"compile"}},
	{Name: "inline", Arity: One, commands: []string{"compile", "show"}},
	{Name: "inline-direct", Arity: One, commands: []string{"show"}},
	{Name: "limit", Arity: One, commands: []string{"show"}},
	{Name: "lock", commands: []string{"deps"}},
	{Name: "output", Short: "o", Arity: One, commands: []string{"compile", "list", "show", "source freshness"}}, // -o belongs to source freshness only
	{Name: "output-keys", Arity: Many, commands: []string{"list"}},
	{Name: "port", Arity: One, commands: []string{"docs serve"}},
	{Name: "show", commands: []string{"build", "seed"}},
	{Name: "skip-debug", commands: []string{"init"}, since: map[string]string{"*": "1.12"}},
	{Name: "skip-profile-setup", Short: "s", commands: []string{"init"}},
	{Name: "source", Arity: One, commands: []string{"deps"}},
	{Name: "sql", Arity: One, commands: []string{"run-operation"}, since: map[string]string{"*": "1.12"}},
	{Name: "static", commands: []string{"docs generate"}},
	{Name: "upgrade", commands: []string{"deps"}},
}
