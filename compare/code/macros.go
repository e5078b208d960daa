package code

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/text"
)

// ofDBT reports whether a macro is dbt's or its adapter's own.
func (p *project) ofDBT(m *macro) bool {
	return m.pkg == "dbt" || m.pkg == "dbt_"+p.head.Adapter || slices.Contains(adapter.Of(p.head.Adapter).Packages, m.pkg)
}

// reads are what makes a macro or hook do something else in another
// environment, although its text is the same: variables, the target's name,
// flags, and ways to anything at all.
var reads = regexp.MustCompile(`\b(?:(?:var|env_var)\s*\(|(?:flags|invocation_id|run_started_at|thread_id|invocation_args_dict|` +
	`selected_resources|dbt_metadata_envs|graph|context|builtins)\b|target\b)`)

// ownTarget is what of the target only says where a build lies.
var ownTarget = regexp.MustCompile(`\btarget\s*\.\s*(?:schema|dataset|database|dbname|type|project|catalog)\b`)

// ambient reports whether Jinja reads what a manifest does not tell: variables,
// the environment, the target.
func ambient(jinja string) bool {
	return reads.MatchString(ownTarget.ReplaceAllString(jinja, ""))
}

// reach returns the macros of projects and packages that are called by some,
// themselves included.
func (p *project) reach(ids []string) map[string]*macro {
	found := map[string]*macro{}
	seen := map[string]bool{}
	for todo := slices.Clone(ids); len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		m := p.macros[id]
		if m == nil || seen[id] {
			continue
		}
		seen[id] = true
		if !p.ofDBT(m) {
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

// dbtMacros are dbt's own macros and the adapter's.
func (p *project) dbtMacros() map[string]*macro {
	found := map[string]*macro{}
	for id, m := range p.macros {
		if p.ofDBT(m) {
			found[id] = m
		}
	}
	return found
}

// overriding returns the IDs of macros of projects and packages that decide how
// nodes are built: materializations, and those with the name of one of dbt's
// own.
func (p *project) overriding(own map[string]bool) []string {
	var ids []string
	for id, m := range p.macros {
		if !p.ofDBT(m) && overrides(m.name, own) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// overrides reports whether a macro of this name takes the place of one of
// dbt's, or is a materialization. Those that only name relations are left out,
// since the manifest has the names, and so are tests, which don't alter what
// they test.
func overrides(name string, own map[string]bool) bool {
	base := name
	if _, rest, dispatched := strings.Cut(name, "__"); dispatched { // default__x and snowflake__x are x
		base = rest
	}
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

// wide are the differences that keep every node from being the same, and
// whether the project has a way of its own to build nodes, which may look at all
// of their configuration.
func wide(a, b *project) (differences []string, custom bool) {
	if a.head.DBTVersion != b.head.DBTVersion {
		differences = append(differences, change("dbt", a.head.DBTVersion, b.head.DBTVersion))
	}
	if a.head.Adapter != b.head.Adapter {
		differences = append(differences, change("adapter", a.head.Adapter, b.head.Adapter))
	}
	if len(differences) > 0 { // and so does much else
		return differences, false
	}
	own := map[string]bool{}
	macrosA, macrosB := a.dbtMacros(), b.dbtMacros()
	for _, macros := range []map[string]*macro{macrosA, macrosB} {
		for _, m := range macros {
			own[m.name] = true
		}
	}
	if len(differing(macrosA, macrosB)) > 0 {
		differences = append(differences, "macros of dbt or its adapter: another version")
	}
	rootsA, rootsB := a.overriding(own), b.overriding(own)
	reachA, reachB := a.reach(rootsA), b.reach(rootsB)
	if names := differing(reachA, reachB); len(names) > 0 {
		differences = append(differences, "macro that dbt builds with: "+some(names))
	}
	if names := environmental(reachB); len(names) > 0 {
		differences = append(differences, "macro that dbt builds with, and that reads variables or the target: "+some(names))
	}
	for _, id := range rootsB {
		m := b.macros[id]
		custom = custom || m.pkg == b.head.Project || strings.HasPrefix(m.name, "materialization_")
	}
	return append(differences, runHooks(a, b)...), custom
}

// environmental returns the names of those macros that read the
// environment, sorted.
func environmental(macros map[string]*macro) []string {
	names := map[string]bool{}
	for _, m := range macros {
		if ambient(m.sql) {
			names[m.name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// change says what something was and is.
func change(what, from, to string) string {
	return what + ": " + cmp.Or(from, "(none)") + " → " + cmp.Or(to, "(none)")
}

// some lists the first few of names.
func some(names []string) string {
	const most = 3
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + " and " + text.Plural(more, "other")
	}
	return strings.Join(names, ", ")
}
