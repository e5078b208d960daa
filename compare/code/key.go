package code

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// testedNode returns the node that a generic test tests, "" for other tests.
func testedNode(n *artifact.NodeCode) string {
	if n.Test == nil || n.AttachedNode != "" {
		return n.AttachedNode
	}
	if len(n.DependsOn.Nodes) == 1 {
		return n.DependsOn.Nodes[0]
	}
	return ""
}

// key returns the columns that identify a node's rows according to the side's project,
// and which part of the project says so.
func (s *parsedSide) key(n *artifact.NodeCode) ([]string, string) {
	if n == nil {
		return nil, ""
	}
	if key := uniqueKey(n); len(key) > 0 {
		return key, "unique_key"
	}
	if key := s.uniqueTest(n); len(key) > 0 {
		return key, "unique test"
	}
	if key := s.combinationTest(n); len(key) > 0 {
		return key, "unique_combination_of_columns"
	}
	for _, constraint := range []string{"primary_key", "unique"} {
		if key := constrained(n, constraint); len(key) > 0 {
			return key, map[string]string{"primary_key": "primary key", "unique": "unique constraint"}[constraint]
		}
	}
	return nil, ""
}

// uniqueKey returns the unique_key of an incremental model or a snapshot. A snapshot has
// a row for each version, so its key includes the version's timestamp, unless that is
// the time of a run.
func uniqueKey(n *artifact.NodeCode) []string {
	c := config(n)
	if n.ResourceType != "snapshot" && (c["materialized"] != "incremental" || c["incremental_strategy"] == "append") {
		return nil
	}
	key := columnNames(c["unique_key"])
	if n.ResourceType == "snapshot" && len(key) > 0 {
		if from := ownColumn(c, "dbt_valid_from"); !slices.Contains(runTimes(n).RunTimes, from) {
			key = append(key, from)
		}
	}
	return key
}

// uniqueTest returns the column with a unique test. Among several it prefers one with a
// not_null test, then the first in the project.
func (s *parsedSide) uniqueTest(n *artifact.NodeCode) []string {
	unique, notNull := map[string]bool{}, map[string]bool{}
	for _, t := range s.ofAll(n) {
		if t.Test.Namespace != "" && t.Test.Namespace != "dbt" {
			continue
		}
		column := columnNames(cmp.Or(t.ColumnName, stringArgument(t, "column_name")))
		if len(column) != 1 {
			continue
		}
		switch t.Test.Name {
		case "unique":
			unique[column[0]] = true
		case "not_null":
			notNull[column[0]] = true
		}
	}
	var columns []string
	for column := range unique {
		columns = append(columns, column)
	}
	slices.SortFunc(columns, func(a, b string) int {
		return cmp.Or(
			flag(!notNull[a])-flag(!notNull[b]),
			position(n, a)-position(n, b),
			strings.Compare(a, b),
		)
	})
	return columns[:min(1, len(columns))]
}

// combinationTest returns the columns of dbt_utils.unique_combination_of_columns. Among
// several tests it takes the one with the fewest columns.
func (s *parsedSide) combinationTest(n *artifact.NodeCode) []string {
	var best []string
	for _, t := range s.ofAll(n) {
		if t.Test.Name != "unique_combination_of_columns" {
			continue
		}
		var combination any
		if json.Unmarshal(t.Test.Arguments["combination_of_columns"], &combination) != nil {
			continue
		}
		columns := columnNames(combination)
		if len(columns) > 0 && (best == nil || cmp.Or(len(columns)-len(best), slices.Compare(columns, best)) < 0) {
			best = columns
		}
	}
	return best
}

// ofAll returns a node's tests that cover all of its rows.
func (s *parsedSide) ofAll(n *artifact.NodeCode) []*artifact.NodeCode {
	var tests []*artifact.NodeCode
	for _, t := range s.tests[n.UniqueID] {
		if _, where := t.Test.Arguments["where"]; !where && config(t)["where"] == nil {
			tests = append(tests, t)
		}
	}
	return tests
}

// constrained returns the columns of a constraint of this kind, of the model or of a
// column.
func constrained(n *artifact.NodeCode, kind string) []string {
	type constraint struct {
		Type    string   `json:"type"`
		Columns []string `json:"columns"`
	}
	var whole []constraint
	if json.Unmarshal(n.Constraints, &whole) == nil {
		for _, c := range whole {
			if key := columnNames(c.Columns); c.Type == kind && len(key) > 0 {
				return key
			}
		}
	}
	for _, column := range n.Columns {
		var own []constraint
		if json.Unmarshal(column.Fields["constraints"], &own) == nil &&
			slices.ContainsFunc(own, func(c constraint) bool { return c.Type == kind }) {
			return columnNames(column.Name)
		}
	}
	return nil
}

var plainColumn = lazy.Regexp(`^[\pL_][\pL\pN_$]*$`)

// columnNames reads a column's name or a list of names. It returns none if one of them
// is an expression.
func columnNames(v any) []string {
	var names []string
	switch v := v.(type) {
	case string:
		names = []string{v}
	case []string:
		names = v
	case []any:
		for _, item := range v {
			name, _ := item.(string)
			names = append(names, name)
		}
	}
	var columns []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		quoted := len(name) > 2 && (name[0] == '"' || name[0] == '`') && name[len(name)-1] == name[0]
		switch {
		case quoted && strings.Count(name, name[:1]) == 2:
			columns = append(columns, name[1:len(name)-1])
		case plainColumn().MatchString(name):
			columns = append(columns, name)
		default:
			return nil
		}
	}
	return columns
}

// stringArgument returns an argument of a test, "" if it isn't a string.
func stringArgument(t *artifact.NodeCode, argument string) string {
	var s string
	if json.Unmarshal(t.Test.Arguments[argument], &s) != nil {
		return ""
	}
	return s
}

// position returns a column's index among those that a node documents.
func position(n *artifact.NodeCode, column string) int {
	if i := slices.IndexFunc(n.Columns, func(c artifact.ColumnCode) bool { return c.Name == column }); i >= 0 {
		return i
	}
	return len(n.Columns)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
