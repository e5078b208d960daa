package config

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Compare has the settings for comparing builds. The command line may overrule them.
type Compare struct {
	// Keys (key) has, by model, the columns that identify a row.
	Keys map[string][]string
	// Tolerance (tolerance) is the largest difference between equal numbers, by column; "" is for
	// all others.
	Tolerance map[string]float64
	// IgnoreColumns (ignore-columns) are excluded from comparisons.
	IgnoreColumns []string
	// Where (where) is a condition in SQL for the rows of each relation; "": none.
	Where string
	// Exclude (exclude) has dbt selectors of nodes that are not compared.
	Exclude []string
}

// compareSettings has a reader for each setting of compare.
var compareSettings = map[string]func(*Compare, node) error{
	"key": func(c *Compare, n node) error {
		entries, err := asMapping(n, "key")
		if err != nil {
			return err
		}
		c.Keys = make(map[string][]string, len(entries))
		for _, e := range entries {
			if c.Keys[e.key], err = words(e.value, "key of "+e.key); err != nil {
				return err
			}
		}
		return nil
	},
	"tolerance": func(c *Compare, n node) error {
		entries, isMapping := n.value.(mapping)
		if !isMapping {
			entries = mapping{{at: n.at, value: n}}
		}
		c.Tolerance = make(map[string]float64, len(entries))
		for _, e := range entries {
			limit, ok := float(e.value)
			if !ok || limit < 0 || math.IsInf(limit, 0) || math.IsNaN(limit) {
				return e.value.at.problemf("tolerance must be a number such as 1e-9, but is %s", show(e.value.plain())).
					hint("one for all columns: tolerance: 0.000001", "or by column: tolerance: {amount: 0.01}")
			}
			c.Tolerance[e.key] = limit
		}
		return nil
	},
	"ignore-columns": func(c *Compare, n node) (err error) {
		c.IgnoreColumns, err = words(n, "ignore-columns")
		return err
	},
	"where": func(c *Compare, n node) (err error) {
		c.Where, err = word(n, "where")
		return err
	},
	"exclude": func(c *Compare, n node) (err error) {
		c.Exclude, err = words(n, "exclude")
		return err
	},
}

// readCompare reads the settings of compare.
func readCompare(n node) (c Compare, err error) {
	entries, err := asMapping(n, "compare")
	if err != nil {
		return c, err
	}
	for _, e := range entries {
		read, known := compareSettings[flagName(e.key)]
		if !known {
			all := slices.Sorted(maps.Keys(compareSettings))
			return c, e.at.problemf("unknown setting %q of compare", e.key).
				hint(didYouMean(flagName(e.key), all), "settings of compare: "+strings.Join(all, ", "))
		}
		if e.value.isEmpty() {
			continue
		}
		if err := read(&c, e.value); err != nil {
			return c, err
		}
	}
	return c, nil
}

// float returns the value of a number, integer or not; ok is false for anything else. 1e-9 is a
// number here, although YAML takes it for text.
func float(n node) (f float64, ok bool) {
	switch value := n.value.(type) {
	case int64:
		return float64(value), true
	case float64:
		return value, true
	case string:
		f, err := strconv.ParseFloat(value, 64)
		return f, err == nil
	}
	return 0, false
}
