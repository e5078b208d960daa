package warehouse

import (
	"embed"
	"fmt"
	"slices"
	"strconv"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/ask"
)

// macros are the materialization of the project's model.
//
//go:embed macros
var macros embed.FS

// projectName is the dbt project's.
const projectName = "dot_warehouse"

// Write writes the dbt project that asks a question to a directory, which may hold
// an earlier one.
func Write(dir string, q Question) error {
	p := ask.Project{Name: projectName, Macros: macros, Work: []any{newWork(q)}}
	if err := p.Write(dir); err != nil {
		return fmt.Errorf("writing the project that asks the warehouse: %w", err)
	}
	return nil
}

// Options are those of the dbt run of the project, see [ask.Options].
func Options() []dbt.Option { return ask.Options(1) }

// work is what the model has to do.
type work struct {
	Exist      []string `json:"exist"` // queries
	Lookups    []row    `json:"lookups"`
	Dependents []string `json:"dependents"`  // queries
	SearchPath []string `json:"search_path"` // queries
}

// row is a relation in a query or a lookup.
type row struct {
	Number   string `json:"number"` // its place in the question's list
	Database string `json:"database"`
	Schema   string `json:"schema"`
	Name     string `json:"name"`
}

func newWork(q Question) work {
	d := dialects[q.Adapter]
	w := work{Exist: []string{}, Lookups: []row{}, Dependents: []string{}, SearchPath: []string{}}
	if d.exist == nil {
		w.Lookups = rows(q.Exist)
	} else {
		w.Exist = queries(d.exist, q.Exist, d.most)
	}
	if d.dependents != nil {
		w.Dependents = queries(d.dependents, q.Dependents, d.most)
	}
	if d.searchPath != "" {
		w.SearchPath = append(w.SearchPath, d.searchPath)
	}
	return w
}

func rows(relations []Relation) []row {
	out := make([]row, len(relations))
	for i, r := range relations {
		out[i] = row{Number: strconv.Itoa(i), Database: r.Database, Schema: r.Schema, Name: r.Name}
	}
	return out
}

// queries returns the queries for all relations, so many in each.
func queries(query func([]row) string, relations []Relation, most int) []string {
	out := []string{}
	for chunk := range slices.Chunk(rows(relations), most) {
		out = append(out, query(chunk))
	}
	return out
}
