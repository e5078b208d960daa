// Package warehouse asks a warehouse, through dbt, which relations are there and
// what hangs on them. It reads the catalog only and creates nothing. It knows nothing
// of builds or of why it is asked, and it runs nothing: the caller runs dbt with
// [Options] between [Write] and [Read].
//
// Whoever opens a DuckDB file that isn't there creates it: the caller asks only
// where the file exists.
package warehouse

// A Question is what one dbt invocation asks.
type Question struct {
	Adapter string // dbt's name of it: duckdb, postgres, …
	// Exist are relations that may be there or not.
	Exist []Relation
	// Dependents are relations: the question is what drop … cascade would drop with them.
	Dependents []Relation
}

// A Relation is named as dbt's manifest names it.
type Relation struct {
	Database, Schema, Name string
}

// A Dependent is an object that goes when the relation it hangs on is dropped.
type Dependent struct {
	// Relation is the object. For a part of a relation, such as a foreign key, it
	// is the relation that stays behind without the part. A function's name has its
	// arguments.
	Relation
	// Part is the name of the part; "" where the whole object goes.
	Part string
	// Kind is view, materialized view, table, function, foreign key, or what else
	// the database calls it.
	Kind  string
	Owner string // "" where the object has none
	// Depth is 1 for what hangs on the relation itself, 2 for what hangs on that.
	Depth int
}

// Support says what can be asked through an adapter.
type Support struct {
	// Run says whether it was ever run, by the tests.
	Run bool
	// Functions says whether Exist finds functions, too. Elsewhere a function must
	// not be asked for: it would seem to be missing.
	Functions bool
	// Cascades says whether dropping a relation takes others with it. Elsewhere
	// views look up by name what they read, and nothing hangs on a relation.
	Cascades bool
	// OneDatabase says whether a connection sees no other database.
	OneDatabase bool
}

// SupportOf returns what can be asked through an adapter, by dbt's name of it.
func SupportOf(adapter string) Support {
	d := dialects[adapter]
	return Support{Run: d.run, Functions: d.functions, Cascades: d.dependents != nil, OneDatabase: d.oneDatabase}
}
