package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
)

const description = `Run dbt at any commit, in a schema of its own.

A spec, env@ref, names a build: an environment at a commit. dot checks the commit out, writes a profile whose schema ends in the commit's short hash, installs its packages and runs dbt there. Your working tree stays untouched.

  dot build dev@HEAD --defer prod@main -s orders+
  dot build dev@main dev@feature/refunds -j 2
  dot plan build dev@HEAD
  dot test dev@HEAD -- --store-failures

Arguments after "--" go to dbt unchanged. Without @ref, dot runs dbt on the working tree.`

// dbtsFlag returns the error for a flag of dbt's before "--". words are the command's.
// (dot has --fail-fast, too, but with one spec it can only mean dbt's.)
func dbtsFlag(name string, words []string) error {
	advice := "dbt's own flags go after --"
	if len(words) > 0 && (words[0] == "plan" || words[0] == "explain") {
		words = words[1:]
	}
	command := strings.Join(words, " ")
	if c, ok := dbt.LookupCommand(command); ok && c.Takes(name) {
		advice += ", for example: dot " + command + " dev@HEAD -- --" + name
	}
	return hint.Add(fmt.Errorf("--%s is a flag of dbt's", name), advice)
}

// unknownFlag matches kong's error for an unknown flag.
var unknownFlag = lazy.Regexp(`^unknown flag (--?)([^,= ]+)`)

// usageError adds a hint to kong's error. dbt's own flags get the hint that they go
// after "--".
func usageError(err error) error {
	var parse *kong.ParseError
	if !errors.As(err, &parse) {
		return err
	}
	words := commandWords(parse.Context)
	help := "dot --help"
	if len(words) > 0 {
		help = "dot " + strings.Join(words, " ") + " --help"
	}
	if m := unknownFlag().FindStringSubmatch(err.Error()); m != nil {
		if _, ok := dbt.LookupFlag(m[2]); ok && m[1] == "--" {
			return dbtsFlag(m[2], words)
		}
	}
	return hint.Add(err, help+" lists commands and flags")
}
