package dbt

import (
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/version"
)

// Reuse says when a command of an isolated build may be skipped because the same command succeeded
// before with the same inputs, which the caller knows.
type Reuse int

// When a command may be skipped.
const (
	ReuseNever      Reuse = iota // it must always run
	ReuseUnselected              // only if no selection was given
	ReuseAlways
)

// Command is a dbt subcommand and what it does, as facts of dbt-core 1.11.
type Command struct {
	Name         string   // as typed, e.g. "build" or "docs generate"
	Builds       []string // the resource types whose relations it may write to the warehouse
	ListTypes    []string // the resource types that `dbt list` needs for the same selection; nil: no limit
	Reuse        Reuse
	Parses       bool   // it reads the whole project, so packages must be installed
	Manifest     bool   // it leaves a manifest.json
	RunResults   bool   // it leaves a run_results.json
	Leaves       string // the file in the target path that it is run for; "": none
	OpensAdapter bool   // it connects to the database (and so locks a DuckDB file)
	Interactive  bool   // it asks questions or runs until Ctrl-C

	version string // version of dbt; "": unknown
}

// What commands write, and what dbt calls refable.
var (
	stored  = []string{"model", "seed", "snapshot", "test", "function"}
	refable = []string{"model", "seed", "snapshot"}
)

// commandTable has every command, in alphabetical order.
var commandTable = []Command{
	{Name: "build", Builds: stored, Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "clean"},
	{Name: "clone", Builds: refable, ListTypes: refable, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "compile", Reuse: ReuseUnselected, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "debug", OpensAdapter: true},
	{Name: "deps"},
	{Name: "docs generate", Leaves: "catalog.json", Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "docs serve", Interactive: true},
	{Name: "init", Interactive: true},
	{Name: "list", Parses: true, Manifest: true},
	{Name: "parse", Reuse: ReuseAlways, Parses: true, Manifest: true},
	{Name: "retry", Builds: stored, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "run", Builds: []string{"model"}, ListTypes: []string{"model"}, Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "run-operation", Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "seed", Builds: []string{"seed"}, ListTypes: []string{"seed"}, Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "show", Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "snapshot", Builds: []string{"snapshot"}, ListTypes: []string{"snapshot"}, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	{Name: "source freshness", Leaves: "sources.json", Parses: true, Manifest: true, OpensAdapter: true},
	{Name: "test", Builds: []string{"test"}, ListTypes: []string{"test", "unit_test"}, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
}

// Commands returns the dbt subcommands that dot can run, in alphabetical order.
func Commands() []Command { return slices.Clone(commandTable) }

// LookupCommand finds a command by its name or by dbt's other name for it: "ls" is "list".
func LookupCommand(name string) (Command, bool) {
	switch name {
	case "ls":
		name = "list"
	case "source snapshot-freshness":
		name = "source freshness"
	}
	for i := range commandTable {
		if commandTable[i].Name == name {
			return commandTable[i], true
		}
	}
	return Command{}, false
}

// WritesNodes reports whether the command may write relations with a project's results. Stored
// failures of a test don't count: no result depends on them.
func (c Command) WritesNodes() bool {
	return slices.ContainsFunc(c.Builds, func(kind string) bool { return kind != "test" })
}

// Retried reports whether a user would retry the command's run, because it did something to the
// warehouse. dbt itself would retry a compile, too.
func (c Command) Retried() bool { return len(c.Builds) > 0 || c.Name == "run-operation" }

// Words are the words of the command line that name the command.
func (c Command) Words() []string { return strings.Fields(c.Name) }

// In is the command as in the given version of dbt ("1.11.16"; "": unknown).
func (c Command) In(version string) Command {
	c.version = version
	return c
}

// Takes reports whether the command takes the flag, under any of the flag's names. A flag of a
// newer dbt counts only if the version is known and new enough.
func (c Command) Takes(flag string) bool {
	f, ok := LookupFlag(flag)
	switch {
	case !ok:
		return false
	case c.isV2() && c.refusedByV2(f.Name):
		return false
	case c.isV2() && slices.Contains(v2Everywhere, f.Name):
		return true
	case !f.on(c.Name):
		return false
	}
	since, ok := f.since[c.Name]
	if !ok {
		since, ok = f.since["*"]
	}
	return !ok || (c.version != "" && version.AtLeast(c.version, since))
}
