package dbt

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
)

// Rules decide which arguments a user may not pass to dbt.
type Rules struct {
	Isolated  bool // dot sets the project, the profile and the directories
	Deferring bool // dot was given --defer
}

// Args is what a user passes to dbt.
type Args struct {
	Target     string         // value of --target; "": not given
	Profile    string         // value of --profile; "": not given
	Vars       map[string]any // value of --vars; nil: not given
	Options    []Option       // all other options, each flag once
	Positional []string       // words that belong to no option, such as a macro's name
}

// ReadArgs reads arguments of a dbt command as dbt's own command line (click) does: values after a
// space or "=", joined letters, "-s a b c". If a flag repeats, its last value counts, but
// selections add up. An option that dot does not know passes unchanged, with the words up to the
// next option: dbt decides about it.
func ReadArgs(c Command, argv []string, rules Rules) (Args, error) {
	r := argReader{command: c, rest: argv}
	for len(r.rest) > 0 {
		if err := r.next(); err != nil {
			return Args{}, err
		}
	}
	args := Args{Positional: r.positional}
	for _, o := range r.options {
		if err := rules.check(o); err != nil {
			return Args{}, err
		}
		switch o.Flag {
		case "target":
			args.Target = o.Values[0]
		case "profile":
			args.Profile = o.Values[0]
		case "vars":
			vars, err := profile.ParseVars(o.Values[0])
			if err != nil {
				return Args{}, fmt.Errorf("reading --vars: %w", err)
			}
			args.Vars = vars
		default:
			args.Options = append(args.Options, o)
		}
	}
	return args, nil
}

// wholeNumbers are the flags whose value is a whole number, with the least one.
var wholeNumbers = map[string]int{"threads": 1, "limit": math.MinInt, "printer-width": 0}

// checkNumber returns an error if a flag's value is not a number of its range: dbt would
// say so after all else has run.
func checkNumber(o Option) error {
	least, is := wholeNumbers[o.Flag]
	if !is || len(o.Values) == 0 {
		return nil
	}
	n, err := strconv.Atoi(o.Values[0])
	switch {
	case err != nil:
		return fmt.Errorf("--%s %s: expected a whole number", o.Flag, o.Values[0])
	case n < least:
		return fmt.Errorf("--%s %s: expected a number from %d", o.Flag, o.Values[0], least)
	}
	return nil
}

// check refuses an option for something that dot must decide itself.
func (r Rules) check(o Option) error {
	if err := checkNumber(o); err != nil {
		return err
	}
	if r.Isolated {
		switch o.Flag {
		case "project-dir", "profiles-dir", "target-path", "log-path":
			return hint.New(
				fmt.Sprintf("--%s can't be passed to dbt in an isolated build: dot sets it", o.Flag),
				"leave it out, or name no ref (dev instead of dev@HEAD) to build the working tree with dbt's own directories",
			)
		case "write-json":
			if o.Negated {
				return hint.New("--no-write-json can't be passed to dbt in an isolated build: dot reads what dbt writes", "leave it out")
			}
		}
	}
	if r.Deferring {
		switch {
		case o.Flag == "state", o.Flag == "defer-state":
			return hint.New(
				fmt.Sprintf("--%s can't be passed to dbt together with dot's --defer: dot sets the state to the baseline's", o.Flag),
				"leave out one of the two",
			)
		case o.Flag == "defer" && o.Negated:
			return hint.New("--no-defer after -- contradicts dot's --defer", "leave out one of the two")
		}
	}
	return nil
}

// argReader takes words from a command line, as click's parser does.
type argReader struct {
	command    Command
	rest       []string
	options    []Option
	positional []string
}

// next reads one option or one positional word.
func (r *argReader) next() error {
	word := r.take()
	switch {
	case word == "--":
		r.positional = append(r.positional, r.rest...)
		r.rest = nil
		return nil
	case strings.HasPrefix(word, "--"):
		return r.long(word)
	case len(word) > 1 && word[0] == '-':
		return r.short(word)
	default:
		r.positional = append(r.positional, word)
		return nil
	}
}

// long reads "--name", "--no-name" or "--name=value".
func (r *argReader) long(word string) error {
	name, value, hasValue := strings.Cut(word[2:], "=")
	f, negated, ok := flagByName(name)
	if !ok {
		r.add(Option{Text: append([]string{word}, r.takeWords()...)})
		return nil
	}
	o := Option{Flag: f.Name, Negated: negated, Text: []string{word}}
	if hasValue {
		if f.Arity == None {
			return fmt.Errorf("--%s takes no value, found %q", name, word)
		}
		o.Values = []string{value}
	}
	return r.values(f, o)
}

// short reads "-x", and joined letters: "-xf", "-tprod", "-xt prod".
func (r *argReader) short(word string) error {
	for i := 1; i < len(word); i++ {
		if word[i] == '-' { // a word "--" would end the options
			return fmt.Errorf("expected letters that stand for options, found %q", word)
		}
		f, ok := flagByLetter(r.command.Name, word[i])
		if !ok { // keep the word as typed, without the letters already read
			r.add(Option{Text: append([]string{"-" + word[i:]}, r.takeWords()...)})
			return nil
		}
		o := Option{Flag: f.Name, Text: []string{"-" + word[i:i+1]}}
		if f.Arity == None {
			r.add(o)
			continue
		}
		if i+1 < len(word) { // the value follows without a space; "=" would be part of it
			o.Text = []string{"-" + word[i:]}
			o.Values = []string{word[i+1:]}
		}
		return r.values(f, o)
	}
	return nil
}

// values takes the option's further values from the command line.
func (r *argReader) values(f Flag, o Option) error {
	var more []string
	switch {
	case f.Arity == One && o.Values == nil, f.Arity == Many && o.Values == nil:
		if len(r.rest) == 0 {
			return fmt.Errorf("--%s expects a value, found the end of the line", f.Name)
		}
		more = []string{r.take()} // whatever it looks like, as in click
	}
	if f.Arity == Many {
		more = append(more, r.takeWords()...)
	}
	o.Values = append(o.Values, more...)
	o.Text = append(o.Text, more...)
	r.add(o)
	return nil
}

// add appends an option to the list, and removes an earlier one of the same flag.
func (r *argReader) add(o Option) {
	i := slices.IndexFunc(r.options, func(p Option) bool { return o.Flag != "" && p.Flag == o.Flag })
	if i < 0 {
		r.options = append(r.options, o)
		return
	}
	if f, _ := LookupFlag(o.Flag); f.Arity == Many {
		o.Values = append(slices.Clone(r.options[i].Values), o.Values...)
		o.Text = nil
	}
	r.options[i] = o
}

func (r *argReader) take() string {
	word := r.rest[0]
	r.rest = r.rest[1:]
	return word
}

// takeWords takes the words up to the next option.
func (r *argReader) takeWords() []string {
	n := slices.IndexFunc(r.rest, func(word string) bool { return strings.HasPrefix(word, "-") })
	if n < 0 {
		n = len(r.rest)
	}
	words := r.rest[:n:n]
	r.rest = r.rest[n:]
	return words
}
