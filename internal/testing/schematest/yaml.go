package schematest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"go.yaml.in/yaml/v4"
)

// ErrSyntax is an error of YAML, not of the schema.
var ErrSyntax = errors.New("no YAML 1.2")

// YAML checks a file with the schema of that name, as an editor does: it reads YAML 1.2. Flags of an
// environment may have any name: which dbt has them is another question.
func YAML(name, text string) error {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	schema, err := withAnyFlag(name)
	if err != nil {
		return err
	}
	return schema.Validate(asJSON(value))
}

var withAnyFlag = compiled(func(doc any) {
	definitions := doc.(map[string]any)["definitions"].(map[string]any)
	if layer, ok := definitions["layer"].(map[string]any); ok {
		layer["anyOf"].([]any)[0].(map[string]any)["additionalProperties"] = true
	}
})

// asJSON returns a value of YAML as one of JSON.
func asJSON(value any) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, item := range value {
			out[key] = asJSON(item)
		}
		return out
	case map[any]any:
		out := map[string]any{}
		for key, item := range value {
			out[fmt.Sprint(key)] = asJSON(item)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, item := range value {
			out[i] = asJSON(item)
		}
		return out
	case time.Time:
		return value.Format(time.RFC3339)
	case float64:
		if math.IsInf(value, 0) || math.IsNaN(value) {
			return fmt.Sprint(value) // JSON has no such number
		}
		return json.Number(fmt.Sprint(value))
	case int, int64, uint64:
		return json.Number(fmt.Sprint(value))
	}
	return value
}
