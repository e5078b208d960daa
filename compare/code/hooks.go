package code

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/lazy"
)

// hookKeys has the names of a node's hooks in its configuration.
var hookKeys = []string{"pre-hook", "post-hook"}

var (
	jinja = lazy.Regexp(`(?s)\{\{.*?\}\}|\{%.*?%\}`)
	// onlyNames matches Jinja that only names relations. The manifest has these names.
	onlyNames = lazy.Regexp(`^\{\{-?\s*(?:this(?:\.\w+)?|target\.(?:schema|database)|` +
		`(?:ref|source)\(\s*(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))?\s*\))\s*-?\}\}$`)
)

// hasLogic reports whether a hook's Jinja does more than name relations. A manifest has
// hooks as they were written; dbt renders them when it builds the node.
func hasLogic(sql string) bool {
	return slices.ContainsFunc(jinja().FindAllString(sql, -1), func(segment string) bool { return !onlyNames().MatchString(segment) })
}

// quotesName reports whether a hook has a relation's name in a string, which may become
// data.
func quotesName(sql string) bool {
	var names []name
	for _, segment := range jinja().FindAllString(sql, -1) {
		if onlyNames().MatchString(segment) {
			names = append(names, name{text: segment, mark: mark("jinja")})
		}
	}
	rest, _ := takeOut(sql, names)
	return slices.ContainsFunc(names, func(n name) bool { return strings.Contains(rest, n.text) })
}

// sqlOf returns the SQL of a configuration's hooks.
func sqlOf(hooks any) []string {
	data, err := json.Marshal(hooks)
	if err != nil {
		return nil
	}
	var found []artifact.Hook
	if json.Unmarshal(data, &found) != nil {
		var one artifact.Hook
		if json.Unmarshal(data, &one) != nil {
			return []string{string(data)}
		}
		found = []artifact.Hook{one}
	}
	var sql []string
	for _, h := range found {
		sql = append(sql, h.SQL)
	}
	return sql
}

// hooksHaveLogic reports whether a node has a hook with logic.
func hooksHaveLogic(c map[string]any) bool {
	for _, key := range hookKeys {
		if slices.ContainsFunc(sqlOf(c[key]), hasLogic) {
			return true
		}
	}
	return false
}

// hooks returns the differences between a node's hooks.
func (c *comparer) hooks(d *nodeDiff, configA, configB map[string]any) []string {
	var differences []string
	a, b := d.a, d.b
	logic := false
	for _, key := range hookKeys {
		if !reflect.DeepEqual(normalizedHooks(c.a, a, configA[key]), normalizedHooks(c.b, b, configB[key])) {
			differences = append(differences, key)
		} else if slices.ContainsFunc(sqlOf(configB[key]), quotesName) {
			differences = append(differences, key+": the name of its relation in a string")
		}
		logic = logic || slices.ContainsFunc(sqlOf(configB[key]), hasLogic)
	}
	if len(differences) > 0 || !logic {
		return differences
	}
	reachA, reachB := reachBoth(d.fromA, d.fromB, slices.Concat(a.DependsOn.Macros, b.DependsOn.Macros)...)
	if names := differing(reachA, reachB); len(names) > 0 {
		return []string{"hook: macro " + firstFew(names)}
	}
	if otherRelease(d.fromA, d.fromB) { // a difference already: what isn't known adds nothing
		return nil
	}
	read := len(readingContext(reachB)) > 0
	for _, key := range hookKeys {
		read = read || slices.ContainsFunc(sqlOf(configB[key]), readsContext)
	}
	if read {
		return []string{"hook: it reads variables or the target, so what it did is not known"}
	}
	return nil
}

// normalizedHooks returns a node's hooks without the names of relations.
func normalizedHooks(s *parsedSide, n *artifact.NodeCode, hooks any) any {
	list, is := hooks.([]any)
	switch {
	case !is:
		return hooks
	case len(list) == 0:
		return nil
	}
	named := make([]any, 0, len(list))
	for _, hook := range list {
		fields, _ := hook.(map[string]any)
		if sql, is := fields["sql"].(string); is {
			fields = maps.Clone(fields)
			fields["sql"], _ = takeOut(sql, s.names(n))
			maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil }) // dbt 2 leaves them out
			hook = fields
		}
		named = append(named, hook)
	}
	return named
}

// runHooks returns the differences between the hooks on-run-start and on-run-end.
func runHooks(a, b *parsedSide) []string {
	differences := map[string]bool{}
	for i := range max(len(a.hooks), len(b.hooks)) {
		switch {
		case i >= len(a.hooks):
			differences[runHook(b.hooks[i])] = true
		case i >= len(b.hooks):
			differences[runHook(a.hooks[i])] = true
		default:
			if what := differingRunHook(a, b, a.hooks[i], b.hooks[i]); what != "" {
				differences[what] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(differences))
}

// runHook returns the name of a run's hook in dbt_project.yml.
func runHook(n *artifact.NodeCode) string {
	if strings.Contains(n.Name, "on-run-start") {
		return "on-run-start"
	}
	return "on-run-end"
}

// differingRunHook says how a run's hook differs, "" if it doesn't.
func differingRunHook(a, b *parsedSide, hookA, hookB *artifact.NodeCode) string {
	what := runHook(hookB)
	if hookA.UniqueID != hookB.UniqueID || hookA.RawCode != hookB.RawCode {
		return what
	}
	reachA, reachB := reachBoth(a, b, slices.Concat(hookA.DependsOn.Macros, hookB.DependsOn.Macros)...)
	if names := differing(reachA, reachB); len(names) > 0 {
		return what + ": macro " + firstFew(names)
	}
	if otherRelease(a, b) { // as in hooks: and dbt 2 doesn't say what it made of them
		return ""
	}
	if hookA.CompiledCode != nil && hookB.CompiledCode != nil {
		if a.withoutOwnSchema(*hookA.CompiledCode, hookA.Schema) != b.withoutOwnSchema(*hookB.CompiledCode, hookB.Schema) {
			return what + ": compiled SQL"
		}
		return ""
	}
	if readsContext(hookB.RawCode) || len(readingContext(reachB)) > 0 {
		return what + ": it reads variables or the target, so what it did is not known"
	}
	return ""
}
