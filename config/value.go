package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
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
	case mapping, map[string]any:
		return "a mapping"
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

func literal(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(value)
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
	default:
		return fmt.Sprint(value)
	}
}

// equal compares values as people expect: 1 equals 1.0 whatever its Go type, but neither equals
// "1", and true is not "true".
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
	default:
		return reflect.DeepEqual(a, b)
	}
}

// number returns the value of any numeric type. Another reader made the values from --vars, so
// their types vary.
func number(value any) (*big.Rat, bool) {
	switch value := value.(type) {
	case *big.Int:
		return new(big.Rat).SetInt(value), true
	case json.Number:
		return ratio(value.String())
	case float64:
		if math.IsInf(value, 0) || math.IsNaN(value) {
			return nil, false
		}
		return ratio(strconv.FormatFloat(value, 'g', -1, 64))
	}
	switch v := reflect.ValueOf(value); {
	case v.IsValid() && v.CanInt():
		return new(big.Rat).SetInt64(v.Int()), true
	case v.IsValid() && v.CanUint():
		return new(big.Rat).SetUint64(v.Uint()), true
	}
	return nil, false
}

// maxExponent limits the number of digits that 1e999999999 is expanded to.
const maxExponent = 400

func ratio(text string) (*big.Rat, bool) {
	if _, exponent, found := strings.Cut(strings.ToLower(text), "e"); found {
		if n, err := strconv.Atoi(exponent); err != nil || n > maxExponent || n < -maxExponent {
			return nil, false
		}
	}
	return new(big.Rat).SetString(text)
}
