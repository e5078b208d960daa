package standin

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/nikolalohinski/gonja/v2/exec"
)

// node is a node in a manifest.
type node struct {
	ID       string         `json:"unique_id"`
	Type     string         `json:"resource_type"`
	Name     string         `json:"name"`
	Package  string         `json:"package_name"`
	Database string         `json:"database"`
	Schema   string         `json:"schema"`
	Alias    string         `json:"alias"`
	Relation *string        `json:"relation_name"` // nil for a test that stores no failures
	File     string         `json:"original_file_path"`
	Raw      string         `json:"raw_code"`
	Checksum checksum       `json:"checksum"`
	Config   map[string]any `json:"config"`
	Depends  depends        `json:"depends_on"`
}

type checksum struct {
	Name string `json:"name"`
	Sum  string `json:"checksum"`
}

type depends struct {
	Nodes []string `json:"nodes"`
}

// snapshotTags matches the tags around a snapshot, which the Jinja library doesn't know.
var snapshotTags = regexp.MustCompile(`{%-?\s*(?:snapshot\s+(\w+)|endsnapshot)\s*-?%}`)

// readNodes reads every node of the project. Refs are still names.
func (s *session) readNodes() error {
	for _, where := range []struct{ resource, dir, extension string }{
		{"seed", "seeds", ".csv"}, {"model", "models", ".sql"}, {"snapshot", "snapshots", ".sql"}, {"test", "tests", ".sql"},
	} {
		files, err := s.project.files(where.dir, where.extension)
		if err != nil {
			return err
		}
		for _, file := range files {
			n, err := s.readNode(where.resource, file)
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			s.nodes[n.ID] = n
		}
	}
	return s.resolveRefs()
}

func (s *session) readNode(resource, file string) (*node, error) {
	text, err := os.ReadFile(filepath.Join(s.project.dir, filepath.FromSlash(file)))
	if err != nil {
		return nil, err
	}
	n := &node{
		Type: resource, Name: strings.TrimSuffix(path.Base(file), path.Ext(file)), Package: s.project.Name,
		Database: s.output.Database, File: file, Raw: string(text),
		Checksum: checksum{"sha256", fmt.Sprintf("%x", sha256.Sum256(text))},
		Config:   s.project.config(resource),
	}
	if resource != "seed" {
		if m := snapshotTags.FindStringSubmatch(n.Raw); m != nil {
			n.Name = m[1]
			n.Raw = snapshotTags.ReplaceAllString(n.Raw, "")
		}
		if err := s.parse(n); err != nil {
			return nil, err
		}
	}
	n.ID = n.Type + "." + n.Package + "." + n.Name
	return n, s.place(n)
}

// parse evaluates a node for its config and refs.
func (s *session) parse(n *node) error {
	names := s.names.with(scope{
		"config": func(args *exec.VarArgs) (any, error) {
			for key, value := range args.KwArgs {
				n.Config[key] = value.ToGoSimpleType(true)
			}
			return "", nil
		},
		"ref": func(args *exec.VarArgs) (any, error) {
			n.Depends.Nodes = append(n.Depends.Nodes, args.Args[len(args.Args)-1].String())
			return "", nil
		},
		"source":         func(*exec.VarArgs) (any, error) { return "", nil },
		"is_incremental": func(*exec.VarArgs) (any, error) { return false, nil },
		"this":           "",
	})
	_, err := names.render(s.project.macros + n.Raw)
	return err
}

// place sets a node's schema with the project's own generate_schema_name, if it has one, or as
// dbt's default macro does.
func (s *session) place(n *node) error {
	n.Alias = n.Name
	if alias, ok := n.Config["alias"].(string); ok {
		n.Alias = alias
	}
	if database, ok := n.Config["database"].(string); ok {
		n.Database = database
	}
	var custom any
	if n.Type == "test" {
		custom = "dbt_test__audit"
	}
	if schema, ok := n.Config["schema"]; ok {
		custom = schema
	}
	n.Schema = s.output.Schema
	switch target, ok := n.Config["target_schema"].(string); {
	case ok && n.Type == "snapshot":
		n.Schema = target
	case strings.Contains(s.project.macros, "macro generate_schema_name("):
		names := s.names.with(scope{"custom": custom, "node": map[string]any{"resource_type": n.Type, "name": n.Name}})
		schema, err := names.render(s.project.macros + "{{ generate_schema_name(custom, node) }}")
		if err != nil {
			return err
		}
		n.Schema = strings.TrimSpace(schema)
	case custom != nil:
		n.Schema += fmt.Sprintf("_%v", custom)
	}
	_, stored := n.Config["store_failures"]
	if n.Type != "test" || stored || s.line.on("store-failures") {
		relation := fmt.Sprintf("%q.%q.%q", n.Database, n.Schema, n.Alias)
		n.Relation = &relation
	}
	return nil
}

// resolveRefs replaces the names in refs by unique ids.
func (s *session) resolveRefs() error {
	byName := map[string]string{}
	for id, n := range s.nodes {
		if n.Type != "test" {
			byName[n.Name] = id
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.nodes)) {
		n := s.nodes[id]
		for i, name := range n.Depends.Nodes {
			if byName[name] == "" {
				return usage("Compilation Error\n  %s depends on a node named '%s' which was not found", n.ID, name)
			}
			n.Depends.Nodes[i] = byName[name]
		}
		slices.Sort(n.Depends.Nodes)
		n.Depends.Nodes = slices.Compact(n.Depends.Nodes)
	}
	return nil
}
