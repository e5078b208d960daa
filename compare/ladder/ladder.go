// Package ladder compares relations in a warehouse, through dbt: it writes a dbt
// project whose models climb a ladder of queries (which columns there are, count
// and fingerprint, detail) and hand rows back as text through run_results.json.
// It reads; nothing is created in the warehouse. It knows nothing of builds, git
// or why two relations are compared.
package ladder

import "dot-for-dbt/compare/report"

// A Job is what one dbt invocation compares.
type Job struct {
	Adapter string // dbt's name of it: duckdb, postgres, …
	Profile string // the profile of the generated project
	// Database and Schema are where dbt may look without creating anything: both
	// exist.
	Database, Schema string
	// Threads is how many models of the project may run at once: what isn't
	// small is a model of its own, the rest is dealt out.
	Threads int
	// Alone gives each pair a model of its own: what goes wrong with one does not
	// touch the others. See Retry.
	Alone bool
	Pairs []Pair
}

// A Pair is two relations to be compared. Either may be missing in the
// warehouse.
type Pair struct {
	ID   string // names it in what is found
	A, B Relation
	// Depth is how far up the ladder to climb.
	Depth Depth
	// Key are columns that are thought to tell rows apart; none: the keyless
	// way.
	Key []string
	// Where is a condition in SQL on both sides, "" for none.
	Where string
	// Ignore are columns that are not compared.
	Ignore []string
	// Tolerance is by column, "" for all others that are numeric.
	Tolerance map[string]float64
	// Sample is how many rows of each kind to hand back.
	Sample int
	// Distributions of numeric columns that differ are wanted.
	Distributions bool
	// Rows is how many rows are expected, 0 where that isn't known.
	Rows int64
}

// A Relation is named as dbt's manifest names it.
type Relation struct {
	Database, Schema, Identifier string
	// SQL is its name as it stands in SQL, quoted where need be.
	SQL string
}

// Depth is how far up the ladder to climb.
type Depth string

// The depths, each including those before.
const (
	Columns     Depth = "columns"     // which columns there are
	Counts      Depth = "counts"      // and how many rows
	Fingerprint Depth = "fingerprint" // and whether the content is the same
	Detail      Depth = "detail"      // and where it isn't, what differs
)

// A Finding is what was found of a pair.
type Finding struct {
	ID string
	// Failed is the database's or dbt's message where the pair could not be
	// compared; then nothing but what is filled in is sure.
	Failed string
	// Again is set where it failed along with other pairs, any of which may be to
	// blame: alone it has yet to be tried.
	Again bool
	A, B  Side
	// Notes are what else has to be known of how it was compared.
	Notes []string
	// Columns are of both sides, in B's order; those that only A has come last.
	// Differ, Own, Before and After are filled in as far as the ladder was climbed.
	Columns []report.Column
	// Equal is whether count and fingerprint of the common columns are equal;
	// nil where they were not taken.
	Equal *bool
	// Detail is nil where it was not asked for, or not needed.
	Detail *Details
}

// A Side is what was found of one relation.
type Side struct {
	Exists bool
	Kind   string // as the database calls it: table, view, …
	Rows   *int64 // those that Where holds for; nil: not counted
}

// Details are what differs between two relations with the same columns.
type Details struct {
	// Rung is how they were found: report.ByJoin or report.ByGroup.
	Rung report.Rung
	// KeyProblem is why the key could not be used, nil if it was or there was none.
	KeyProblem *KeyProblem
	report.Changes
	// Tolerated is set where nothing differs but for what the tolerance allows.
	Tolerated bool
	Sample    []report.Row
}
