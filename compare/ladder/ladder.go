// Package ladder compares relations in a warehouse, through dbt: it writes a dbt
// project whose models climb a ladder of queries: columns, then count and
// fingerprint, then detail. The models return rows as text in run_results.json.
// The queries only read; they create nothing in the warehouse. The package knows
// nothing of builds, git or why two relations are compared, and it runs nothing: the
// caller runs dbt with [Options] between [Write] and [Read], and again if [Retry]
// returns a batch.
//
// # When two relations are equal
//
// Two relations are equal if their row counts and the sums of their rows' hashes are
// equal. A row's hash has 64 bits. It covers the values of the common columns, in the
// order of the columns' names, each value with its column's number. The hash is hashed
// again before it is summed: otherwise values swapped between rows could leave the
// sum unchanged. The sum is exact. The order of rows and of columns doesn't matter.
//
// If the hashes are as good as random, two different relations have equal sums with a
// chance of 2^-64 (PostgreSQL: 2^-63), about one in 10^19, whatever their size. The
// machines involved are no more reliable than that. This holds for data, not against
// somebody who searches for a collision. Two hashes would give 2^-128 and take half as
// much time again; one was chosen.
//
// A hash is only as good as its input, and the databases' own hash functions ignore
// some differences. Each dialect lists these and adds the missing input. Where a
// database can't hash a type, the value's text is hashed.
//
// Values are equal as the database compares them. -0.0 equals 0.0, NaN equals NaN,
// NULL equals only NULL. An instant is equal in any time zone. A char is compared
// without trailing spaces. There are two exceptions. A collation that ignores case or
// accents is not applied. JSON and intervals are compared as the database writes them
// (so the order of keys doesn't matter in PostgreSQL's jsonb). Column names match
// exactly, also where the database ignores case: a column renamed only in case counts
// as removed and added. Key, ignored and tolerance columns match exactly first, then
// case-insensitively.
//
// Columns with different types are compared through a type that holds the values of
// both sides. Without such a type they are compared as text, and a note says so. A
// timestamp and a timestamp with time zone are compared in UTC. A pair is never equal
// if one of its columns can't be compared.
//
// # Detail
//
// A tolerance t allows |a-b| <= t * max(1, |a|, |b|): absolute below 1, relative
// above. A tolerance needs a key: without a key it is unknown which rows belong
// together.
//
// Counts and detail must agree. If they don't, the data changed in between, and the
// pair failed: it was not compared.
package ladder

import "dot-for-dbt/compare/report"

// A Batch lists the pairs that one dbt invocation compares.
type Batch struct {
	Adapter string // dbt's name of the adapter: duckdb, postgres, …
	Profile string // the profile of the generated project
	// Database and Schema exist, so that dbt can look there and creates nothing. Schema isn't used where
	// each database has a schema information_schema: somebody may have dropped the builds' schemas, and
	// dbt 2 would make one again (2.0.0-alpha.4).
	Database, Schema string
	// Threads is how many models of the project may run at once. A large pair gets
	// a model of its own; the others share models.
	Threads int
	// Alone gives each pair a model of its own, so that one failure leaves the
	// other pairs alone. See Retry.
	Alone bool
	Pairs []Pair
}

// A Pair is two relations to compare: A is the baseline's, B the candidate's.
// Either may be missing in the warehouse.
type Pair struct {
	ID   string // the answer has the same ID
	A, B Relation
	// Depth is how far up the ladder to climb.
	Depth Depth
	// Key lists the columns that should identify a row. A query checks that they
	// do before they are used. Without a key, rows are grouped by all columns.
	Key []string
	// Names are words that each build writes in its own way, such as the name of its
	// schema. If the data differs, it is compared with these replaced, too.
	Names []Name
	// Where is an SQL condition for both sides, "" for none.
	Where string
	// Ignore lists the columns that are not compared.
	Ignore []string
	// Ends has the columns with the end of a row's validity. Only whether the row is current is
	// compared: whether the value is NULL, or equal to the given SQL expression; "" for none.
	Ends map[string]string
	// Tolerance is by column; "" stands for all other numeric columns.
	Tolerance map[string]float64
	// Sample is how many rows of each kind to return.
	Sample int
	// Distributions asks for the distributions of numeric columns that differ.
	Distributions bool
	// Rows is the expected number of rows, 0 if unknown.
	Rows int64
}

// A Name is a word in values, and what stands for it on both sides.
type Name struct{ Word, Mark string }

// A Relation is a table or view, named as in dbt's manifest.
type Relation struct {
	Database, Schema, Identifier string
	// SQL is the relation's full name in SQL, quoted where needed.
	SQL string
}

// Depth is how far up the ladder to climb.
type Depth string

// The depths. Each includes those before it, but for Profile.
const (
	Columns     Depth = "columns"     // the columns
	Counts      Depth = "counts"      // and the number of rows
	Fingerprint Depth = "fingerprint" // and whether the content is equal
	Detail      Depth = "detail"      // and, if it isn't, what differs
	// Profile is for a pair that has relation B only: its columns, number of rows, and the
	// columns' profiles.
	Profile Depth = "profile"
)

// An Answer is the result for a pair.
type Answer struct {
	ID string
	// Failed is the message of the database or dbt if the pair could not be
	// compared. Fields that are filled in are still valid.
	Failed string
	// Again is set if the pair failed together with other pairs: any of them may be
	// the cause, so this one has to be tried alone.
	Again bool
	A, B  RelationInfo
	// Notes say how the pair was compared, where that isn't obvious.
	Notes []string
	// Columns has the columns of both sides in B's order; columns that only A has
	// come last. Differ, Own, Before and After depend on Depth.
	Columns []report.Column
	// Equal tells whether count and fingerprint of the common columns are equal;
	// nil if they were not taken.
	Equal *bool
	// Holding has the columns with Names, if the data differs. The details ignore
	// these names. OnlyNames is set if nothing else differs.
	Holding   []string
	OnlyNames bool
	// Detail is nil if it was not asked for, or not needed.
	Detail *Details
}

// RelationInfo is what the database says about one relation of a pair.
type RelationInfo struct {
	Exists bool
	Kind   string // as the database calls it: table, view, …
	Rows   *int64 // rows that match Where; nil: not counted
}

// Details are the differences between the rows of two relations.
type Details struct {
	// Rung is how they were found: report.ByJoin or report.ByGroup.
	Rung report.Rung
	// KeyProblem says why the key could not be used; nil if it was, or if there is
	// no key.
	KeyProblem *KeyProblem
	report.Changes
	// Tolerated is set if all differences are within the tolerance.
	Tolerated bool
	Sample    []report.Row
}
