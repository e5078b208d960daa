package cli

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/ui"
)

// grammar is the command line for kong, without the arguments after "--", which are
// dbt's. Flags belong to the root, so that users may type them before or after the
// command and the specs.
type grammar struct {
	flags
	kong.Plugins // commands, or one of them; see newGrammar
}

// commands are all commands.
type commands struct {
	dbtCommands

	Plan    planCommand    `cmd:"" help:"Print what a command would run, what is up to date, and why. Changes nothing."`
	Explain explainCommand `cmd:"" help:"Print the details of a plan: each step's inputs, its record, what changed, and from which layer a deferred build reads each node. Changes nothing."`
	Compare compareCommand `cmd:"" help:"Say which relations of builds hold the same data as the baseline's, which don't, and how they differ."`

	Push   pushCommand   `cmd:"" help:"Put builds into the team's store: what dot knows of them, and dbt's manifest. No data, no profile, no secrets."`
	Pull   pullCommand   `cmd:"" help:"Take builds over from the team's store, so that --defer and compare find them without it."`
	Export exportCommand `cmd:"" help:"Write a build into a file, as push does into a store."`
	Import importCommand `cmd:"" help:"Take over the build in a file that dot export has written."`

	UpgradeCheck upgradeCommand `cmd:"" help:"Build a commit with two dbts, and say what differs: errors, warnings, and the data of each relation."`

	Check  checkCommand  `cmd:"" help:"Check dot's configuration, each environment, and that builds would write into their own schemas only. dbt parses; nothing connects to the warehouse."`
	Path   pathCommand   `cmd:"" help:"Print the directory of a build, whether it was built or not."`
	Schema schemaCommand `cmd:"" help:"Print the schema of a build, whether it was built or not."`
	Status statusCommand `cmd:"" help:"List the builds in .dot: when each was used, how its last command ended, and what it has. Changes nothing."`
	Drop   dropCommand   `cmd:"" help:"Drop builds: their schemas, worktrees and records. Shows what would go, and asks."`
	Prune  pruneCommand  `cmd:"" help:"Drop builds that are no longer needed, by rule. Shows what would go, and asks."`
	Doctor doctorCommand `cmd:"" help:"Look for problems with the setup, and say how to fix them. Changes nothing."`

	InitConfig initConfigCommand `cmd:"" help:"Write a dot_environments.yml from the profile's outputs, with all settings as comments, and schemas for editors. Never overwrites it."`
	JSONSchema jsonSchemaCommand `cmd:"" name:"json-schema" help:"Print the JSON Schema of a file that dot reads, or of JSON that it writes."`

	MCP mcpCommand `cmd:"" name:"mcp" help:"Serve agents: the Model Context Protocol over stdin and stdout."`

	Completion completionCommand `cmd:"" help:"Print a script that completes dot's command line in a shell."`
	Man        manCommand        `cmd:"" help:"Print a man page, or write all of them into a directory."`
}

// newGrammar returns the grammar for a command line. Kong takes milliseconds to read all commands. So
// the grammar has only the command that the line begins with, unless the user asks for help. The same
// holds for dbt's commands below plan and explain, which are left out of any other line.
func newGrammar(args ...string) *grammar {
	all := new(commands)
	for word, command := range map[string]*plannedCommand{"plan": &all.Plan.plannedCommand, "explain": &all.Explain.plannedCommand} {
		if i := slices.Index(args, word); i >= 0 {
			command.Plugins = kong.Plugins{oneOf(new(dbtCommands), args[i+1:])}
		}
	}
	return &grammar{Plugins: kong.Plugins{oneOf(all, args)}}
}

// wholeGrammar returns the grammar of all command lines.
func wholeGrammar() *grammar {
	all := new(commands)
	for _, command := range []*plannedCommand{&all.Plan.plannedCommand, &all.Explain.plannedCommand} {
		command.Plugins = kong.Plugins{new(dbtCommands)}
	}
	return &grammar{Plugins: kong.Plugins{all}}
}

