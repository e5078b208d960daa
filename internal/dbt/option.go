package dbt

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/pyyaml"
)

// Option is an option of a dbt command line.
type Option struct {
	Flag    string   // the flag's name ("select"); "" if dot does not know the option
	Negated bool     // the "--no-" form
	Values  []string // none, one or many, as the flag's arity says
	Text    []string // the words as typed; nil: derived from the other fields
}

// NewOption makes an option that dot itself sets, with the values that the flag takes.
func NewOption(flag string, values ...string) Option {
	return Option{Flag: flag, Values: values}
}

// Words returns the option's words on a command line.
func (o Option) Words() []string {
	if o.Text != nil {
		return o.Text
	}
	name := "--" + o.Flag
	if o.Negated {
		f, _ := LookupFlag(o.Flag)
		name = "--" + f.negative()
	}
	dashed := func(value string) bool { return strings.HasPrefix(value, "-") }
	if !slices.ContainsFunc(o.Values, dashed) {
		return append([]string{name}, o.Values...)
	}
	var words []string // a separate value that starts with "-" would be read as the next option
	for _, value := range o.Values {
		words = append(words, name+"="+value)
	}
	return words
}

// Lookup finds the option that sets a flag.
func Lookup(options []Option, flag string) (Option, bool) {
	i := slices.IndexFunc(options, func(o Option) bool { return o.Flag == flag })
	if i < 0 {
		return Option{}, false
	}
	return options[i], true
}

// Setting converts a value from a configuration file to the command's option. It is false if the
// command does not take the flag, or if the value is dbt's default and has no flag (`full-refresh:
// false`). The name may have "_" for "-". "vars" is no setting: see VarsOption.
func (c Command) Setting(name string, value any) (Option, bool, error) {
	f, negated, ok := flagByName(strings.ReplaceAll(name, "_", "-"))
	if !ok || !c.Takes(f.Name) {
		return Option{}, false, nil
	}
	values, err := settingValues(f, value)
	if err != nil {
		return Option{}, false, fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case f.Arity != None:
		return Option{Flag: f.Name, Values: values}, len(values) > 0, nil
	case values[0] == strconv.FormatBool(!negated):
		return Option{Flag: f.Name}, true, nil
	default:
		return Option{Flag: f.Name, Negated: true}, f.HasNo, nil
	}
}

// VarsOption returns the only --vars of a command line. See [pyyaml.Flow] for its error.
func VarsOption(vars map[string]any) (Option, error) {
	text, err := pyyaml.Flow(vars)
	if err != nil {
		return Option{}, fmt.Errorf("writing --vars: %w", err)
	}
	return NewOption("vars", text), nil
}

// settingValues returns the words of a value. For a flag without values that is "true" or "false".
func settingValues(f Flag, value any) ([]string, error) {
	switch v := value.(type) {
	case nil:
		if f.Arity == None {
			return nil, errors.New("expected true or false, found nothing")
		}
		return nil, nil
	case bool:
		if f.Arity != None {
			return nil, fmt.Errorf("expected a value, found %t", v)
		}
		return []string{strconv.FormatBool(v)}, nil
	}
	if f.Arity == None {
		return nil, fmt.Errorf("expected true or false, found %v", value)
	}
	switch v := value.(type) {
	case []any:
		if f.Arity != Many {
			return nil, errors.New("expected one value, found a list")
		}
		words := make([]string, len(v))
		for i, item := range v {
			word, err := settingWord(item)
			if err != nil {
				return nil, err
			}
			words[i] = word
		}
		return words, nil
	case map[string]any: // dbt reads such flags as YAML: --warn-error-options, --args, --sample
		word, err := pyyaml.Flow(v)
		return []string{word}, err
	}
	word, err := settingWord(value)
	return []string{word}, err
}

// settingWord writes a single value as one word.
func settingWord(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case bool, int, int64, uint64, fmt.Stringer:
		return fmt.Sprint(v), nil
	case float64:
		return pyyaml.Flow(v)
	}
	return "", errors.New("expected text or a number, found a list or mapping")
}
