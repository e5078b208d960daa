package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// maxListed is the number of allowed values that an error lists.
const maxListed = 20

// assigned is the value of a variable. The zero place means the command line.
type assigned struct {
	value any
	text  string // as written, of a scalar in a file
	at    place
}

// variable is a declaration in dot_vars.yml.
type variable struct {
	at               place
	values           []any
	strict, required bool
}

var variableKeys = []string{"description", "required", "strict", "values"}

// readVariables reads the declarations, by name.
func readVariables(file string, data []byte) (map[string]variable, error) {
	doc, err := parseYAML(file, data)
	if err != nil {
		return nil, err
	}
	root, err := asMapping(doc, file)
	if err != nil {
		return nil, err
	}
	variables := map[string]variable{}
	for _, e := range root {
		if e.key != "vars" {
			p := e.at.problemf("unknown key %q: vars is expected", e.key)
			if e.key == "environment" {
				return nil, p.hint("environments go in " + baseFile)
			}
			return nil, p.hint(didYouMean(e.key, []string{"vars"}), "variables go below vars:")
		}
		entries, err := asMapping(e.value, "vars")
		if err != nil {
			return nil, err
		}
		for _, item := range entries {
			if variables[item.key], err = readVariable(item); err != nil {
				return nil, err
			}
		}
	}
	return variables, nil
}

func readVariable(e entry) (variable, error) {
	v := variable{at: e.at}
	if _, ok := e.value.value.(mapping); !ok && e.value.value != nil {
		return v, e.value.at.problemf("variable %q must be a mapping of %s, but is %s", e.key, strings.Join(variableKeys, ", "), describe(e.value.value)).
			hint("its value is set below an environment's vars: in " + baseFile)
	}
	entries, _ := e.value.value.(mapping)
	var strictAt place
	for _, item := range entries {
		ok := true
		expected := "true or false"
		switch item.key {
		case "description":
			_, ok = item.value.value.(string)
			ok = ok || item.value.value == nil
			expected = "text"
		case "required":
			v.required, ok = item.value.value.(bool)
		case "strict":
			v.strict, ok = item.value.value.(bool)
			strictAt = item.at
		case "values":
			v.values, ok = item.value.plain().([]any)
			expected = "a list"
		default:
			return v, item.at.problemf("variable %q: unknown key %q", e.key, item.key).
				hint(didYouMean(item.key, variableKeys), "keys of a variable: "+strings.Join(variableKeys, ", "))
		}
		if !ok {
			return v, item.value.at.problemf("variable %q: %s must be %s, but is %s", e.key, item.key, expected, describe(item.value.value))
		}
	}
	if v.strict && len(v.values) == 0 {
		return v, strictAt.problemf("variable %q is strict, but no values are given", e.key).hint("add values: [...], or remove strict")
	}
	return v, nil
}

// validate checks the merged vars of an environment against the declarations. Undeclared variables
// pass.
func validate(declared map[string]variable, environment string, vars map[string]assigned) error {
	var found problems
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		v := declared[name]
		given, isGiven := vars[name]
		switch {
		case isGiven && v.strict && !slices.ContainsFunc(v.values, func(allowed any) bool { return equal(allowed, given.value) }):
			found = append(found, v.notAllowed(name, environment, given))
		case !isGiven && v.required:
			found = append(found, v.missing(name, environment))
		}
	}
	return found.err()
}

func (v variable) notAllowed(name, environment string, given assigned) *problem {
	origin := ""
	if given.at.src == nil {
		origin = "--vars: "
	}
	p := given.at.problemf("%svariable %q of environment %s is %s: allowed %s", origin, name, environment, show(given.value), v.allowed())
	for _, allowed := range v.values {
		if fmt.Sprint(allowed) == fmt.Sprint(given.value) && describe(allowed) != describe(given.value) {
			return p.hint(fmt.Sprintf("%s is %s, %s is %s", show(given.value), describe(given.value), show(allowed), describe(allowed)))
		}
	}
	text, ok := given.value.(string)
	if !ok && slices.Contains(v.values, any(given.text)) {
		return p.hint(fmt.Sprintf("without quotes, %s is %s: write %q", given.text, describe(given.value), given.text))
	}
	if ok {
		var texts []string
		for _, allowed := range v.values {
			if s, ok := allowed.(string); ok {
				texts = append(texts, s)
			}
		}
		p.hint(didYouMean(text, texts))
	}
	return p.hint(fmt.Sprintf("to allow it, add it to the values in line %d of %s", v.at.line, v.at.position().File))
}

func (v variable) missing(name, environment string) *problem {
	key := name
	if !variableForm().MatchString(name) {
		key = strconv.Quote(name)
	}
	allowed, example := "", "…"
	if len(v.values) > 0 {
		allowed, example = ": allowed "+v.allowed(), show(v.values[0])
	}
	return v.at.problemf("variable %q is required, but environment %s has no value for it%s", name, environment, allowed).
		hint(fmt.Sprintf("set it below vars: of %s (or of all) in %s, or give --vars '{%s: %s}'", environment, baseFile, key, example))
}

// allowed lists the allowed values: "are 1, 2" or "is 1".
func (v variable) allowed() string {
	shown := make([]string, 0, maxListed)
	for _, value := range v.values[:min(len(v.values), maxListed)] {
		shown = append(shown, show(value))
	}
	list := strings.Join(shown, ", ")
	if more := len(v.values) - maxListed; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	if len(v.values) == 1 {
		return "is " + list
	}
	return "are " + list
}