// oneOf returns a pointer to a struct with the one command that the arguments begin with, or all
// commands if there is none or if the user asks for help. all is a pointer to a struct of commands.
func oneOf(all any, args []string) any {
	if len(args) == 0 || slices.ContainsFunc(args, func(arg string) bool { return arg == "-h" || strings.HasPrefix(arg, "--help") }) {
		return all
	}
	from := reflect.ValueOf(all).Elem()
	for _, field := range reflect.VisibleFields(from.Type()) {
		if _, ok := field.Tag.Lookup("cmd"); !ok || args[0] != cmp.Or(field.Tag.Get("name"), commandName(field.Name)) && args[0] != field.Tag.Get("aliases") {
			continue
		}
		one := reflect.New(reflect.StructOf([]reflect.StructField{{Name: field.Name, Type: field.Type, Tag: field.Tag}}))
		one.Elem().Field(0).Set(from.FieldByIndex(field.Index))
		return one.Interface()
	}
	return all
}

// commandName is the name that kong gives the command of a field: run-operation for RunOperation.
func commandName(field string) string {
	var name strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			name.WriteByte('-')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}

// flags are dot's own.
type flags struct {
	Defer            string       `placeholder:"ENV@REF" help:"Read nodes that the build doesn't have from the build of another commit (the baseline), with dbt's --defer. Or from what dbt built elsewhere: path:DIR or a URL with its manifest.json, or an environment with dot: baseline."`
	At               string       `placeholder:"REF" help:"The commit that dbt built elsewhere, if --defer names its artifacts. --modified then finds all that differs."`
	Store            string       `placeholder:"URL" help:"The team's store of builds, instead of DOT_STORE or the environment's dot: store. --defer and compare look there for builds that aren't in .dot."`
	Modified         modifiedFlag `help:"Select nodes that differ from the baseline, and those that depend on them: -s state:modified+. Needs --defer. --modified=compiled leaves out nodes that compile to the baseline's code."`
	Reuse            string       `placeholder:"ENV@REF" help:"Build what differs from another build, and make views on all else of it: a schema with all nodes. It clones incremental models as --clone-incremental does."`
	CloneIncremental bool         `help:"First copy the baseline's tables of incremental models and snapshots that the build runs and doesn't have, so that they add to its rows. Needs --defer."`

	Select      []string `short:"s" sep:"none" placeholder:"NODES" help:"As dbt's. Quote several words: -s 'orders customers'."`
	Exclude     []string `sep:"none" placeholder:"NODES" help:"As dbt's."`
	Selector    string   `placeholder:"NAME" help:"As dbt's."`
	FullRefresh bool     `help:"As dbt's."`
	Vars        string   `placeholder:"YAML" help:"As dbt's, merged over the environment's vars."`
	Threads     string   `placeholder:"N" help:"As dbt's."`

	Jobs      *int   `short:"j" placeholder:"N" help:"How many programs may run at once (default: the number of processors, at most 4)."`
	KeepGoing bool   `xor:"failure" help:"After a failure, continue with steps that don't depend on it. The default for several specs."`
	FailFast  bool   `xor:"failure" help:"After a failure, start nothing more. The default for one spec. dbt's own --fail-fast goes after --."`
	Specs     string `name:"specs" placeholder:"FILE" help:"Read more specs from a file, one on each line; - is stdin."`
	Resume    bool   `help:"Continue after a failure or Ctrl-C: run the nodes that failed or did not run, with dbt retry."`
	Yes       bool   `help:"Don't ask before more than three builds, before dbt drops views of others, or before a protected environment's own schema is written to."`

	DryRun         bool   `help:"Print the plan and change nothing, like 'dot plan'."`
	Force          bool   `help:"Run dbt even if the build is up to date. Destroys nothing."`
	MaxAge         string `placeholder:"AGE" help:"Age at which an up-to-date build is run again: 12h (the default), 30m, 7d, 0 (always), never."`
	CheckWarehouse bool   `help:"Ask the warehouse whether the relations are still there, and build missing ones again."`
	ResetWorktree  bool   `help:"Undo changes in the build's worktree."`
	NoDBTHost      bool   `name:"no-dbt-host" help:"Run each dbt as its own process, instead of in a host that imports dbt once."`
	OwnSchema      bool   `help:"Build the working tree (dev@.) in a schema for these files alone, as a commit."`
	Isolated       bool   `help:"Refuse specs without a ref, and builds of protected environments: for agents and scripts."`
	NoDeps         bool   `help:"Don't install the project's packages first."`
	DisablePrompts bool   `help:"Ask nothing."`

	Log   string `enum:"auto,stream,grouped,quiet,json" default:"auto" placeholder:"HOW" help:"How to show dbt's output: stream, grouped, quiet, json (docs/events.md). The default for several builds is quiet at a terminal, grouped in GitHub Actions, and otherwise stream. Without this flag, a single build's output is not changed."`
	Trace string `placeholder:"FILE" help:"Write the times of all steps and nodes, for chrome://tracing or Perfetto."`

	Verbose bool         `short:"v" help:"Print more: command lines, the dbt in use, overridden variables."`
	Color   ui.ColorMode `enum:"auto,always,never" default:"auto" placeholder:"WHEN" help:"Colour dot's own output: auto, always, never."`
	Version bool         `help:"Print the version and exit."`
	HelpAll bool         `help:"Print help with all flags and exit."` // see parseOwn
}

