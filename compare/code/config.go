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

// places are what of a configuration says where a relation lies, which differs
// between builds by design; the manifest tells it by name.
var places = []string{"alias", "schema", "database", "target_schema", "target_database", "dataset", "project", "catalog"}

// idle is what of a configuration can't alter the rows or columns of a
// relation, and why. What isn't here counts.
var idle = map[string]string{
	"enabled":             "a manifest has only what is enabled",
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

// configuration returns how two nodes' configurations differ, what says most
// first. With strict, nothing but places is left out: the project's own macros
// may look at all of it.
func (c *comparison) configuration(a, b *artifact.NodeCode, configA, configB map[string]any, strict bool) []string {
	keys := map[string]bool{}
	for _, config := range []map[string]any{configA, configB} {
		for key := range config {
			keys[key] = true
		}
	}
	var differences []string
	for _, key := range slices.SortedFunc(maps.Keys(keys), byWeight) {
		if slices.Contains(hookKeys, key) || slices.Contains(places, key) || idle[key] != "" && !strict {
			continue
		}
		x, y := c.a.named(configA[key], a), c.b.named(configB[key], b)
		if !reflect.DeepEqual(x, y) {
			differences = append(differences, changed(key, configA[key], configB[key]))
		}
	}
	return differences
}

// byWeight sorts names of settings: first what a reviewer asks for first.
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

// named takes the place of the side out of a value, and what comes to nothing.
func (p *project) named(value any, n *artifact.NodeCode) any {
	switch v := value.(type) {
	case string:
		return p.placeless(v, n.Schema)
	case []any:
		if len(v) == 0 {
			return nil
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = p.named(item, n)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for key, item := range v {
			if item = p.named(item, n); item != nil {
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

// changed says how a setting changed; only that it did, where its values are
// long.
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

// idleColumn is what of a column is for people and other programs only.
var idleColumn = []string{"name", "description", "meta", "tags", "doc_blocks", "granularity"}

// columns returns how what is written of the columns differs, as far as it
// alters the relation: with a contract their types, constraints and order.
func (c *comparison) columns(a, b *artifact.NodeCode, configA, configB map[string]any, strict bool) []string {
	var differences []string
	enforced := enforcesContract(configA) || enforcesContract(configB)
	if !reflect.DeepEqual(columnCode(a, enforced, strict), columnCode(b, enforced, strict)) {
		differences = append(differences, "columns")
	}
	if !reflect.DeepEqual(value(a.Constraints), value(b.Constraints)) {
		differences = append(differences, "constraints")
	}
	return differences
}

func enforcesContract(config map[string]any) bool {
	contract, _ := config["contract"].(map[string]any)
	enforced, _ := contract["enforced"].(bool)
	return enforced
}

// columnCode is what of a node's columns decides what is built.
func columnCode(n *artifact.NodeCode, enforced, strict bool) []any {
	var columns []any
	for _, column := range n.Columns {
		fields := map[string]any{}
		for key, raw := range column.Fields {
			v := value(raw)
			if config, is := v.(map[string]any); is && key == "config" && !strict {
				delete(config, "meta")
				delete(config, "tags")
				v = (&project{}).named(config, n)
			}
			idle := slices.Contains(idleColumn, key) && (!strict || key == "description")
			if v != nil && !idle && (enforced || strict || key != "data_type") {
				fields[key] = v
			}
		}
		if enforced || len(fields) > 0 {
			columns = append(columns, []any{column.Name, fields})
		}
	}
	return columns
}

// value reads JSON; what comes to nothing is nil.
func value(raw json.RawMessage) any {
	return (&project{}).named(decoded(raw), &artifact.NodeCode{}) // a project without a suffix has no place
}

// decoded reads JSON as it is, each number by its digits.
func decoded(raw json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	return v
}
