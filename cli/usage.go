package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
)

const description = `Run dbt at any commit, in a schema of its own.

A spec, env@ref, names a build: an environment at a commit. dot checks the commit out, writes a profile whose schema ends in the commit's short hash, installs its packages and runs dbt there. Your working tree stays untouched.

  dot build dev@HEAD --defer prod@main -s orders+
  dot build dev@main dev@feature/refunds -j 2
  dot plan build dev@HEAD
  dot test dev@HEAD -- --store-failures

Arguments after "--" go to dbt unchanged. Without @ref, dot runs dbt on the working tree.`

// dbtsFlag returns the error for a flag of dbt's before "--". words are the command's. (dot
// has --fail-fast, too, but with one spec it can only mean dbt's.)
func (a *app) dbtsFlag(name string, words []string) error {
	err := fmt.Errorf("--%s is a flag of dbt's", name)
	if len(words) > 0 && (words[0] == "plan" || words[0] == "explain") {
		words = words[1:]
	}
	if c, ok := dbt.LookupCommand(strings.Join(words, " ")); ok && !c.Takes(name) {
		return hint.Add(err, "dbt's own flags go after --, but dbt "+c.Name+" doesn't take it")
	}
	return hint.Add(err, "dbt's own flags go after --: "+text.ShellQuote(append([]string{"dot"}, behind(a.Args, name)...)))
}

// behind returns a command line with dbt's flag, and its value, moved behind the "--".
func behind(args []string, name string) []string {
	own, forDBT := split(args)
	own, forDBT = slices.Clone(own), slices.Clone(forDBT)
	i := slices.IndexFunc(own, func(arg string) bool { return arg == "--"+name || strings.HasPrefix(arg, "--"+name+"=") })
	if i < 0 {
		return args
	}
	end := i + 1
	if f, _ := dbt.LookupFlag(name); f.Arity != dbt.None && own[i] == "--"+name {
		end = min(i+2, len(own))
	}
	moved := slices.Clone(own[i:end])
	return slices.Concat(slices.Delete(own, i, end), []string{"--"}, forDBT, moved)
}

// unquoted returns a hint for several words after a flag that selects nodes, "" if there
// are none.
func unquoted(args []string) string {
	own, _ := split(args)
	for i, flag := range own {
		if !slices.Contains([]string{"-s", "--select", "--exclude"}, flag) {
			continue
		}
		end := i + 1
		for end < len(own) && !strings.HasPrefix(own[end], "-") && !strings.Contains(own[end], "@") {
			end++
		}
		if end-i > 2 {
			return "several nodes are one argument: " + flag + " " + text.ShellQuote([]string{strings.Join(own[i+1:end], " ")})
		}
	}
	return ""
}

// ranges say which values a flag takes.
var ranges = map[string]string{
	"jobs":      "a number from 1",
	"sample":    "a number of rows, from 0",
	"tolerance": "a number that is not negative, such as 1e-9 or amount=0.01",
}

// These match kong's errors.
var (
	unknownFlag = lazy.Regexp(`^unknown flag (--?)([^,= ]+)`)
	badValue    = lazy.Regexp(`^--([\w-]+): expected (?:a valid \d+ bit )?\w+(?: value)? but got "([^"]*)"`)
	noValue     = lazy.Regexp(`^(--[\w-]+): expected .* but got "EOL" \(<EOL>\)$`)
	lacksBuilds = lazy.Regexp(`^expected "<env@ref>`)
)

// usageError words kong's errors, and adds hints. dbt's own flags get the hint that they
// go after "--".
func (a *app) usageError(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	words := commandWords(parse.Context)
	help := "dot --help"
	if len(words) > 0 {
		help = "dot " + strings.Join(words, " ") + " --help"
	}
	help += " lists commands and flags"
	if m := unknownFlag().FindStringSubmatch(err.Error()); m != nil {
		if _, ok := dbt.LookupFlag(m[2]); ok && m[1] == "--" {
			return a.dbtsFlag(m[2], words)
		}
	}
	if m := badValue().FindStringSubmatch(err.Error()); m != nil && ranges[m[1]] != "" {
		return fmt.Errorf("--%s %s: expected %s", m[1], m[2], ranges[m[1]])
	}
	if m := noValue().FindStringSubmatch(err.Error()); m != nil {
		return hint.New(m[1]+" needs a value", help)
	}
	if quote := unquoted(a.Args); quote != "" {
		return hint.Add(err, quote)
	}
	if lacksBuilds().MatchString(err.Error()) && slices.Contains(words, "compare") {
		return hint.New("dot compare needs a baseline, and builds to compare with it", "dot compare prod@main dev@HEAD", help)
	}
	if slices.Contains(words, "upgrade-check") && strings.HasPrefix(err.Error(), "expected ") || strings.HasPrefix(err.Error(), "missing flags: --to") {
		return hint.New("dot upgrade-check needs a build and the dbt to go to", `dot upgrade-check dev@HEAD --to "dbt 1.12.6"`, help)
	}
	return hint.Add(err, help)
}
