package pyyaml

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Dict is a mapping with keys that aren't all texts, in the file's order.
type Dict []Item

// Item is an entry of a Dict.
type Item struct{ Key, Value any }

// Value returns the node's value in PyYAML: nil, bool, int64, *big.Int (where int64 is too small),
// float64, [Time], string, []any, map[string]any or [Dict]. The only tag that it knows is !!str.
func (n *Node) Value() (any, error) {
	switch {
	case n.Tag == "!!str" && n.Kind == Scalar:
		return n.Text, nil
	case n.Tag != "":
		err := n.Errorf("this tag has no meaning here")
		err.hints = []string{"remove the tag; for text, put the value into quotes"}
		return nil, err
	case n.Kind == Sequence:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			var err error
			if list[i], err = item.Value(); err != nil {
				return nil, err
			}
		}
		return list, nil
	case n.Kind == Mapping:
		return n.items()
	case n.Plain:
		value, err := resolve(n.Text)
		if err != nil {
			return nil, n.Errorf("this value %v", err)
		}
		return value, nil
	}
	return n.Text, nil
}

// items returns the value of a mapping.
func (n *Node) items() (any, error) {
	var all Dict
	places := map[string]int{}
	for _, p := range n.Pairs {
		key, err := p.Key.Value()
		if err != nil {
			return nil, err
		}
		value, err := p.Value.Value()
		if err != nil {
			return nil, err
		}
		if i, there := places[hashed(key)]; there {
			all[i].Value = value
			continue
		}
		places[hashed(key)] = len(all)
		all = append(all, Item{key, value})
	}
	return MappingOf(all), nil
}

// MappingOf returns a map[string]any if all keys are texts, else a Dict.
func MappingOf(items []Item) any {
	byName := make(map[string]any, len(items))
	for _, item := range items {
		name, ok := item.Key.(string)
		if !ok {
			return Dict(items)
		}
		byName[name] = item.Value
	}
	return byName
}

// hashed identifies a key as a Python dict does: 1, 1.0 and true are one key.
func hashed(key any) string {
	switch key := key.(type) {
	case bool:
		if key {
			return "1"
		}
		return "0"
	case float64:
		if math.IsNaN(key) {
			return "nan"
		}
		if n, accuracy := big.NewFloat(0).SetFloat64(key).Int(nil); accuracy == big.Exact {
			return n.String()
		}
		return strconv.FormatFloat(key, 'g', -1, 64)
	case string:
		return strconv.Quote(key)
	}
	return fmt.Sprint(key)
}
