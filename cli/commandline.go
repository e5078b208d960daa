package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A commandLine is a parsed command line.
type commandLine struct {
	grammar
	mode   mode
	words  []string // the command, without plan or explain: source, freshness
	chosen any      // the command, as the grammar holds it
	format string   // of a plan or an explanation
	forDBT []string // the arguments after "--"
	// general are the general flags that were given, each once.
	general []*kong.Flag
}

// A mode says whether a command runs, is planned or is explained.
type mode int

const (
	running mode = iota
	planning
	explaining
)

// parse parses the command line. It returns nil without an error if the user asked
// for help or the version, which parse has printed.
func (a *app) parse() (*commandLine, error) {
	if len(a.Args) == 0 {
		_, err := io.WriteString(a.Stdout, overview)
		return nil, err
	}
	switch a.Args[0] { // as in git
	case "help":
		a.Args = append(slices.Clone(a.Args[1:]), "--help")
	case "version":
		a.Args = append(slices.Clone(a.Args[1:]), "--version")
	}
	own, forDBT := split(a.Args)
	line := &commandLine{grammar: *newGrammar(own...), forDBT: forDBT}
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
	line.general = generalFlags(parsed)
	first := slices.IndexFunc(parsed.Path, func(p *kong.Path) bool { return p.Command != nil })
	switch command := parsed.Path[first].Command.Target.Addr().Interface().(type) {
	case *planCommand:
		line.mode, line.format = planning, command.Format
	case *explainCommand:
		line.mode, line.format = explaining, command.Format
	default:
		return line, nil
	}
	line.words = line.words[1:]
	return line, nil
}

// generalFlags returns the general flags that were given, each once.
func generalFlags(parsed *kong.Context) []*kong.Flag {
	var given []*kong.Flag
	for _, p := range parsed.Path {
		if p.Flag != nil && slices.Contains(parsed.Model.Flags, p.Flag) && !slices.Contains(given, p.Flag) {
			given = append(given, p.Flag)
		}
	}
	return given
}

// split splits a command line at the first "--": the arguments after it are
// dbt's.
func split(args []string) (own, forDBT []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// parser makes the parser of dot's own part of the command line.
func (a *app) parser(line *grammar, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(line, append(options,
		kong.Name("dot"),
		kong.Description(description),
		kong.Writers(a.Stdout, a.Stderr),
		kong.Exit(func(int) { panic(exited{}) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		fillIn(formatVars(), planFormatVars()),
		kong.ExplicitGroups([]kong.Group{{Key: "dbt", Title: "dbt's commands:"}}),
	)...)
}

// fillIn replaces variables such as ${formats} in the help and in the choices of flags. Kong could do it. But for
// each flag, it also replaces variables in all other variables, which takes as long as the rest of its work.
func fillIn(vars ...map[string]string) kong.Option {
	var pairs []string
	for _, some := range vars {
		for name, value := range some {
			pairs = append(pairs, "${"+name+"}", value)
		}
	}
	replacer := strings.NewReplacer(pairs...)
	return kong.PostBuild(func(k *kong.Kong) error {
		return kong.Visit(k.Model.Node, func(node kong.Visitable, next kong.Next) error {
			if flag, ok := node.(*kong.Flag); ok && strings.Contains(flag.Help+flag.Enum, "${") {
				flag.Help, flag.Enum = replacer.Replace(flag.Help), replacer.Replace(flag.Enum)
			}
			return next(nil)
		})
	})
}

// exited is the panic that ends kong after it has printed help.
type exited struct{}

// parseOwn parses dot's own part of the command line. It returns nil without an error
// if kong has printed help.
func (a *app) parseOwn(line *grammar, args []string) (parsed *kong.Context, err error) {
	all := slices.Index(args, "--help-all")
	if all >= 0 {
		args = slices.Replace(slices.Clone(args), all, all+1, "--help")
	}
	parser, err := a.parser(line, kong.Help(printHelp(all >= 0)))
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
	parsed, err = parser.Parse(args)
	if line.Version {
		return parsed, nil
	}
	if err != nil {
		return parsed, a.usageError(err)
	}
	return parsed, refuseOthers(parsed)
}

// commandWords returns the words of the chosen command, such as
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
