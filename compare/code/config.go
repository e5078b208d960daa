package code

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"dot-for-dbt/internal/dbt/artifact"
)

// locationKeys has the settings that say where a relation lies. They differ between
// builds by design, and the manifest has their result by name.
var locationKeys = []string{"alias", "schema", "database", "target_schema", "target_database", "dataset", "project", "catalog"}

// irrelevant has the settings that can't change a relation's rows or columns, and why
// not. All other settings count.
var irrelevant = map[string]string{
	"enabled":             "a manifest has only enabled nodes",
	"tags":                "for selection",
	"meta":                "for people and other programs",
	"group":               "who may refer to it",
	"access":              "who may refer to it",
	"docs":                "for the documentation",
	"description":         "for the documentation",
	"persist_docs":        "comments on relations and columns",
	"grants":              "who may read it",
	"query_tag":           "a note beside the query",
	"labels":              "notes beside the relation",
	"snowflake_warehouse": "how fast it is built",
}

// configuration returns the differences between the sides' settings, the most
// important first. strict compares all settings except locationKeys, since the
// project's own macros may read any of them.
func (d *nodeDiff) configuration(configA, configB map[string]any, strict bool) []string {
	keys := map[string]bool{}
	for _, config := range []map[string]any{configA, configB} {
		for key := range config {
			keys[key] = true
		}
	}
	var differences []string
	for _, key := range slices.SortedFunc(maps.Keys(keys), byWeight) {
		if slices.Contains(hookKeys, key) || slices.Contains(locationKeys, key) || irrelevant[key] != "" && !strict {
			continue
		}
		x := d.fromA.normalized(d.fromA.plainSetting(key, configA[key]), d.a)
		y := d.fromB.normalized(d.fromB.plainSetting(key, configB[key]), d.b)
		if !reflect.DeepEqual(x, y) {
			differences = append(differences, changed(key, configA[key], configB[key]))
		}
	}
	return differences
}

// byWeight sorts names of settings, those most important to a reviewer first.
func byWeight(a, b string) int {
	first := []string{"materialized", "unique_key", "incremental_strategy"}
	rank := func(key string) int {
		if i := slices.Index(first, key); i >= 0 {
			return i
		}
		return len(first)
	}
	if d := rank(a) - rank(b); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

// normalized returns a setting's value without the side's schema. Empty values become
// nil.
func (s *parsedSide) normalized(value any, n *artifact.NodeCode) any {
	switch v := value.(type) {
	case string:
		return s.withoutOwnSchema(v, n.Schema)
	case []any:
		if len(v) == 0 {
			return nil
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = s.normalized(item, n)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for key, item := range v {
			if item = s.normalized(item, n); item != nil {
				object[key] = item
			}
		}
		if len(object) == 0 {
			return nil
		}
		return object
	}
	return value
}

// changed describes how a setting changed. Long values are left out.
func changed(key string, from, to any) string {
	x, y := short(from), short(to)
	const most = 40
	if x == y || utf8.RuneCountInString(x) > most || utf8.RuneCountInString(y) > most {
		return key
	}
	return change(key, x, y)
}

// short writes a setting's value for a person.
func short(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if v == "" {
			return "''"
		}
		return strings.Join(strings.Fields(v), " ")
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = short(item)
		}
		return strings.Join(items, ", ")
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return string(text)
}

// irrelevantColumn has a column's properties that only people and other programs read.
var irrelevantColumn = []string{"name", "description", "meta", "tags", "doc_blocks", "granularity"}

// columns returns the differences in column configuration that affect the relation.
// With a contract these include types, constraints and order.
func columns(a, b *artifact.NodeCode, configA, configB map[string]any, strict bool) []string {
	var differences []string
	enforced := enforcesContract(configA) || enforcesContract(configB)
	if !reflect.DeepEqual(columnCode(a, enforced, strict), columnCode(b, enforced, strict)) {
		differences = append(differences, "columns")
	}
	if !reflect.DeepEqual(value(plainConstraints(decoded(a.Constraints))), value(plainConstraints(decoded(b.Constraints)))) {
		differences = append(differences, "constraints")
	}
	return differences
}

func enforcesContract(config map[string]any) bool {
	contract, _ := config["contract"].(map[string]any)
	enforced, _ := contract["enforced"].(bool)
	return enforced
}

// columnCode returns the column configuration that affects the relation.
func columnCode(n *artifact.NodeCode, enforced, strict bool) []any {
	var columns []any
	for _, column := range n.Columns {
		fields := map[string]any{}
		for key, raw := range column.Fields {
			v := decoded(raw)
			if key == "constraints" {
				v = plainConstraints(v)
			}
			v = value(v)
			if config, is := v.(map[string]any); is && key == "config" && !strict {
				delete(config, "meta")
				delete(config, "tags")
				v = (&parsedSide{}).normalized(config, n)
			}
			irrelevant := slices.Contains(irrelevantColumn, key) && (!strict || key == "description")
			if v != nil && !irrelevant && (enforced || strict || key != "data_type") {
				fields[key] = v
			}
		}
		if enforced || len(fields) > 0 {
			columns = append(columns, []any{column.Name, fields})
		}
	}
	return columns
}

// value returns decoded JSON in which empty values are nil.
func value(v any) any {
	return (&parsedSide{}).normalized(v, &artifact.NodeCode{}) // without a suffix no schema is removed
}

// decoded decodes JSON. Numbers keep their digits.
func decoded(raw json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}
