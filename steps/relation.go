package steps

import (
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/workspace"
)

// The relation of a build's node, as the ledger names it.

// relation returns a node's relation in the ledger. Its names are folded as the
// adapter folds them, so that one relation has one entry, however it is spelled.
func (b *build) relation(database, schema, name, sql string) workspace.Relation {
	p, names := b.place, adapter.Of(b.place.Adapter)
	quoted := func(part string) bool { return sql == "" || strings.Contains(sql, `"`+part+`"`) }
	p.Schema = b.secret.schema(names, schema, quoted(schema))
	switch {
	case p.Adapter == "duckdb": // which names a file
		if file, secret, ok := b.output.DuckDBFile(b.workDir, database); ok && secret {
			p.Database = b.secret.ws.Hide(file)
		} else if ok {
			p.Database = file
		} else if database != "" && b.duckdb != "" {
			p.Database += "#" + names.Fold(database, true)
		}
	case database != "":
		p.Database = b.secret.database(names, database)
	}
	return workspace.Relation{Place: p, Name: names.Fold(name, quoted(name))}
}

// spelling returns the name of a node's relation as dbt writes it.
func spelling(n artifact.Node) workspace.Spelling {
	name := n.Alias
	if name == "" {
		name = n.Name
	}
	return workspace.Spelling{Database: n.Database, Schema: n.Schema, Name: name, SQL: n.RelationName}
}

// relationName converts a ledger's relation for dbt's artifacts.
func relationName(s workspace.Spelling) artifact.RelationName {
	return artifact.RelationName{Database: s.Database, Schema: s.Schema, Name: s.Name, SQL: s.SQL}
}

// target returns a relation as the target of a run.
func (b *build) target(s workspace.Spelling) workspace.Target {
	return workspace.Target{Relation: b.relation(s.Database, s.Schema, s.Name, s.SQL), Spelling: s}
}
