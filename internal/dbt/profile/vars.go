package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"dot-for-dbt/internal/pyyaml"
)

// ParseVars reads the value of --vars, a YAML mapping, as dbt does. The names are text. See
// [pyyaml.Node.Value] for the values.
func ParseVars(text string) (map[string]any, error) {
	root, err := pyyaml.Parse("--vars", []byte(text))
	if err != nil && !errors.Is(err, pyyaml.ErrEmpty) {
		return nil, fmt.Errorf("expected a YAML mapping such as '{name: value}': %w", err)
	}
	if root.Exists() {
		tree, err := root.Read()
		if err != nil {
			return nil, err
		}
		if tree.Kind == pyyaml.Mapping && tree.Tag == "" {
			return varsOf(tree)
		}
	}
	return nil, fmt.Errorf("expected a YAML mapping such as '{name: value}', found %q", text)
}

func varsOf(tree *pyyaml.Node) (map[string]any, error) {
	vars := make(map[string]any, len(tree.Pairs))
	for _, p := range tree.Pairs {
		value, err := p.Value.Value()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Key.Text, err)
		}
		vars[p.Key.Text] = value
	}
	return vars, nil
}

// SecretVars returns the names of the vars that look like secrets, sorted. Secrets don't belong in
// vars.
func SecretVars(vars map[string]any) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(vars)), func(name string) bool { return !isSecretName(name) })
}
