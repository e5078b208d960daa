package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/hint"
)

// The parser takes dot's general flags with every command. A help page shows those that a
// person needs first; --help-all shows the others. A command refuses general flags that mean
// nothing for it.

// usualFlags are on the help page of every command that takes them.
var usualFlags = []string{"help", "defer", "modified", "select", "vars", "full-refresh", "resume", "force", "dry-run", "jobs", "verbose"}

// ownFlags has the commands that take few general flags. Other commands take all of them.
var ownFlags = map[string][]string{
	"check":       {"specs", "select", "exclude", "selector", "vars", "jobs", "no-deps", "no-dbt-host", "reset-worktree"},
	"path":        {"vars", "select", "own-schema"},
	"schema":      {"vars", "select", "own-schema"},
	"status":      {"specs", "store"},
	"drop":        {"specs", "own-schema", "yes", "dry-run", "jobs", "vars"},
	"prune":       {"specs", "store", "yes", "dry-run", "jobs", "vars"},
	"push":        {"specs", "store", "dry-run", "force", "jobs", "own-schema", "vars"},
	"pull":        {"specs", "store", "dry-run", "force", "jobs", "own-schema", "vars"},
	"export":      {"dry-run", "own-schema", "vars"},
	"import":      {"dry-run", "force", "vars"},
	"doctor":      {},
	"completion":  {},
	"man":         {},
	"mcp":         {},
	"init-config": {"dry-run"},
	"json-schema": {},
}

// always are the general flags that every command takes.
var always = []string{"help", "help-all", "verbose", "color", "version", "disable-prompts"}

// belongs reports whether one of dot's general flags means something for a command.
func belongs(flag, command string) bool {
	own, few := ownFlags[command]
	return !few || slices.Contains(own, flag) || slices.Contains(always, flag)
}

// refuseOthers returns an error for a flag that means nothing for the command.
func refuseOthers(parsed *kong.Context) error {
	words := commandWords(parsed)
	if len(words) == 0 {
		return nil
	}
	general := map[string]bool{}
	for _, flag := range parsed.Model.Flags {
		general[flag.Name] = true
	}
	for _, p := range parsed.Path {
		if p.Flag != nil && general[p.Flag.Name] && !belongs(p.Flag.Name, words[0]) {
			return hint.Add(fmt.Errorf("--%s means nothing for dot %s", p.Flag.Name, words[0]), "dot "+words[0]+" --help lists its flags")
		}
	}
	return nil
}

// examples are two command lines for each command, below its help.
var examples = map[string][2]string{
	"plan":             {"dot plan build dev@HEAD --defer prod@main", "dot plan build --specs nightly.txt --format airflow > nightly.py"},
	"explain":          {"dot explain build dev@HEAD", "dot explain build dev@HEAD --format json"},
	"compare":          {"dot compare prod@main dev@HEAD --sample 2", "dot compare prod@main dev@HEAD --build -o report.html"},
	"upgrade-check":    {"dot upgrade-check dev@HEAD --to 1.12.6", "dot upgrade-check dev@HEAD --from .venv/bin/dbt --to .venv-2/bin/dbt -o upgrade.html"},
	"check":            {"dot check", "dot check dev@HEAD prod@HEAD"},
	"path":             {"cd \"$(dot path dev@HEAD --worktree)\"", "ls \"$(dot path dev@HEAD --target)\""},
	"schema":           {"dot schema dev@HEAD", "psql -c \"select * from $(dot schema dev@HEAD).orders\""},
	"status":           {"dot status", "dot status dev@main..HEAD --size -v"},
	"drop":             {"dot drop dev@HEAD", "dot plan drop dev@main~5..main"},
	"prune":            {"dot prune --gone", "dot prune ci --schemas --gone --dry-run"},
	"push":             {"dot push prod@main", "dot push prod@main --store s3://bucket/builds --dry-run"},
	"pull":             {"dot pull prod@main", "dot pull prod@main --store file:///shared/builds"},
	"export":           {"dot export prod@main prod.dotbuild", "dot export prod@main prod.dotbuild --dry-run"},
	"import":           {"dot import prod.dotbuild", "dot import prod.dotbuild --dry-run"},
	"doctor":           {"dot doctor", "dot doctor --format json"},
	"init-config":      {"dot init-config", "dot init-config --dry-run"},
	"json-schema":      {"dot json-schema", "dot json-schema plan > plan.schema.json"},
	"mcp":              {"dot mcp", "dot mcp --project-dir shop --allow-drop"},
	"completion":       {"source <(dot completion bash)", "source <(dot-for-dbt completion bash --as dot-for-dbt)"},
	"man":              {"dot man build | man -l -", "dot man --dir share/man/man1"},
	"build":            {"dot build dev@HEAD --defer prod@main --modified", "dot build dev@main~5..main --yes"},
	"test":             {"dot test dev@HEAD --defer prod@main", "dot test dev@HEAD -- --store-failures"},
	"run-operation":    {"dot run-operation dev@HEAD -- my_macro --args '{a: 1}'", "dot plan run-operation dev@HEAD -- my_macro"},
	"clone":            {"dot clone dev@HEAD --defer prod@main", "dot plan clone dev@HEAD --defer prod@main"},
	"show":             {"dot show dev@HEAD -s orders", "dot show dev@HEAD -- --inline 'select 1'"},
	"docs generate":    {"dot docs generate dev@HEAD", "dot docs generate prod@main --defer prod@main"},
	"docs serve":       {"dot docs serve dev@HEAD", "dot docs serve dev@HEAD -- --port 8081"},
	"source freshness": {"dot source freshness prod@main", "dot source freshness prod"},
	"init":             {"dot init", "dot init -- --skip-profile-setup"},
}

