package standin

import (
	"slices"
	"strings"
)

// How many values follow a flag, as in dbt's own definitions.
var (
	switches = []string{
		"defer", "favor-state", "full-refresh", "empty", "quiet", "use-colors", "use-colors-file", "store-failures",
		"fail-fast", "warn-error", "write-json", "partial-parse", "version-check", "populate-cache", "introspect",
		"manage-state",
	}
	single = []string{
		"project-dir", "profiles-dir", "profile", "target", "target-path", "log-path", "vars", "threads", "selector",
		"state", "defer-state", "output", "log-format", "log-level", "log-format-file", "log-level-file", "indirect-selection",
	}
	many  = []string{"select", "exclude", "resource-types", "output-keys"}
	short = map[string]string{
		"-s": "select", "-m": "select", "--models": "select", "-t": "target", "-f": "full-refresh", "-x": "fail-fast",
		"-q": "quiet", "--resource-type": "resource-types",
	}
)

// commands has all commands, each with the flags that it does not take.
var commands = map[string][]string{
	"build":    {"output", "output-keys"},
	"run":      {"output", "output-keys", "resource-types"},
	"seed":     {"output", "output-keys", "resource-types"},
	"snapshot": {"output", "output-keys", "resource-types", "full-refresh"},
	"test":     {"output", "output-keys", "full-refresh", "empty"},
	"compile":  {"output-keys", "resource-types"},
	"parse":    {"output", "output-keys", "resource-types", "full-refresh", "empty", "select", "exclude", "selector"},
	"list":     {"threads", "full-refresh", "empty", "store-failures"},
	"retry":    {"output", "output-keys", "resource-types", "select", "exclude", "selector", "empty", "store-failures"},
	"deps": {
		"threads", "full-refresh", "empty", "store-failures", "target-path", "select", "exclude", "selector",
		"output", "output-keys", "resource-types",
	},
	"init": {}, // it asks nothing, and makes nothing
}

// A line is a command line. Flags are stored by their long names; the value of a switch is "true"
// or "false".
type line struct {
	command string
	flags   map[string][]string
	getenv  func(string) string
}

func (p Process) parseLine() (line, error) {
	l := line{flags: map[string][]string{}, getenv: p.getenv}
	if len(p.Args) == 0 {
		return l, usage("Usage: dbt [OPTIONS] COMMAND [ARGS]...")
	}
	l.command = p.Args[0]
	if _, ok := commands[l.command]; !ok {
		return l, usage("No such command '%s'.", l.command)
	}
	for rest := p.Args[1:]; len(rest) > 0; {
		word := rest[0]
		rest = rest[1:]
		name, ok := short[word]
		if !ok {
			name, ok = strings.CutPrefix(word, "--")
		}
		positive, negated := strings.CutPrefix(name, "no-")
		if !ok || p.lacks(l.command, positive) {
			return l, usage("No such option: %s", word)
		}
		n := 0
		switch {
		case slices.Contains(switches, positive):
			l.flags[positive] = []string{map[bool]string{true: "false", false: "true"}[negated]}
			continue
		case slices.Contains(single, name):
			n = 1
		case slices.Contains(many, name):
			n = max(1, slices.IndexFunc(append(rest, "-"), func(w string) bool { return strings.HasPrefix(w, "-") }))
		default:
			return l, usage("No such option: %s", word)
		}
		if len(rest) < n {
			return l, usage("Option '%s' requires an argument.", word)
		}
		if n == 1 && slices.Contains(single, name) {
			l.flags[name] = nil // if the flag repeats, the last one counts
		}
		l.flags[name] = append(l.flags[name], rest[:n]...)
		rest = rest[n:]
	}
	return l, nil
}

// text returns the value of a flag, from the command line or from dbt's variable for it; "" if
// neither is set.
func (l line) text(name string) string {
	if values := l.flags[name]; len(values) > 0 {
		return values[0]
	}
	variable := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	if value := l.getenv("DBT_ENGINE_" + variable); value != "" {
		return value
	}
	if name == "vars" || name == "select" { // these have no variable
		return ""
	}
	return l.getenv("DBT_" + variable)
}

// on reports whether a switch is set.
func (l line) on(name string) bool {
	return slices.Contains([]string{"true", "1", "t", "yes", "y", "on"}, strings.ToLower(l.text(name)))
}

// words returns the values of a flag with many values, each split at spaces.
func (l line) words(name string) []string {
	return strings.Fields(strings.Join(l.flags[name], " "))
}
