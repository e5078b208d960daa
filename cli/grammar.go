package cli

import (
	"dot-for-dbt/internal/ui"
)

// grammar is the command line, as kong reads it. What stands after "--" is
// dbt's and never comes here. Flags stand at the root, so that they may be
// given before or after the command and the specs.
type grammar struct {
	flags
	dbtCommands

	Plan planCommand `cmd:"" help:"Print what a command would run, what is up to date, and why. Changes nothing."`
}

// flags are dot's own.
type flags struct {
	Defer    string `placeholder:"ENV@REF" help:"Read what is not selected from the build of another commit (the baseline): dbt's --defer --favor-state --state."`
	Modified bool   `help:"Select what differs from the baseline, and what depends on it: -s state:modified+. Needs --defer."`

	Select      []string `short:"s" sep:"none" placeholder:"NODES" help:"As dbt's. Several words want quotes: -s 'orders customers'."`
	Exclude     []string `sep:"none" placeholder:"NODES" help:"As dbt's."`
	Selector    string   `placeholder:"NAME" help:"As dbt's."`
	FullRefresh bool     `help:"As dbt's."`
	Vars        string   `placeholder:"YAML" help:"As dbt's, merged over the environment's vars."`
	Threads     string   `placeholder:"N" help:"As dbt's."`

	DryRun         bool   `help:"Print the plan and change nothing, like 'dot plan'."`
	Force          bool   `help:"Run dbt even if the build is up to date. Destroys nothing."`
	MaxAge         string `placeholder:"AGE" help:"Age at which an up-to-date build is run again: 12h (the default), 30m, 7d, 0 (always), never."`
	ResetWorktree  bool   `help:"Undo changes that were made in the build's worktree."`
	Deps           bool   `default:"true" negatable:"" help:"Install the project's packages first (on by default)."`
	DisablePrompts bool   `help:"Ask nothing."`

	Verbose bool         `short:"v" help:"Say more: each command line, which dbt, what was overruled."`
	Color   ui.ColorMode `enum:"auto,always,never" default:"auto" placeholder:"WHEN" help:"Colour dot's own output: auto, always, never."`
	Version bool         `help:"Print the version and exit."`
}

// dbtCommands are the commands of dbt that dot runs.
type dbtCommands struct {
	Build   dbtCommand `cmd:"" group:"dbt" help:"dbt build: seeds, snapshots, models and tests, in the order of the graph."`
	Compile dbtCommand `cmd:"" group:"dbt" help:"dbt compile: write the models' SQL, build nothing."`
	Run     dbtCommand `cmd:"" group:"dbt" help:"dbt run: build the models."`
	Seed    dbtCommand `cmd:"" group:"dbt" help:"dbt seed: load the seeds."`
	Test    dbtCommand `cmd:"" group:"dbt" help:"dbt test: run the tests on what was built."`
}

// dbtCommand is any command of dbt, for specs.
type dbtCommand struct {
	Specs []string `arg:"" optional:"" name:"env@ref" help:"What to run it on: env, env@ref or @ref. Without @ref it is the working tree; without env, the default environment."`
}

// planCommand is any of them, planned.
type planCommand struct {
	dbtCommands
	Format string `enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}
