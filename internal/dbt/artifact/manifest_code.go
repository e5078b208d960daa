package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"dot-for-dbt/internal/text"
)

// NodeCode is a node, source or function of a manifest.json, with everything that decides what it
// builds.
type NodeCode struct {
	UniqueID     string          `json:"unique_id"`
	ResourceType string          `json:"resource_type"`
	Name         string          `json:"name"`
	Package      string          `json:"package_name"`
	Version      json.RawMessage `json:"version"` // of a model: null, a number or a string
	Database     string          `json:"database"`
	Schema       string          `json:"schema"`
	Alias        string          `json:"alias"`
	Identifier   string          `json:"identifier"` // a source's table
	SourceName   string          `json:"source_name"`
	RelationName string          `json:"relation_name"` // as in SQL; "" if it has no relation
	File         string          `json:"original_file_path"`
	Language     string          `json:"language"` // "sql", "python"; "" for a seed
	RawCode      string          `json:"raw_code"`
	// CompiledCode is nil if the last command didn't run the node.
	CompiledCode *string         `json:"compiled_code"`
	Checksum     Checksum        `json:"checksum"`
	Config       json.RawMessage `json:"config"`
	// Unrendered is the configuration as written, Jinja included.
	Unrendered json.RawMessage `json:"unrendered_config"`
	// Meta and SourceMeta are what a source's table and the source itself say about it.
	Meta        json.RawMessage `json:"meta"`
	SourceMeta  json.RawMessage `json:"source_meta"`
	Columns     ColumnCodes     `json:"columns"`
	Constraints json.RawMessage `json:"constraints"`
	DependsOn   struct {
		Nodes  []string `json:"nodes"`
		Macros []string `json:"macros"`
	} `json:"depends_on"`

	// The definition of a generic test, and the column and node that it tests.
	Test         *TestCode `json:"test_metadata"`
	ColumnName   string    `json:"column_name"`
	AttachedNode string    `json:"attached_node"`
}

// Checksum is dbt's checksum of a node's file. Its name is "sha256", "none", or "path": the
// checksum of a seed that is too large to be read is only its path.
type Checksum struct {
	Name     string `json:"name"`
	Checksum string `json:"checksum"`
}

// TestCode names a generic test and its arguments.
type TestCode struct {
	Name      string                     `json:"name"`
	Namespace string                     `json:"namespace"` // the package that defines it; "" for dbt itself
	Arguments map[string]json.RawMessage `json:"kwargs"`
}

// ColumnCodes are the columns that a node documents, in that order.
type ColumnCodes []ColumnCode

// ColumnCode is the configuration of a column: "data_type", "constraints", "quote", … as JSON.
type ColumnCode struct {
	Name   string
	Fields map[string]json.RawMessage
}

// UnmarshalJSON reads an object and keeps the order of its keys.
func (c *ColumnCodes) UnmarshalJSON(data []byte) error {
	*c = nil
	a := newStream("columns", bytes.NewReader(data))
	return a.object(func(key string) error {
		column := ColumnCode{Name: key}
		if err := a.dec.Decode(&column.Fields); err != nil {
			return fmt.Errorf("column %q: %w", text.Shorten(key), err)
		}
		*c = append(*c, column)
		return nil
	})
}

// Macro is a macro of a project, a package, the adapter or dbt.
type Macro struct {
	UniqueID  string `json:"unique_id"`
	Name      string `json:"name"`
	Package   string `json:"package_name"`
	SQL       string `json:"macro_sql"`
	DependsOn struct {
		Macros []string `json:"macros"`
	} `json:"depends_on"`
}

// UnitTest is a unit test of a manifest.json, with everything that decides what it says.
type UnitTest struct {
	UniqueID  string          `json:"unique_id"`
	Given     json.RawMessage `json:"given"`
	Expect    json.RawMessage `json:"expect"`
	Overrides json.RawMessage `json:"overrides"`
	DependsOn struct {
		Nodes []string `json:"nodes"` // the model
	} `json:"depends_on"`
}

// ReadManifestCode is ReadManifest with the full code of nodes. It calls node for each enabled
// node, source and function, and macro for each macro.
func ReadManifestCode(file string, r io.Reader, node func(NodeCode) error, macro func(Macro) error) (Metadata, error) {
	return ReadManifestTests(file, r, node, macro, nil)
}

// ReadManifestTests is ReadManifestCode, and calls unitTest for each unit test.
func ReadManifestTests(file string, r io.Reader, node func(NodeCode) error, macro func(Macro) error, unitTest func(UnitTest) error) (Metadata, error) {
	a := newStream(file, r)
	return a.manifest(func(key string) error {
		switch {
		case key == "nodes", key == "sources", key == "functions":
			return a.object(func(string) error { return visited(a, node) })
		case key == "macros":
			return a.object(func(string) error { return visited(a, macro) })
		case key == "unit_tests" && unitTest != nil:
			return a.object(func(string) error { return visited(a, unitTest) })
		}
		return a.skip()
	})
}

// visited reads a value and calls visit with it.
func visited[T any](a *stream, visit func(T) error) error {
	var v T
	if err := a.dec.Decode(&v); err != nil {
		return err
	}
	return visit(v)
}
