package code

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/text"
)

// ofDBT reports whether a macro belongs to dbt or its adapter.
func (s *parsedSide) ofDBT(m *macro) bool {
	return m.pkg == "dbt" || m.pkg == "dbt_"+s.head.Adapter || slices.Contains(adapter.Of(s.head.Adapter).Packages, m.pkg)
}

// reads matches Jinja that can have another result although its text is the same:
// variables, environment variables, the target's name, flags, and objects that give
// access to any of these.
var reads = lazy.Regexp(`\b(?:(?:var|env_var)\s*\(|(?:flags|invocation_id|run_started_at|thread_id|invocation_args_dict|` +
	`selected_resources|dbt_metadata_envs|graph|context|builtins)\b|target\b)`)

// ownTarget matches the target's properties that only say where a build lies.
var ownTarget = lazy.Regexp(`\btarget\s*\.\s*(?:schema|dataset|database|dbname|type|project|catalog)\b`)

// readsContext reports whether Jinja reads values that aren't in the manifest:
// variables, environment variables, the target.
func readsContext(jinja string) bool {
	return reads().MatchString(ownTarget().ReplaceAllString(jinja, ""))
}

// reach returns the macros with these IDs and all that they call, without those of dbt
// and its adapter.
func (s *parsedSide) reach(ids []string) map[string]*macro {
	found := map[string]*macro{}
	seen := map[string]bool{}
	for todo := slices.Clone(ids); len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		m := s.macros[id]
		if m == nil || seen[id] {
			continue
		}
		seen[id] = true
		if !s.ofDBT(m) {
			found[id] = m
		}
		todo = append(todo, m.calls...)
	}
	return found
}

// differing returns the names of macros that differ between two sets, sorted.
func differing(a, b map[string]*macro) []string {
	names := map[string]bool{}
	for id, m := range a {
		if other := b[id]; other == nil || other.sum != m.sum {
			names[m.name] = true
		}
	}
	for id, m := range b {
		if a[id] == nil {
			names[m.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// dbtMacros returns the macros of dbt and its adapter.
func (s *parsedSide) dbtMacros() map[string]*macro {
	found := map[string]*macro{}
	for id, m := range s.macros {
		if s.ofDBT(m) {
			found[id] = m
		}
	}
	return found
}

// overriding returns the IDs of the project's and packages' macros that change how dbt
// builds nodes: materializations, and macros named like one of dbt's.
func (s *parsedSide) overriding(own map[string]bool) []string {
	var ids []string
	for id, m := range s.macros {
		if !s.ofDBT(m) && overrides(m.name, own) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// overrides reports whether a macro of this name replaces one of dbt's, or is a
// materialization. Macros that only name relations don't count, since the manifest has
// the names. Tests don't count, since they don't change what they test.
func overrides(name string, own map[string]bool) bool {
	base := baseName(name) // default__x and snowflake__x are x
	switch base {
	case "generate_schema_name", "generate_database_name", "generate_alias_name", "generate_schema_name_for_env":
		return false
	}
	if made, is := strings.CutPrefix(name, "materialization_"); is {
		return !strings.HasPrefix(made, "test_") && !strings.HasPrefix(made, "unit_")
	}
	if strings.HasPrefix(base, "test_") {
		return false
	}
	return own[name] || own[base]
}

// wide returns the differences that apply to every node. custom is set if the project
// overrides how dbt builds nodes: its macros may then read all of a configuration.
func wide(a, b *parsedSide) (differences []string, custom bool) {
	other := otherRelease(a, b)
	if other {
		differences = append(differences, change("dbt", a.head.DBTVersion, b.head.DBTVersion))
	}
	if a.head.Adapter != b.head.Adapter { // then much else differs as well
		return append(differences, change("adapter", a.head.Adapter, b.head.Adapter)), false
	}
	own := map[string]bool{}
	macrosA, macrosB := a.dbtMacros(), b.dbtMacros()
	for _, macros := range []map[string]*macro{macrosA, macrosB} {
		for _, m := range macros {
			own[m.name] = true
		}
	}
	if !other && len(differing(macrosA, macrosB)) > 0 {
		differences = append(differences, "macros of dbt or its adapter: another version")
	}
	rootsA, rootsB := a.overriding(own), b.overriding(own)
	reachA, reachB := reachBoth(a, b, slices.Concat(rootsA, rootsB)...)
	if names := differing(reachA, reachB); len(names) > 0 {
		differences = append(differences, "macro that dbt builds with: "+firstFew(names))
	}
	if names := readingContext(reachB); len(names) > 0 && !other {
		differences = append(differences, "macro that dbt builds with, and that reads variables or the target: "+firstFew(names))
	}
	for _, id := range rootsB {
		m := b.macros[id]
		custom = custom || m.pkg == b.head.Project || strings.HasPrefix(m.name, "materialization_")
	}
	return append(differences, runHooks(a, b)...), custom
}

// readingContext returns the names of the macros that read such values, sorted.
func readingContext(macros map[string]*macro) []string {
	names := map[string]bool{}
	for _, m := range macros {
		if readsContext(m.sql) {
			names[m.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// change describes a change from one value to another.
func change(what, from, to string) string {
	return what + ": " + cmp.Or(from, "(none)") + " → " + cmp.Or(to, "(none)")
}

// firstFew lists the first few names.
func firstFew(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + " and " + text.Plural(more, "other")
	}
	return strings.Join(names, ", ")
}