// dbtCommands are the commands of dbt.
type dbtCommands struct {
	Build        watchedCommand `cmd:"" group:"dbt" help:"Build seeds, snapshots and models, and run the tests, in the order of the graph."`
	Clean        dbtCommand     `cmd:"" group:"dbt" help:"Remove the build's target path and logs."`
	Clone        watchedCommand `cmd:"" group:"dbt" help:"Clone the baseline's relations (--defer) into the build's schema."`
	Compile      watchedCommand `cmd:"" group:"dbt" help:"Write the models' SQL without building them."`
	Debug        dbtCommand     `cmd:"" group:"dbt" help:"Test the connection and the setup."`
	Deps         dbtCommand     `cmd:"" group:"dbt" help:"Install the project's packages."`
	Docs         docsCommand    `cmd:"" group:"dbt" help:"Generate or serve the documentation."`
	Init         dbtCommand     `cmd:"" group:"dbt" help:"Set up this project's profile, or a new project. Not for a ref."`
	List         watchedCommand `cmd:"" group:"dbt" aliases:"ls" help:"List the nodes."`
	Parse        watchedCommand `cmd:"" group:"dbt" help:"Parse the project."`
	Retry        dbtCommand     `cmd:"" group:"dbt" help:"Run failed and skipped nodes of the build's last run again."`
	Run          watchedCommand `cmd:"" group:"dbt" help:"Build the models."`
	RunOperation watchedCommand `cmd:"" group:"dbt" help:"Run a macro: dot run-operation dev@HEAD -- my_macro --args '{a: 1}'."`
	Seed         watchedCommand `cmd:"" group:"dbt" help:"Load the seeds."`
	Show         watchedCommand `cmd:"" group:"dbt" help:"Run one query or model and print its rows."`
	Snapshot     watchedCommand `cmd:"" group:"dbt" help:"Run the snapshots."`
	Source       sourceCommand  `cmd:"" group:"dbt" help:"Ask how fresh the sources are."`
	Test         watchedCommand `cmd:"" group:"dbt" help:"Run the tests on what was built."`
}

type docsCommand struct {
	Generate watchedCommand `cmd:"" help:"Write the documentation to the build's target path."`
	Serve    dbtCommand     `cmd:"" help:"Serve the documentation until Ctrl-C."`
}

type sourceCommand struct {
	Freshness watchedCommand `cmd:"" help:"Ask how fresh the sources are."`
}

// plannedCommand is a command of dbt or a comparison, planned or explained.
type plannedCommand struct {
	kong.Plugins                // dbtCommands; see newGrammar
	Drop         dropArgs       `cmd:"" help:"Drop builds: their schemas, worktrees and records."`
	Prune        pruneArgs      `cmd:"" help:"Drop builds that are no longer needed, by rule."`
	Compare      comparisonArgs `cmd:"" help:"Say which relations of builds hold the same data as the baseline's, which don't, and how they differ."`
	UpgradeCheck upgradeArgs    `cmd:"" help:"Build a commit with two dbts, and say what differs: errors, warnings, and the data of each relation."`
}

type planCommand struct {
	plannedCommand
	Format string `enum:"${plan_formats}" default:"text" placeholder:"FORM" help:"${plan_formats_help}"`
}

type explainCommand struct {
	plannedCommand
	Format string `enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}
