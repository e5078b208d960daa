package cli

import (
	"fmt"
	"slices"

	"github.com/alecthomas/kong"
)

// A commandLine is a command line as it was parsed.
type commandLine struct {
	grammar
	mode   mode
	words  []string // the command, without plan or explain: source, freshness
	chosen any      // the command, as the grammar holds it
	forDBT []string // what stood after "--"
}

// A mode is what is done with a command.
type mode int

const (
	running mode = iota
	planning
	explaining
)

// parse reads the command line. It returns nil without an error when everything
// asked for, such as help, has been printed.
func (a *app) parse() (*commandLine, error) {
	own, forDBT := split(a.Args)
	line := &commandLine{forDBT: forDBT}
	parsed, err := a.parseOwn(&line.grammar, own)
	switch {
	case err != nil:
		return nil, err
	case line.Version: // with or without a command
		fmt.Fprintln(a.Stdout, version())
		return nil, nil
	case parsed == nil:
		return nil, nil
	}
	line.words, line.chosen = commandWords(parsed), parsed.Selected().Target.Addr().Interface()
	switch line.words[0] {
	case "plan":
		line.mode, line.words = planning, line.words[1:]
	case "explain":
		line.mode, line.words = explaining, line.words[1:]
	}
	return line, nil
}

// split divides a command line at the first "--": what follows is dbt's, word
// for word.
func split(args []string) (own, forDBT []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// parser makes the parser of dot's own part of the command line.
func (a *app) parser(line *grammar) (*kong.Kong, error) {
	return kong.New(line,
		kong.Name("dot"),
		kong.Description(description),
		kong.Writers(a.Stdout, a.Stderr),
		kong.Exit(func(int) { panic(exited{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		formatVars(),
		kong.ExplicitGroups([]kong.Group{{Key: "dbt", Title: "dbt's commands:"}}),
	)
}

// exited is how kong's wish to exit, after it has printed help, gets out of it.
type exited struct{}

// parseOwn reads dot's own part of the command line. It returns nil without an error
// when kong has printed what was asked for.
func (a *app) parseOwn(line *grammar, args []string) (parsed *kong.Context, err error) {
	parser, err := a.parser(line)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(exited); !ok {
				panic(r)
			}
			parsed, err = nil, nil
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err = parser.Parse(args)
	if err != nil && line.Version {
		return parsed, nil
	}
	return parsed, usageError(err)
}

// commandWords are the words of the command that was chosen, such as
// ["plan", "build"].
func commandWords(parsed *kong.Context) []string {
	var words []string
	for _, p := range parsed.Path {
		if p.Command != nil {
			words = append(words, p.Command.Name)
		}
	}
	return words
}
