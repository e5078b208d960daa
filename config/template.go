package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/spec"
)

// EnvironmentsFile and VarsFile are the names of the shared files.
const (
	EnvironmentsFile = baseFile
	VarsFile         = varsFile
)

// settingLines are all settings, as comments in a new dot_environments.yml.
const settingLines = `    # dot:                                  # dot's own settings; dbt never gets them
    #   max-age: 12h                        # when an up-to-date build is built again: 7d, 0 (always), never
    #   baseline: ../prod/target            # where dbt left its artifacts, for --defer without a ref
    #   store: file:///srv/dot              # the team's store of builds: file, s3, gs or az; see dot push
    #   shared-schemas: [raw]               # schemas without the suffix that builds may write to
    #   target-name: prod                   # the output's name for macros that read target.name
    #   schema-suffix: "{env}_{short}"      # how schemas of builds end; "{short}" unless set
    #   short: 7                            # the length of the short hash
    #   dbt: [uv, run, dbt]                 # the command that runs dbt
    #   # toolchain: requirements.txt       # or: each commit is built with the dbt that its file pins
    #   dbt-host: false                     # each dbt command starts dbt itself
    #   version-check: false                # require-dbt-version doesn't count
    #   sparse: false                       # worktrees have all files of the repository
    #   protected: true                     # what writes into the environment's own schema is confirmed
    #   pool: warehouse                     # dbt commands of a pool wait for each other
    #   pools: {warehouse: 2}               # how many of them run at once
    #   keep: {last: 5, days: 30}           # builds that dot prune leaves
    #   env: [REGION]                       # environment variables that are inputs of builds
    #   ignore-env: [TZ]                    # and those that aren't
    #   compare:                            # what dot compare does without flags
    #     key: {orders: [order_id]}         # columns that identify a row, by model
    #     tolerance: 0.01                   # or by column: {amount: 0.01}
    #     ignore-columns: [loaded_at]
    #     where: ordered_at >= '2026-01-01'
    #     exclude: [tag:nightly]
`

// Template returns a commented dot_environments.yml: an environment for each output of a profile.
// byDefault is the output of the default environment, "" if it isn't known; schema is the path of the
// file's schema, relative to the file.
func Template(profile string, outputs []string, byDefault, schema string) string {
	var out strings.Builder
	fmt.Fprintf(&out, `# yaml-language-server: $schema=%s
# Environments of dot, for everyone who works on the project. Your own go into %s:
# the same format, over this file, and not in git. The outputs are those of profile %s.
environment:
`, schema, userFile, oneLine(profile))
	// A flag can't have a control character, so such an output has no environment.
	outputs = slices.DeleteFunc(slices.Clone(outputs), func(name string) bool { return strings.ContainsFunc(name, unicode.IsControl) })
	names := environmentNames(outputs)
	if i := slices.Index(outputs, byDefault); i >= 0 {
		fmt.Fprintf(&out, "  default: %s\n", scalar(names[i]))
	} else {
		out.WriteString("  # default: dev                            # the environment of a command that names none\n")
	}
	out.WriteString(`
  all:                                      # for every environment
    # threads: 8                            # any long flag of dbt's, for the commands that have it
    # vars:                                 # variables of dbt's; ` + varsFile + ` may say which values they may have
    #   currency: eur
` + settingLines)
	for i, output := range outputs {
		fmt.Fprintf(&out, "\n  %s:\n    target: %s%s# the profile's output\n", scalar(names[i]), scalar(output), padding("    target: "+scalar(output)))
	}
	return out.String()
}

func padding(line string) string { return strings.Repeat(" ", max(1, 44-len(line))) }

// environmentNames returns a name for the environment of each output: the output's, unless an
// environment can't be called so.
func environmentNames(outputs []string) []string {
	taken := map[string]bool{"all": true, "default": true}
	for _, output := range outputs {
		if usable(output) {
			taken[strings.ToLower(output)] = false // its own environment has the name
		}
	}
	names := make([]string, len(outputs))
	for i, output := range outputs {
		name := output
		if !usable(name) || taken[strings.ToLower(name)] {
			base := strings.Trim(strings.Map(func(r rune) rune {
				if r < 0x80 && spec.CheckName("x"+string(r)+"x") == "" {
					return r
				}
				return '-'
			}, output), "-._")
			if base = base[:min(len(base), 30)]; spec.CheckName(base) != "" { // with room for a number
				base = "output"
			}
			name = base
			for n := 1; used(taken, name) || !usable(name); n++ {
				name = base + "-" + strconv.Itoa(n)
			}
		}
		taken[strings.ToLower(name)] = true
		names[i] = name
	}
	return names
}

func used(taken map[string]bool, name string) bool {
	_, known := taken[strings.ToLower(name)]
	return known
}

// usable reports whether an environment may have a name.
func usable(name string) bool {
	return spec.CheckName(name) == "" && name != "all" && name != "default"
}

// plainForm is text that no reader of YAML takes for anything else, and notPlain what it would match
// wrongly: null and the words for true and false.
var (
	plainForm = lazy.Regexp(`^[A-Za-z_][A-Za-z0-9_-]*$`)
	notPlain  = []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)

// scalar writes a text as YAML: in quotes if YAML could read anything else.
func scalar(text string) string {
	if plainForm().MatchString(text) && !slices.Contains(notPlain, strings.ToLower(text)) {
		return text
	}
	return strconv.QuoteToASCII(text)
}

// oneLine returns a text for a comment.
func oneLine(text string) string { return strings.Trim(strconv.Quote(text), `"`) }
