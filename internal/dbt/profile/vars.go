package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ParseVars reads the value of --vars, a YAML mapping, as dbt does: with PyYAML's YAML 1.1 ("yes"
// is true, "1e3" is text). It returns numbers as json.Number, so that none loses a digit, and dates
// as text. It refuses tags.
func ParseVars(text string) (map[string]any, error) {
	root, r, err := parseYAML("--vars", []byte(text))
	if err != nil && !errors.Is(err, errYAMLEmpty) {
		return nil, fmt.Errorf("expected a YAML mapping such as '{name: value}': %w", err)
	}
	var value any
	if root != nil {
		tree, err := r.read(root)
		if err != nil {
			return nil, err
		}
		if value, err = pyValue(tree); err != nil {
			return nil, err
		}
	}
	vars, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("expected a YAML mapping such as '{name: value}', found %q", text)
	}
	return vars, nil
}

// pyValue returns a value as PyYAML reads it.
func pyValue(n *yamlNode) (any, error) {
	switch {
	case n.tag != "":
		return nil, fmt.Errorf("expected a value without a tag, found %s", n.tag)
	case n.kind == yamlSequence:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			value, err := pyValue(item)
			if err != nil {
				return nil, err
			}
			list[i] = value
		}
		return list, nil
	case n.kind == yamlMapping:
		mapping := make(map[string]any, len(n.pairs))
		for _, pair := range n.pairs {
			value, err := pyValue(pair.value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", pair.key.text, err)
			}
			mapping[pair.key.text] = value
		}
		return mapping, nil
	case n.plain:
		return pyScalar(n.text)
	}
	return n.text, nil
}

// VarsJSON writes vars as a value for --vars: JSON, which is also YAML, with sorted keys. It is an
// error if a value can't be written as JSON (not a finite number, or of an unknown type).
func VarsJSON(vars map[string]any) (string, error) {
	exact, err := exactNumbers(vars)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(exact); err != nil {
		return "", err
	}
	return escapeUnprintable(strings.TrimSuffix(b.String(), "\n")), nil
}

// exactNumbers replaces floats by text that YAML 1.1 reads as the same float. By default, "100"
// would be an integer and "1e+21" a string.
func exactNumbers(value any) (any, error) {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			exact, err := exactNumbers(item)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			out[key] = exact
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			exact, err := exactNumbers(item)
			if err != nil {
				return nil, err
			}
			out[i] = exact
		}
		return out, nil
	case float64:
		return floatNumber(v)
	}
	return value, nil
}

func floatNumber(f float64) (json.Number, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", errors.New("expected a finite number")
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		format = 'e'
	}
	text := strconv.FormatFloat(f, format, -1, 64)
	if strings.Contains(text, ".") {
		return json.Number(text), nil
	}
	mantissa, exponent, _ := strings.Cut(text, "e")
	if exponent != "" {
		exponent = "e" + exponent
	}
	return json.Number(mantissa + ".0" + exponent), nil
}

// escapeUnprintable escapes characters that are allowed in JSON strings but not in YAML 1.1.
func escapeUnprintable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r >= 0x7f && r <= 0x9f || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.Write(utf8.AppendRune(nil, r))
	}
	return b.String()
}

// SecretVars returns the names of the vars that look like secrets, sorted. Secrets don't belong in
// vars.
func SecretVars(vars map[string]any) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(vars)), func(name string) bool { return !isSecretName(name) })
}
