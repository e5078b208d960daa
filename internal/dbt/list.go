package dbt

import (
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/version"
)

// listKeys are the fields of a node that ReadList reads. dbt wants them in one word, separated by
// spaces; with commas it prints empty objects (seen with 1.11.16).
const listKeys = "unique_id resource_type name database schema alias identifier relation_name original_file_path config created_at"

// listed are the flags that decide which nodes a command works on and how they resolve. `dbt list`
// needs the same, and no others. It also gets the same directories, target and vars, so that both
// share dbt's partial parse.
var listed = []string{
	"project-dir", "profiles-dir", "profile", "target", "target-path", "log-path", "vars",
	"select", "exclude", "selector", "resource-types", "exclude-resource-types", "indirect-selection",
	"state",        // for selectors; where nodes are read is nothing that a list says
	"manage-state", // else dbt 2 may ask its service
	"partial-parse", "static-parser", "use-experimental-parser", "version-check",
	// How dbt treats the parse's warnings: the command itself reuses the parse, and has none.
	"warn-error", "warn-error-options", "show-all-deprecations",
}

// List returns the `dbt list` that prints the nodes this command line would work on. It needs no
// database. Its output is for run.ReadListing.
func (l CommandLine) List() CommandLine {
	list, _ := LookupCommand("list")
	list = list.In(l.Command.version)
	keep := func(options []Option) (kept []Option) {
		for _, o := range options {
			if slices.Contains(listed, o.Flag) && list.Takes(o.Flag) {
				kept = append(kept, asListOption(o))
			}
		}
		return kept
	}
	line := CommandLine{
		DBT:         l.DBT,
		Command:     list,
		Fixed:       keep(l.Fixed),
		Environment: keep(l.Environment),
		Options:     keep(l.Options),
	}
	if _, ok := line.Lookup("resource-types"); !ok && l.Command.ListTypes != nil {
		types := slices.Clone(l.Command.ListTypes)
		if v := l.Command.version; v != "" && !version.AtLeast(v, "1.8") { // which has no unit tests
			types = slices.DeleteFunc(types, func(name string) bool { return name == "unit_test" })
		}
		line.Fixed = append(line.Fixed, NewOption("resource-types", types...))
	}
	// State these explicitly, since the user's variables and the project's flags could change the
	// output that ReadList reads, and the manifest.
	line.Fixed = append(line.Fixed, NewOption("write-json"))
	if l.Command.isV2() { // dot doesn't read the events of its list
		line.Fixed = append(line.Fixed, NewOption("quiet"), NewOption("log-format", "text"))
	} else {
		line.Fixed = append(line.Fixed, Option{Flag: "quiet", Negated: true}, NewOption("log-format", "json"))
	}
	line.Fixed = append(line.Fixed,
		NewOption("log-level", "info"), Option{Flag: "use-colors", Negated: true},
		NewOption("output", "json"), NewOption("output-keys", listKeys))
	return line
}

// WarnsAsErrors reports whether an option of the line makes errors of warnings.
func (l CommandLine) WarnsAsErrors() bool {
	_, all := l.Lookup("warn-error")
	_, some := l.Lookup("warn-error-options")
	return all || some
}

// ParsingAnew returns the line with a full parse, unless the user says otherwise. dbt warns of
// files only when it reads them.
func (l CommandLine) ParsingAnew() CommandLine {
	if l.Command.Takes("partial-parse") {
		l.Fixed = append(slices.Clip(l.Fixed), Option{Flag: "partial-parse", Negated: true})
	}
	return l
}

// ShowsWarnings reports whether the line's options let dbt print warnings.
func (l CommandLine) ShowsWarnings() bool {
	if o, ok := l.Lookup("quiet"); ok && !o.Negated {
		return false
	}
	level, _ := l.Lookup("log-level")
	return len(level.Values) == 0 || level.Values[0] != "error" && level.Values[0] != "none"
}

// asListOption writes the old "-m" as "--select": `dbt list -m` means models only, but in other
// commands it means any node.
func asListOption(o Option) Option {
	if o.Flag == "select" && len(o.Text) > 0 && strings.HasPrefix(strings.TrimLeft(o.Text[0], "-"), "m") {
		o.Text = nil
	}
	return o
}

// Writes reports whether the command, with these options, may write the node to the warehouse.
func (c Command) Writes(n artifact.Node, options []Option) bool {
	if !slices.Contains(c.Builds, n.ResourceType) {
		return false
	}
	switch n.ResourceType {
	case "model":
		return n.Config.Materialized != "ephemeral"
	case "test":
		// With --store-failures dbt creates the schema even for a test that is configured not to
		// store.
		_, store := Lookup(options, "store-failures")
		return store || n.Config.StoreFailures
	}
	return true
}
