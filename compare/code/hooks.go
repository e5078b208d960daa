package code

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// hookKeys are the names of a node's hooks in its configuration.
var hookKeys = []string{"pre-hook", "post-hook"}

var (
	jinja = regexp.MustCompile(`(?s)\{\{.*?\}\}|\{%.*?%\}`)
	// tame is Jinja that only names relations, which the manifest tells.
	tame = regexp.MustCompile(`^\{\{-?\s*(?:this(?:\.\w+)?|target\.(?:schema|database)|` +
		`(?:ref|source)\(\s*(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))?\s*\))\s*-?\}\}$`)
)

// wild reports whether a hook does more than to name relations: hooks are in a
// manifest as they were written, and are rendered when the node is built.
func wild(sql string) bool {
	return slices.ContainsFunc(jinja.FindAllString(sql, -1), func(segment string) bool { return !tame.MatchString(segment) })
}

// quotesName reports whether a hook has the name of a relation in a string,
// which may become data.
func quotesName(sql string) bool {
	var names []name
	for _, segment := range jinja.FindAllString(sql, -1) {
		if tame.MatchString(segment) {
			names = append(names, name{text: segment, mark: mark("jinja")})
		}
	}
	rest, _ := takeOut(sql, names)
	return slices.ContainsFunc(names, func(n name) bool { return strings.Contains(rest, n.text) })
}

// sqlOf are the hooks of a configuration as SQL.
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

// hasWildHook reports whether a node has a hook that calls macros or the like.
func hasWildHook(c map[string]any) bool {
	for _, key := range hookKeys {
		if slices.ContainsFunc(sqlOf(c[key]), wild) {
			return true
		}
	}
	return false
}

// hooks returns how a node's hooks differ.
func (c *comparison) hooks(a, b *artifact.NodeCode, configA, configB map[string]any) []string {
	var differences []string
	wildness := false
	for _, key := range hookKeys {
		if !reflect.DeepEqual(c.namedHooks(c.a, a, configA[key]), c.namedHooks(c.b, b, configB[key])) {
			differences = append(differences, key)
		} else if slices.ContainsFunc(sqlOf(configB[key]), quotesName) {
			differences = append(differences, key+": the name of its relation in a string")
		}
		wildness = wildness || slices.ContainsFunc(sqlOf(configB[key]), wild)
	}
	if len(differences) > 0 || !wildness {
		return differences
	}
	reachA, reachB := c.a.reach(a.DependsOn.Macros), c.b.reach(b.DependsOn.Macros)
	if names := differing(reachA, reachB); len(names) > 0 {
		return []string{"hook: macro " + some(names)}
	}
	read := len(environmental(reachB)) > 0
	for _, key := range hookKeys {
		read = read || slices.ContainsFunc(sqlOf(configB[key]), ambient)
	}
	if read {
		return []string{"hook: it reads variables or the target, so what it did is not known"}
	}
	return nil
}

// namedHooks are a side's hooks as they can be compared with the other's.
func (c *comparison) namedHooks(p *project, n *artifact.NodeCode, hooks any) any {
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
			fields["sql"], _ = takeOut(sql, p.names(n))
			hook = fields
		}
		named = append(named, hook)
	}
	return named
}

// runHooks returns how what runs before and after everything differs.
func runHooks(a, b *project) []string {
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

// runHook is what a run's hook is called.
func runHook(n *artifact.NodeCode) string {
	if strings.Contains(n.Name, "on-run-start") {
		return "on-run-start"
	}
	return "on-run-end"
}

// differingRunHook returns how one hook of a run differs, "" if it doesn't.
func differingRunHook(a, b *project, hookA, hookB *artifact.NodeCode) string {
	what := runHook(hookB)
	if hookA.UniqueID != hookB.UniqueID || hookA.RawCode != hookB.RawCode {
		return what
	}
	reachA, reachB := a.reach(hookA.DependsOn.Macros), b.reach(hookB.DependsOn.Macros)
	if names := differing(reachA, reachB); len(names) > 0 {
		return what + ": macro " + some(names)
	}
	if hookA.CompiledCode != nil && hookB.CompiledCode != nil {
		if a.placeless(*hookA.CompiledCode, hookA.Schema) != b.placeless(*hookB.CompiledCode, hookB.Schema) {
			return what + ": what it did"
		}
		return ""
	}
	if ambient(hookB.RawCode) || len(environmental(reachB)) > 0 {
		return what + ": it reads variables or the target, so what it did is not known"
	}
	return ""
}
