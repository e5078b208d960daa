package config

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/pyyaml"
	"dot-for-dbt/spec"
)

// The files in a project's directory, all optional.
const (
	varsFile = "dot_vars.yml"
	baseFile = "dot_environments.yml"      // shared
	userFile = "dot_environments.user.yml" // personal
)

// environments is the content of one environments file.
type environments struct {
	byDefault *named // the default's name, nil if the file has none
	all       layer  // values for every environment
	named     map[string]layer
}

// named is a name and its position.
type named struct {
	name string
	at   place
}

// layer is what one mapping contributes to an environment, before layers are merged.
type layer struct {
	at    place
	flags map[string]Flag // by name; a nil Value removes a flag of a lower layer
	vars  map[string]node // by name; null is a value
	dot   map[string]node // settings by name; an empty value removes one of a lower layer
}

// readEnvironments reads one file. It doesn't check that the names it mentions exist: the other
// file may define them.
func readEnvironments(file string, data []byte) (environments, error) {
	envs := environments{named: map[string]layer{}}
	doc, err := parseYAML(file, data)
	if err != nil {
		return envs, err
	}
	root, err := asMapping(doc, file)
	if err != nil {
		return envs, err
	}
	for _, e := range root {
		switch e.key {
		case "environment":
		case "vars":
			return envs, e.at.problemf("vars can't be at the top level of an environments file").
				hint("variables are declared in "+varsFile, "its value is set under an environment: environment: {dev: {vars: …}}")
		default:
			return envs, e.at.problemf("unknown key %q: environment is expected", e.key).
				hint(didYouMean(e.key, []string{"environment"}), "environments go below environment:")
		}
		members, err := asMapping(e.value, "environment")
		if err != nil {
			return envs, err
		}
		for _, member := range members {
			if err := envs.add(member); err != nil {
				return envs, err
			}
		}
	}
	return envs, nil
}

// add reads one entry below environment:, which is the default's name, all, or an environment.
func (envs *environments) add(e entry) error {
	if e.key == "default" {
		if e.value.isEmpty() {
			return nil // the other file's counts
		}
		name, err := word(e.value, "default")
		envs.byDefault = &named{name, e.value.at}
		return err
	}
	if e.key != "all" {
		if problem := spec.CheckName(e.key); problem != "" {
			return e.at.problemf("environment %q %s", e.key, problem).hint("rename it: it is typed in a spec and becomes the name of a directory")
		}
	}
	l, err := readLayer(e)
	if err != nil {
		return err
	}
	if e.key == "all" {
		envs.all = l
	} else {
		envs.named[e.key] = l
	}
	return nil
}

func readLayer(e entry) (layer, error) {
	l := layer{at: e.at, flags: map[string]Flag{}, vars: map[string]node{}, dot: map[string]node{}}
	entries, err := asMapping(e.value, "environment "+e.key)
	if err != nil {
		return l, err
	}
	for _, item := range entries {
		name := flagName(item.key)
		switch name {
		case "vars":
			err = l.addVars(item, e.key)
		case "dot":
			err = l.addSettings(item)
		default:
			err = l.addFlag(name, item, e.key)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// flagName returns the normal spelling of a flag or setting: full_refresh becomes full-refresh.
func flagName(key string) string { return strings.ReplaceAll(key, "_", "-") }

func (l *layer) addVars(e entry, environment string) error {
	entries, err := asMapping(e.value, "vars of "+environment)
	if err != nil {
		return err
	}
	for _, item := range entries {
		l.vars[item.key] = item.value
	}
	return nil
}

func (l *layer) addFlag(name string, e entry, environment string) error {
	if _, twice := l.flags[name]; twice {
		if e.merged {
			return nil // the environment's own spelling wins over a merged key, as in YAML
		}
		return e.at.problemf("flag %q is given twice, with - and with _", name)
	}
	if trimmed := strings.TrimLeft(name, "-"); trimmed != name || name == "" {
		return e.at.problemf("%q is not a flag's name", e.key).hint(fmt.Sprintf("write it without leading dashes: %q", trimmed))
	}
	if e.value.isEmpty() {
		e.value.value = nil
	}
	value, err := flagValue(e.value, e.key, environment)
	l.flags[name] = Flag{Name: name, Value: value, Pos: e.at.position()}
	return err
}

// flagValue reads a scalar or a list of scalars.
func flagValue(n node, key, environment string) (any, error) {
	switch value := n.value.(type) {
	case []node:
		list := make([]any, len(value))
		for i, item := range value {
			switch item.value.(type) {
			case nil, []node, mapping:
				return nil, item.at.problemf("flag %q holds %s in its list: words, numbers, true and false are allowed", key, describe(item.value))
			}
			var err error
			if list[i], err = flagValue(item, key, environment); err != nil {
				return nil, err
			}
		}
		return list, nil
	case mapping:
		return nil, n.at.problemf("flag %q is a mapping: a word, a number, true, false or a list of those is expected", key).
			hint("variables for dbt go below vars: of " + environment + ", dot's own settings below dot:")
	case *big.Int:
		return value.String(), nil // it becomes text on the command line anyway
	case pyyaml.Time:
		return n.text, nil // dbt reads times in fewer forms than YAML has
	case float64:
		if math.IsInf(value, 0) || math.IsNaN(value) {
			return n.text, nil
		}
		return value, nil
	case string:
		if strings.ContainsFunc(value, unicode.IsControl) {
			return nil, n.at.problemf("flag %q holds a control character or a line break", key)
		}
		return value, nil
	default:
		return value, nil
	}
}

// asMapping returns the entries of n; an empty value is an empty mapping. what names the value in
// the error.
func asMapping(n node, what string) (mapping, error) {
	if n.isEmpty() {
		return nil, nil
	}
	switch value := n.value.(type) {
	case mapping:
		return value, nil
	default:
		return nil, n.at.problemf("%s must be a mapping, but is %s", what, describe(value)).hint("write it as name: value, one per line")
	}
}

// names returns the names of all environments in some files, sorted.
func names(files ...environments) []string {
	var all []string
	for _, file := range files {
		for name := range file.named {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
