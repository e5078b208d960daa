package code

import (
	"cmp"
	"encoding/json"
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
	parts := func(t *artifact.UnitTest) any {
		return []any{value(decoded(t.Given)), value(decoded(t.Expect)), value(decoded(t.Overrides))}
	}
	if !reflect.DeepEqual(parts(was), parts(is)) {
		return "unit test"
	}
	for _, name := range fixtures(is) { // dbt 2's manifest doesn't have its rows
		for _, file := range files {
			if base := path.Base(file); strings.TrimSuffix(base, path.Ext(base)) == name {
				return "fixture " + name
			}
		}
	}
	return ""
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
		if text := func(v any) string { return strings.ToLower(cmp.Or(short(v), usual)) }; text(a[key]) != text(b[key]) {
			why = append(why, key)
		}
	}
	slices.Sort(why)
	return why
}
