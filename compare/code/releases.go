package code

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// Releases of dbt write the same code in different ways. What is here makes the manifests of
// two releases comparable; docs/compare.md has a table of it. Each line was seen in a manifest
// of dbt 1.11, 1.12 or 2.0.0-alpha.4.

// defaults has the values that dbt takes for settings that nobody gives. dbt 1 writes them into
// a manifest, and dbt 2 leaves some of them out, and has others.
var defaults = map[string]any{
	"on_schema_change":        "ignore",
	"on_configuration_change": "apply",
	"lookback":                json.Number("1"),
	"delimiter":               ",",
	"contract":                map[string]any{"alias_types": true, "enforced": false},
	"docs":                    map[string]any{"show": true},
	"static_analysis":         "baseline",
}

// quotingDefaults likewise are for the entries of quoting that a manifest's metadata lack.
var quotingDefaults = map[string]any{"snowflake_ignore_case": false}

// constraintDefaults are the properties of a constraint that dbt 2 leaves out.
var constraintDefaults = map[string]any{"warn_unenforced": true, "warn_unsupported": true}

// plainSetting returns a setting's value, nil if it is dbt's default.
func (s *parsedSide) plainSetting(key string, value any) any {
	if value != nil && reflect.DeepEqual(value, defaults[key]) {
		return nil
	}
	switch v := value.(type) {
	case string:
		if key == "begin" { // of a microbatch model: dbt 1 writes a day as a time
			return strings.TrimSuffix(v, "T00:00:00")
		}
	case map[string]any:
		if key == "quoting" {
			v = without(without(v, quotingDefaults), s.head.Quoting)
			if len(v) == 0 {
				return nil
			}
			return v
		}
	}
	return value
}

// without returns an object without the entries that equal those of another.
func without(object, other map[string]any) map[string]any {
	object = maps.Clone(object)
	maps.DeleteFunc(object, func(key string, value any) bool {
		had, is := other[key]
		return is && reflect.DeepEqual(value, had)
	})
	return object
}

// plainConstraints returns the value of constraints without defaults.
func plainConstraints(value any) any {
	list, is := value.([]any)
	if !is {
		return value
	}
	list = slices.Clone(list)
	for i, item := range list {
		if fields, is := item.(map[string]any); is {
			list[i] = without(fields, constraintDefaults)
		}
	}
	return list
}

// defaultMaterialized is the materialization of a node whose manifest doesn't name one: dbt 2
// leaves it out for seeds.
func defaultMaterialized(n *artifact.NodeCode) string {
	return map[string]string{"seed": "seed", "snapshot": "snapshot"}[n.ResourceType]
}

// otherRelease reports whether two manifests are of different releases of dbt.
func otherRelease(a, b *parsedSide) bool { return a.head.DBTVersion != b.head.DBTVersion }

// wrapper matches what dbt 2 puts around the SQL that reads ephemeral models.
var wrapper = lazy.Regexp(`(?s)\n--EPHEMERAL-SELECT-WRAPPER-START\nselect \* from \(\n(.*?)\n--EPHEMERAL-SELECT-WRAPPER-END\n\)`)

// folded returns SQL in which blanks and line ends that mean nothing are one space, and without
// dbt 2's wrapper. It changes neither strings nor comments. Where dialects disagree on what a
// string is, the rest of the SQL stays as it is.
func folded(sql string) string {
	sql = wrapper().ReplaceAllString(sql, "\n$1")
	var out strings.Builder
	space := false
	write := func(text string) {
		if space && out.Len() > 0 {
			out.WriteByte(' ')
		}
		space = false
		out.WriteString(text)
	}
	for i := 0; i < len(sql); {
		if unicode.IsSpace(rune(sql[i])) {
			space = true
			i++
			continue
		}
		end, kind := tokenAt(sql, i)
		switch {
		case kind == ambiguous:
			write(sql[i:])
			return out.String()
		case kind == comment && strings.HasPrefix(sql[i:], "--"): // its line end is its end
			write(strings.TrimRight(sql[i:end], " \t\r\n") + "\n")
			i = end
			for i < len(sql) && unicode.IsSpace(rune(sql[i])) {
				i++
			}
			continue
		}
		write(sql[i:end])
		i = end
	}
	return strings.TrimRight(out.String(), "\n")
}

// reachBoth returns the macros with these IDs and all that they call, on both sides. A call that
// only one of the manifests knows counts for both: dbt 2 lists fewer.
func reachBoth(a, b *parsedSide, ids ...string) (inA, inB map[string]*macro) {
	for {
		inA, inB = a.reach(ids), b.reach(ids)
		all := slices.Concat(ids, slices.Collect(maps.Keys(inA)), slices.Collect(maps.Keys(inB)))
		slices.Sort(all)
		if all = slices.Compact(all); len(all) == len(ids) {
			return inA, inB
		}
		ids = all
	}
}
