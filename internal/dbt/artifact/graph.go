package artifact

import (
	"io"
	"maps"
	"slices"
	"strings"
)

// A Graph is what the nodes of a project read, as its manifest says.
type Graph struct {
	nodes map[string]graphNode
	hooks []string // the on-run-start and on-run-end hooks
}

// graphNode is the little of a node that a Graph needs.
type graphNode struct {
	UniqueID     string `json:"unique_id"`
	Name         string `json:"name"`
	ResourceType string `json:"resource_type"`
	Package      string `json:"package_name"`
	File         string `json:"original_file_path"`
	Config       struct {
		Materialized string `json:"materialized"`
	} `json:"config"`
	DependsOn struct {
		Nodes []string `json:"nodes"`
	} `json:"depends_on"`
}

// ReadGraph reads the graph of a manifest.json as a stream. The file's name is
// for errors, as in [ReadManifest].
func ReadGraph(file string, r io.Reader) (Graph, error) {
	g := Graph{nodes: map[string]graphNode{}}
	a := newStream(file, r)
	_, err := a.manifest(func(key string) error {
		switch key {
		case "nodes", "functions", "unit_tests":
			return a.object(func(id string) error {
				return visited(a, func(n graphNode) error {
					g.nodes[id] = n
					if n.ResourceType == "operation" {
						g.hooks = append(g.hooks, id)
					}
					return nil
				})
			})
		}
		return a.skip()
	})
	slices.Sort(g.hooks)
	return g, err
}

// Has reports whether the project has an enabled node.
func (g Graph) Has(id string) bool {
	_, ok := g.nodes[id]
	return ok
}

// IDs are the nodes of the project, tests and hooks too, sorted.
func (g Graph) IDs() []string { return slices.Sorted(maps.Keys(g.nodes)) }

// Parents are the nodes that a node depends on.
func (g Graph) Parents(id string) []string { return g.nodes[id].DependsOn.Nodes }

// Name is a node's name, as dbt selects it.
func (g Graph) Name(id string) string { return g.nodes[id].Name }

// Materialized is how a node is materialized, "" for one that the project
// doesn't have.
func (g Graph) Materialized(id string) string { return g.nodes[id].Config.Materialized }

// Hooks are the on-run-start and on-run-end hooks, by unique_id.
func (g Graph) Hooks() []string { return g.hooks }

// Relations are the nodes of the project that have a relation: models but for
// ephemeral ones, seeds, snapshots and functions.
func (g Graph) Relations() []string {
	var ids []string
	for id := range g.nodes {
		if g.hasRelation(id) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (g Graph) hasRelation(id string) bool {
	kind, _, _ := strings.Cut(id, ".")
	return slices.Contains([]string{"model", "seed", "snapshot", "function"}, kind) && g.nodes[id].Config.Materialized != "ephemeral"
}

// Reads returns the nodes with a relation that running the selected nodes
// reads, each with its readers: direct parents, through ephemeral models. A
// unit test reads the parents of the model that it tests, whose columns it
// looks at (dbt 1.11.16). Nodes that are selected themselves are left out.
func (g Graph) Reads(selected []string) map[string][]string {
	isSelected := make(map[string]bool, len(selected))
	for _, id := range selected {
		isSelected[id] = true
	}
	readers := map[string][]string{}
	for _, id := range selected {
		reader := id
		if strings.HasPrefix(id, "unit_test.") {
			for _, tested := range g.nodes[id].DependsOn.Nodes {
				g.eachParent(tested, func(parent string) {
					if !isSelected[parent] {
						readers[parent] = append(readers[parent], reader)
					}
				})
			}
			continue
		}
		g.eachParent(id, func(parent string) {
			if !isSelected[parent] {
				readers[parent] = append(readers[parent], reader)
			}
		})
	}
	for id := range readers {
		slices.Sort(readers[id])
		readers[id] = slices.Compact(readers[id])
	}
	return readers
}

// eachParent calls visit with each node with a relation that a node reads,
// through ephemeral models.
func (g Graph) eachParent(id string, visit func(parent string)) {
	seen := map[string]bool{}
	var climb func(id string)
	climb = func(id string) {
		for _, parent := range g.nodes[id].DependsOn.Nodes {
			if seen[parent] {
				continue
			}
			seen[parent] = true
			switch {
			case g.hasRelation(parent):
				visit(parent)
			case strings.HasPrefix(parent, "model."): // an ephemeral one
				climb(parent)
			}
		}
	}
	climb(id)
}

// InFile returns the nodes and tests of a package that a file defines, sorted. The file's path is
// relative to the package, with slashes.
func (g Graph) InFile(pkg, file string) []string {
	var ids []string
	for id, n := range g.nodes {
		if n.Package == pkg && strings.ReplaceAll(n.File, `\`, "/") == file {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Ancestors returns the nodes that any of the nodes depends on, directly or through others.
func (g Graph) Ancestors(ids []string) map[string]bool {
	found := map[string]bool{}
	for next := slices.Clone(ids); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		for _, parent := range g.nodes[id].DependsOn.Nodes {
			if !found[parent] {
				found[parent] = true
				next = append(next, parent)
			}
		}
	}
	return found
}

// Descendants returns the nodes and tests that depend on any of the nodes, directly or
// through others.
func (g Graph) Descendants(ids []string) map[string]bool {
	children := map[string][]string{}
	for id, n := range g.nodes {
		for _, parent := range n.DependsOn.Nodes {
			children[parent] = append(children[parent], id)
		}
	}
	found := map[string]bool{}
	for next := slices.Clone(ids); len(next) > 0; {
		id := next[len(next)-1]
		next = next[:len(next)-1]
		for _, child := range children[id] {
			if !found[child] {
				found[child] = true
				next = append(next, child)
			}
		}
	}
	return found
}
