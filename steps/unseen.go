package steps

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
)

// unseen lists what the check can't verify: hooks and grants, whose SQL may write
// to any relation. It also lists sources that probably stay empty: their schema has
// the suffix, but no seed of the build fills them.
type unseen struct {
	hooks []string
	// named are the protected schemas that hooks name.
	named   []string
	sources []string
	// sql is the text of all hooks and grants. dbt has rendered those of nodes: they may
	// hold the values of environment variables, and are never shown or kept.
	sql string
}

// findUnseen reads the manifest that dbt list has left. writes are the nodes that
// the command may write.
func findUnseen(b *build, writes []artifact.Node) (unseen, error) {
	var out unseen
	written := make(map[string]bool, len(writes))
	for _, n := range writes {
		written[n.UniqueID] = true
	}
	seeds := map[string]bool{}
	var suffixed []artifact.Node // sources
	var sql []string
	name := filepath.Join(b.Target(), "manifest.json")
	f, err := os.Open(name)
	if err != nil {
		return out, err
	}
	defer f.Close()
	_, err = artifact.ReadManifest(name, f, func(n artifact.Node) error {
		var hooks []string
		switch n.ResourceType {
		case "operation":
			hooks = []string{fmt.Sprintf("%s: %s", n.UniqueID, oneLine(n.SQL))} // as in dbt_project.yml
		case "source":
			if carries(n.Schema, b.suffix) {
				suffixed = append(suffixed, n)
			}
		case "seed":
			seeds[relationKey(n.Schema, n.Alias)] = true
		}
		if written[n.UniqueID] {
			hooks = nodeHooks(n)
		}
		if len(hooks) > 0 {
			out.hooks = append(out.hooks, hooks...)
			sql = append(sql, fmt.Sprintf("%q", []any{n.UniqueID, n.SQL, n.Config.PreHook, n.Config.PostHook, n.Config.Grants}))
		}
		return nil
	})
	slices.Sort(sql)
	out.sql = strings.Join(sql, "\n")
	out.named = protectedIn(b.envSchemas, out.sql)
	for _, n := range suffixed {
		if !seeds[relationKey(n.Schema, n.Identifier)] {
			out.sources = append(out.sources, fmt.Sprintf("%s: %s.%s", n.UniqueID, n.Schema, n.Identifier))
		}
	}
	slices.Sort(out.hooks)
	return out, err
}

func relationKey(schema, name string) string { return strings.ToLower(schema + "." + name) }

// nodeHooks returns lines with the kinds of a node's hooks, and with its grants.
func nodeHooks(n artifact.Node) []string {
	var lines []string
	for _, kind := range []struct {
		name  string
		hooks []artifact.Hook
	}{{"pre-hook", n.Config.PreHook}, {"post-hook", n.Config.PostHook}} {
		if len(kind.hooks) > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", n.UniqueID, text.Plural(len(kind.hooks), kind.name)))
		}
	}
	if len(n.Config.Grants) > 0 {
		privileges := slices.Sorted(maps.Keys(n.Config.Grants))
		lines = append(lines, fmt.Sprintf("%s grants: %s", n.UniqueID, strings.Join(privileges, ", ")))
	}
	return lines
}

// oneLine returns the start of a piece of SQL, on one line.
func oneLine(sql string) string {
	const most = 100
	line := []rune(strings.Join(strings.Fields(sql), " "))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}

// warnings returns the warnings for the user, who may have seen the hooks before.
func (u unseen) warnings(seen bool) []string {
	var out []string
	if len(u.hooks) > 0 && !seen {
		out = append(out, "dot can't check where hooks and grants write; make sure that these stay in the build's schema (shown once, until they change):"+lines(u.hooks))
	}
	if len(u.named) > 0 && !seen {
		out = append(out, "hooks name "+strings.Join(u.named, ", ")+": they may write there (shown once, until they change)")
	}
	if len(u.sources) > 0 {
		out = append(out, "these sources are in this build's schemas, but no seed of the build fills them:"+lines(u.sources))
	}
	return out
}
