package pyyaml

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Flow writes a value on one line, so that PyYAML reads the same value. It is JSON if JSON has all
// of the value's types. Mappings are sorted. It is an error if the value has a type that
// [Node.Value] doesn't return, but for other integers.
func Flow(value any) (string, error) {
	var b strings.Builder
	err := writeFlow(&b, value)
	return b.String(), err
}

func writeFlow(b *strings.Builder, value any) error {
	switch v := value.(type) {
	case map[string]any:
		items := make([]Item, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			items = append(items, Item{key, v[key]})
		}
		return writeItems(b, items)
	case Dict:
		var texts []string
		items := map[string]Item{}
		for _, item := range v {
			text, err := Flow(item.Key)
			if err != nil {
				return err
			}
			texts, items[text] = append(texts, text), item
		}
		slices.Sort(texts)
		sorted := make([]Item, len(texts))
		for i, text := range texts {
			sorted[i] = items[text]
		}
		return writeItems(b, sorted)
	case []any:
		b.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			if err := writeFlow(b, item); err != nil {
				return err
			}
		}
		b.WriteByte(']')
		return nil
	}
	text, err := flowScalar(value)
	b.WriteString(text)
	return err
}

// maxSimpleKey is a length of keys that PyYAML recognizes by the colon after them; beyond 1024
// characters it doesn't.
const maxSimpleKey = 1000

func writeItems(b *strings.Builder, items []Item) error {
	b.WriteByte('{')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := flowScalar(item.Key)
		if err != nil {
			return err
		}
		if utf8.RuneCountInString(key) > maxSimpleKey {
			b.WriteString("? ")
		}
		b.WriteString(key)
		b.WriteByte(':')
		if _, text := item.Key.(string); !text { // only after quotes no space is needed
			b.WriteByte(' ')
		}
		if err := writeFlow(b, item.Value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	b.WriteByte('}')
	return nil
}

func flowScalar(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "null", nil
	case string:
		return Quote(v), nil
	case bool, int, int64, uint64, *big.Int, Time:
		return fmt.Sprint(v), nil
	case float64:
		return floatText(v), nil
	}
	return "", errors.New("expected a value that YAML has")
}

// floatText writes a float so that PyYAML reads a float: with a point, and with a sign in the
// exponent.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 0):
		return signText(f) + ".inf"
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		format = 'e'
	}
	text := strconv.FormatFloat(f, format, -1, 64)
	if strings.Contains(text, ".") {
		return text
	}
	mantissa, exponent, _ := strings.Cut(text, "e")
	if exponent != "" {
		exponent = "e" + exponent
	}
	return mantissa + ".0" + exponent
}

func signText(f float64) string {
	if f < 0 {
		return "-"
	}
	return ""
}
