package dbt

import (
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/version"
)

// Reuse says when a command of an isolated build may be skipped because the same command with the
// same inputs succeeded before (the caller knows the inputs).
type Reuse int

// When a command may be skipped.
const (
	ReuseNever      Reuse = iota // it must always run
	ReuseUnselected              // only when no selection was given
	ReuseAlways
)

// Command is one dbt subcommand and what it does, as facts of dbt-core 1.11.
type Command struct {
	Name         string   // as it is typed, e.g. "build" or "docs generate"
	Builds       []string // the resource types whose relations it may write to the warehouse
	ListTypes    []string // the resource types `dbt list` has to be limited to for the same selection; nil: none
	Reuse        Reuse
	Parses       bool // it reads the whole project, so packages must be installed
	Manifest     bool // it leaves a manifest.json
	RunResults   bool // it leaves a run_results.json
	OpensAdapter bool // it connects to the database (and so locks a DuckDB file)
	Interactive  bool // it asks questions or runs until Ctrl-C

	version string // of the dbt it is for; "": not known
}

// Commands are dbt's subcommands that dot drives, in alphabetical order.
func Commands() []Command {
	stored := []string{"model", "seed", "snapshot", "test", "function"}
	refable := []string{"model", "seed", "snapshot"}
	return []Command{
		{Name: "build", Builds: stored, Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
		{Name: "clean"},
		{Name: "clone", Builds: refable, ListTypes: refable, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
		{Name: "compile", Reuse: ReuseUnselected, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
		{Name: "debug", OpensAdapter: true},
		{Name: "deps"},
		{Name: "docs generate", Reuse: ReuseAlways, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
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
		{Name: "source freshness", Parses: true, Manifest: true, OpensAdapter: true},
		{Name: "test", Builds: []string{"test"}, ListTypes: []string{"test"}, Parses: true, Manifest: true, RunResults: true, OpensAdapter: true},
	}
}

// LookupCommand finds a command by name, or by another name dbt has for it: "ls" is "list".
func LookupCommand(name string) (Command, bool) {
	switch name {
	case "ls":
		name = "list"
	case "source snapshot-freshness":
		name = "source freshness"
	}
	commands := Commands()
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return Command{}, false
	}
	return commands[i], true
}

// WritesNodes says whether the command may write relations that hold a project's results: a test may
// store what failed, and no result depends on that.
func (c Command) WritesNodes() bool {
	return slices.ContainsFunc(c.Builds, func(kind string) bool { return kind != "test" })
}

// Retried says whether the command's run is one that somebody would retry: it did something to the
// warehouse. dbt itself would retry a compile, too.
func (c Command) Retried() bool { return len(c.Builds) > 0 || c.Name == "run-operation" }

// Words are the words of the command line that name the command.
func (c Command) Words() []string { return strings.Fields(c.Name) }

// In is the command as the given version of dbt has it ("1.11.16"; "": not known).
func (c Command) In(version string) Command {
	c.version = version
	return c
}

// Takes says whether the command takes the flag, under any of the flag's names. A flag that came with
// a newer dbt is taken only where the version is known and new enough.
func (c Command) Takes(flag string) bool {
	f, ok := LookupFlag(flag)
	switch {
	case !ok:
		return false
	case version.IsV2(c.version) && slices.Contains(v2Gone, f.Name):
		return false
	case version.IsV2(c.version) && slices.Contains(v2Everywhere, f.Name):
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