// examplesOf returns the examples of a command: those in the table, or two of the usual form.
func examplesOf(words []string) [2]string {
	if len(words) > 0 && (words[0] == "plan" || words[0] == "explain") {
		words = words[:1]
	}
	name := strings.Join(words, " ")
	if own, ok := examples[name]; ok {
		return own
	}
	return [2]string{"dot " + name + " dev@HEAD", "dot plan " + name + " dev@HEAD"}
}

// printHelp prints a help page; all says whether with all flags.
func printHelp(all bool) kong.HelpPrinter {
	return func(options kong.HelpOptions, ctx *kong.Context) error {
		words := commandWords(ctx)
		command := ""
		if len(words) > 0 {
			command = words[0]
		}
		more := 0
		general := &kong.Group{Key: "general", Title: "Flags of most commands:"}
		for _, flag := range ctx.Model.Flags {
			if command != "" {
				flag.Group = general
			}
			switch {
			case !belongs(flag.Name, command):
				flag.Hidden = true
			case !all && !slices.Contains(usualFlags, flag.Name):
				flag.Hidden = true
				more++
			}
		}
		if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
			return err
		}
		page := strings.TrimSpace("dot " + strings.Join(words, " "))
		if more > 0 {
			fmt.Fprintf(ctx.Stdout, "\n%d more flags: %s --help-all\n", more, page)
		}
		if selected := ctx.Selected(); selected != nil && (len(selected.Children) == 0 || command == "plan" || command == "explain") {
			lines := examplesOf(words)
			fmt.Fprintf(ctx.Stdout, "\nFor example:\n  %s\n  %s\n", lines[0], lines[1])
		}
		return nil
	}
}

// overview is what dot alone prints: one screen.
const overview = `dot runs dbt at any commit, in a schema of its own.

  dot build dev@HEAD --defer prod@main     build what this commit has
  dot plan build dev@HEAD                  what would run, and why
  dot compare prod@main dev@HEAD           what the change does to the data
  dot drop dev@HEAD                        its schemas, worktree and records
  dot test dev@HEAD -- --store-failures    flags of dbt's go after --

A spec, env@ref, names a build: an environment at a commit. Without @ref, dbt
runs on the working tree.

dot's commands   plan, explain, compare, upgrade-check, check, status, drop,
                 prune, push, pull, export, import, path, schema, doctor,
                 init-config, json-schema, completion, man, mcp
dbt's commands   build, clean, clone, compile, debug, deps, docs, init, list,
                 parse, retry, run, run-operation, seed, show, snapshot, source,
                 test

dot --help explains them; dot build --help, one of them; dot doctor, the setup.
`
