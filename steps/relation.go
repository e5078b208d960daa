package steps

import (
	"strings"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// Where a node of a build lies, in the terms of the ledger.

// relation is where a node lies, its names folded as the adapter folds them, so
// that one relation has one entry however it is spelled.
func (b *build) relation(database, schema, name, sql string) workspace.Relation {
	p := b.place
	p.Schema = schema
	switch {
	case p.Adapter == "duckdb":
		// DuckDB compares names without case (seen with 1.5).
		p.Schema, name = strings.ToLower(schema), strings.ToLower(name)
		if file, ok := b.output.DuckDBFile(b.workDir, database); ok {
			p.Database = file
		} else if database != "" && b.duckdb != "" {
			p.Database = b.duckdb + "#" + strings.ToLower(database)
		}
	case database != "":
		p.Database = database
	}
	if p.Adapter != "duckdb" && sql != "" && !strings.HasSuffix(sql, `"`) && (p.Adapter == "postgres" || p.Adapter == "redshift") {
		name = strings.ToLower(name) // an unquoted name
	}
	return workspace.Relation{Place: p, Name: name}
}

// spelling is a node's relation as dbt names it.
func spelling(n artifact.Node) workspace.Spelling {
	name := n.Alias
	if name == "" {
		name = n.Name
	}
	return workspace.Spelling{Database: n.Database, Schema: n.Schema, Name: name, SQL: n.RelationName}
}

// relationName is a relation of a ledger, in the terms of dbt's artifacts.
func relationName(s workspace.Spelling) artifact.RelationName {
	return artifact.RelationName{Database: s.Database, Schema: s.Schema, Name: s.Name, SQL: s.SQL}
}

// target is a node's relation as something that a run may write.
func (b *build) target(s workspace.Spelling) workspace.Target {
	return workspace.Target{Relation: b.relation(s.Database, s.Schema, s.Name, s.SQL), Spelling: s}
}
