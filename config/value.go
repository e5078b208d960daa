package config

import (
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/pyyaml"
)

// maxShown is the number of a value's characters that an error shows.
const maxShown = 80

// describe names a value's type in everyday words.
func describe(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "true or false"
	case string:
		return "text"
	case mapping, map[string]any, pyyaml.Dict:
		return "a mapping"
	case pyyaml.Time:
		return "a date"
	case []node, []any:
		return "a list"
	default:
		return "a number"
	}
}

// show writes a value as in YAML or JSON. Text has quotes, to tell 1 from "1". Long values are cut.
func show(value any) string {
	text := []rune(literal(value))
	if len(text) > maxShown {
		return string(text[:maxShown]) + "…"
	}
	return string(text)
}

// literal writes a value as YAML. It has spaces, unlike the value for dbt.
func literal(value any) string {
	switch value := value.(type) {
	case []any:
		items := make([]string, len(value))
		for i, item := range value {
			items[i] = literal(item)
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		items := make([]string, 0, len(value))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			items = append(items, strconv.Quote(key)+": "+literal(value[key]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	case string:
		return strconv.Quote(value)
	default:
		text, err := pyyaml.Flow(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		return text
	}
}

// equal compares values as people expect: 1 equals 1.0 and 0x1, but neither equals "1", and a date
// is not its text.
func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x.Cmp(y) == 0
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case pyyaml.Dict:
		b, ok := b.(pyyaml.Dict)
		return ok && len(a) == len(b) && !slices.ContainsFunc(a, func(item pyyaml.Item) bool { return !holds(b, item) })
	case pyyaml.Time:
		b, ok := b.(pyyaml.Time)
		return ok && a.Equal(b)
	default:
		return reflect.DeepEqual(a, b)
	}
}

// holds reports whether a mapping has an item.
func holds(all pyyaml.Dict, item pyyaml.Item) bool {
	return slices.ContainsFunc(all, func(other pyyaml.Item) bool {
		return equal(item.Key, other.Key) && equal(item.Value, other.Value)
	})
}

// number returns the value of a finite number.
func number(value any) (*big.Rat, bool) {
	switch value := value.(type) {
	case int64:
		return new(big.Rat).SetInt64(value), true
	case *big.Int:
		return new(big.Rat).SetInt(value), true
	case float64:
		exact := new(big.Rat).SetFloat64(value)
		return exact, exact != nil
	}
	return nil, false
}
