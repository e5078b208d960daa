// Package ladder compares relations in a warehouse, through dbt: it writes a dbt
// project whose models climb a ladder of queries (which columns there are, count
// and fingerprint, detail) and hand rows back as text through run_results.json.
// It reads; nothing is created in the warehouse. It knows nothing of builds, git
// or why two relations are compared, and it runs nothing: the caller runs dbt with
// [Options] between [Write] and [Read], and once more if [Retry] says so.
//
// # What is the same
//
// Two relations are equal if they have as many rows, and the sum of their rows'
// hashes is the same. A row's hash, in 64 bits, is that of the values of the common
// columns in the order of their names, each put into it with its place; it is hashed
// again before it is summed, so that values which rows have swapped change the sum.
// The sum is exact, and neither the order of rows nor that of columns matters. If
// the hashes are as good as random, two relations that differ come out equal with a
// chance of 2^-64 (PostgreSQL: 2^-63), about one in 10^19, whatever their size: as
// surely as any of the machines involved does not err. That holds for data, not
// for somebody who looks for a collision. Two hashes would make it 2^-128 for half
// as much time again; one was chosen.
//
// A hash is only as good as what enters it, and the databases' own hashes forget
// things: the dialects say which, and what enters in their place. Where a database
// can't hash a type, its text enters.
//
// Values are the same as the database compares them: -0.0 is 0.0, NaN is NaN, NULL
// is NULL and nothing else, an instant is the same in any zone, a char is so without
// the spaces at its end; but a collation that ignores case or accents makes nothing
// the same, JSON is compared as the database writes it (so PostgreSQL's jsonb
// without regard to the order of keys), and so are intervals. Columns are the same
// by their exact names, also where the database ignores case: a column whose name
// changed in case only was removed and added. Of a key, of columns that are ignored
// and of tolerances case is ignored if no name fits exactly.
//
// Columns of two types are compared through a type that holds both sides' values;
// where there is none, as text, and a note says so. A timestamp and one with a time
// zone are compared as of UTC. A pair with a column of which nothing can be said never comes
// out equal.
//
// # What differs
//
// A tolerance t allows |a-b| <= t * max(1, |a|, |b|): it is absolute below 1 and in
// proportion above. It needs a key, since without one it isn't known which rows to
// compare.
//
// Count and detail have to agree: if they don't, because something was written in
// between, the pair has failed and was not compared.
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
	// way. Whether they do is looked at before they are used.
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
