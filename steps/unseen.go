package steps

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
)

// unseen lists what the check can't verify: hooks and grants, whose SQL may write
// to any relation. It also lists sources that probably stay empty: their schema has
// the suffix, but no seed of the build fills them.
type unseen struct {
	hooks   []string
	sources []string
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
	name := filepath.Join(b.Target(), "manifest.json")
	f, err := os.Open(name)
	if err != nil {
		return out, err
	}
	defer f.Close()
	_, err = artifact.ReadManifest(name, f, func(n artifact.Node) error {
		switch n.ResourceType {
		case "operation":
			out.hooks = append(out.hooks, fmt.Sprintf("%s: %s", n.UniqueID, oneLine(n.SQL)))
		case "source":
			if carries(n.Schema, b.suffix) {
				suffixed = append(suffixed, n)
			}
		case "seed":
			seeds[relationKey(n.Schema, n.Alias)] = true
		}
		if written[n.UniqueID] {
			out.hooks = append(out.hooks, nodeHooks(n)...)
		}
		return nil
	})
	for _, n := range suffixed {
		if !seeds[relationKey(n.Schema, n.Identifier)] {
			out.sources = append(out.sources, fmt.Sprintf("%s: %s.%s", n.UniqueID, n.Schema, n.Identifier))
		}
	}
	slices.Sort(out.hooks)
	return out, err
}

func relationKey(schema, name string) string { return strings.ToLower(schema + "." + name) }

// nodeHooks returns a line for each hook and grant of a node.
func nodeHooks(n artifact.Node) []string {
	var lines []string
	for _, h := range n.Config.PreHook {
		lines = append(lines, fmt.Sprintf("%s pre-hook: %s", n.UniqueID, oneLine(h.SQL)))
	}
	for _, h := range n.Config.PostHook {
		lines = append(lines, fmt.Sprintf("%s post-hook: %s", n.UniqueID, oneLine(h.SQL)))
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
	text := []rune(strings.Join(strings.Fields(sql), " "))
	if len(text) > most {
		return string(text[:most]) + "…"
	}
	return string(text)
}

// warnings returns the warnings for the user, who has already seen the hooks in
// before.
func (u unseen) warnings(before []string) []string {
	var out []string
	if len(u.hooks) > 0 && !slices.Equal(u.hooks, before) {
		out = append(out, "dot can't check where hooks and grants write; make sure that these stay in the build's schema (shown once, until they change):"+lines(u.hooks))
	}
	if len(u.sources) > 0 {
		out = append(out, "these sources are in this build's schemas, but no seed of the build fills them:"+lines(u.sources))
	}
	return out
}
