package code

import (
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// Changes of tests and contracts that state:modified of dbt 2.0.0-alpha.4 misses.

// unitTest says why a unit test is changed, "" if it isn't.
func unitTest(was, is *artifact.UnitTest, files []string) string {
	if was == nil {
		return "new"
	}
	if !reflect.DeepEqual(unitTestCode(was), unitTestCode(is)) {
		return "unit test"
	}
	for _, name := range fixtures(is) { // dbt 2's manifest doesn't have its rows
		for _, file := range files {
			if isFixture(file, name) {
				return "fixture " + name
			}
		}
	}
	return ""
}

// isFixture reports whether a file may have the rows of the fixture with this name: a .csv or .sql below a directory
// "fixtures" in one of the project's test-paths. A model may have the same name.
func isFixture(file, name string) bool {
	base := path.Base(file)
	return (base == name+".csv" || base == name+".sql") && strings.Contains("/"+file, "/fixtures/")
}

// unitTestCode returns what a unit test gives and expects. Empty fields are left out, but not empty values in
// rows: a null in an expected row is compared, a column that the row lacks is not.
func unitTestCode(t *artifact.UnitTest) []any {
	empty := func(_ string, field any) bool {
		switch v := field.(type) {
		case nil:
			return true
		case []any:
			return len(v) == 0
		case map[string]any:
			return len(v) == 0
		}
		return false
	}
	filled := func(v any) map[string]any {
		fields := map[string]any{}
		object, _ := v.(map[string]any)
		maps.Copy(fields, object)
		maps.DeleteFunc(fields, empty)
		return fields
	}
	given, _ := decoded(t.Given).([]any)
	code := []any{filled(decoded(t.Expect)), filled(decoded(t.Overrides))}
	for _, input := range given {
		code = append(code, filled(input))
	}
	return code
}

// fixtures are the names of the files with a unit test's rows.
func fixtures(t *artifact.UnitTest) []string {
	type input struct {
		Fixture string `json:"fixture"`
	}
	var (
		expect input
		given  []input
	)
	if json.Unmarshal(t.Expect, &expect) != nil || json.Unmarshal(t.Given, &given) != nil {
		return nil
	}
	var names []string
	for _, i := range append(given, expect) {
		if i.Fixture != "" {
			names = append(names, i.Fixture)
		}
	}
	return names
}

// verdict has the settings that decide whether a test fails, with what dbt takes without them.
var verdict = map[string]string{
	"severity": "error", "error_if": "!= 0", "warn_if": "!= 0", "fail_calc": "count(*)", "where": "", "limit": "",
}

// settings says which settings of a test or an enforced contract are changed.
func settings(was, is *artifact.NodeCode) []string {
	a, b := config(was), config(is)
	if is.ResourceType != "test" {
		if !enforcesContract(a) && !enforcesContract(b) {
			return nil
		}
		return columns(was, is, a, b, false)
	}
	var why []string
	for key, usual := range verdict {
		x, y := cmp.Or(short(a[key]), usual), cmp.Or(short(b[key]), usual)
		if x != y && !(key == "severity" && strings.EqualFold(x, y)) {
			why = append(why, key)
		}
	}
	slices.Sort(why)
	return why
}
