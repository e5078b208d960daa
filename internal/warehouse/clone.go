package warehouse

import "fmt"

// A Cloning copies a relation. It replaces nothing but an earlier clone.
type Cloning struct {
	From, To Clonable
	// View makes a view on the relation; otherwise a table with the same rows is made.
	View bool
	// Replaces is what an earlier clone is, which is dropped first: "table", "view", or "" for none.
	Replaces string
}

// A Clonable is a relation that is cloned, or a clone.
type Clonable struct {
	Relation
	SQL string // its name in SQL
}

// Cloned is what became of a [Cloning].
type Cloned struct {
	// There is set if another relation of that name is there. It stays as it is.
	There bool
	Err   error
}

// Clones reports whether dot can clone relations through an adapter.
func Clones(adapter string) bool { return dialects[adapter].clone != nil }

// Statements returns the SQL of a cloning.
func (c Cloning) Statements(adapter string) []string {
	var all []string
	if c.Replaces != "" {
		all = append(all, fmt.Sprintf("drop %s if exists %s", c.Replaces, c.To.SQL))
	}
	if c.View {
		return append(all, fmt.Sprintf("create view %s as select * from %s", c.To.SQL, c.From.SQL))
	}
	return append(all, dialects[adapter].clone(c.From.SQL, c.To.SQL)...)
}

// duckdbClone copies a table. DuckDB can't copy constraints along.
func duckdbClone(from, to string) []string {
	return []string{fmt.Sprintf("create table %s as select * from %s", to, from)}
}

// postgresClone copies a table with its constraints, indexes and comments. It leaves out defaults, which
// might draw from the other table's sequences.
func postgresClone(from, to string) []string {
	return []string{
		fmt.Sprintf("create table %s (like %s including all excluding defaults excluding identity excluding generated)", to, from),
		fmt.Sprintf("insert into %s select * from %s", to, from),
	}
}

// clonePart is the part of a task that clones a relation.
func clonePart(adapter string, c Cloning) part {
	p := part{Queries: []string{}, Create: []string{}, Change: c.Statements(adapter)}
	if c.Replaces == "" {
		p.Queries, p.Absent = queries(dialects[adapter].exist, []Relation{c.To.Relation}, 1), true
	}
	return p
}

// dropViewPart is the part of a task that drops a clone which is a view.
func dropViewPart(c Clonable) part {
	return part{Queries: []string{}, Create: []string{}, Change: []string{"drop view if exists " + c.SQL}}
}
