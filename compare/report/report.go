// Package report describes the result of comparisons, and writes it as JSON, as
// Markdown for a pull request, and as an HTML page. Package table writes it for a
// terminal. Package report knows neither dbt nor a database.
package report

import "time"

// Version is the version of the report's JSON format, which docs/compare-json.md
// describes. Adding a field doesn't change the version; removing a field or changing
// its meaning does.
const Version = 1

// A Report has the comparisons of one baseline with its candidates.
type Report struct {
	Version int `json:"version"`
	// Generated is when the last comparison ended.
	Generated   time.Time    `json:"generated"`
	Comparisons []Comparison `json:"comparisons"`
}

// A Comparison is one candidate compared with its baseline.
type Comparison struct {
	Baseline  Side `json:"baseline"`
	Candidate Side `json:"candidate"`
	// Project is the name of the candidate's dbt project.
	Project string `json:"project,omitempty"`
	// Change is what lies between the sides' commits; nil if that isn't known.
	Change  *Change `json:"change,omitempty"`
	Options Options `json:"options"`
	// Upgrade is what an upgrade check found beside the relations; nil for other comparisons.
	Upgrade *Upgrade `json:"upgrade,omitempty"`
	// Warnings are about the whole comparison. They are dot's own words, never a
	// database's message: they are shown where no row's value may be.
	Warnings []string `json:"warnings,omitempty"`
	// Relations has all relations of either side, the worst first.
	Relations []Relation `json:"relations"`
	// Tests are the results of the sides' tests; nil in reports of older versions.
	Tests *Tests `json:"tests,omitempty"`
	// Seconds is how long the comparison took, dbt's start included.
	Seconds float64 `json:"seconds"`
}

// A Side is one of the two builds of a comparison.
type Side struct {
	Spec    string `json:"spec"` // as typed: prod@main
	Name    string `json:"name"` // prod@4521a86
	Commit  string `json:"commit"`
	Subject string `json:"subject"` // the first line of the commit's message
	Schema  string `json:"schema"`
	Adapter string `json:"adapter"`
	DBT     string `json:"dbt"` // the version of dbt that built it
	// WorkingTree is set for a build of the working tree, whose subject is "24256d1 + 3 files".
	WorkingTree *WorkingTree `json:"working_tree,omitempty"`
	// First and Last are when its oldest and its newest relation were built.
	First time.Time `json:"first_built,omitzero"`
	Last  time.Time `json:"last_built,omitzero"`
}

// A WorkingTree says what a build of the working tree adds to a commit.
type WorkingTree struct {
	Base  string `json:"base"`  // the hash of the commit that was checked out
	Files int    `json:"files"` // how many files differ from it
}

// Edited reports whether the build has files that are not committed.
func (s Side) Edited() bool { return s.WorkingTree != nil && s.WorkingTree.Files > 0 }

// Options are the comparison's options that aren't the default.
type Options struct {
	Select       []string           `json:"select,omitempty"`
	Exclude      []string           `json:"exclude,omitempty"`
	Where        string             `json:"where,omitempty"`
	Tolerance    map[string]float64 `json:"tolerance,omitempty"` // by column; "" for all others
	Ignore       []string           `json:"ignore_columns,omitempty"`
	Sample       int                `json:"sample,omitempty"` // rows of each kind, for each relation
	All          bool               `json:"all,omitempty"`
	ColumnsOnly  bool               `json:"columns_only,omitempty"`
	CountsOnly   bool               `json:"counts_only,omitempty"`
	MergeBase    bool               `json:"merge_base,omitempty"`
	FreshlyBuilt bool               `json:"fresh,omitempty"`
}

// A Verdict is the result for a relation.
type Verdict string

// The verdicts, the worst first. docs/compare.md says what each promises.
const (
	Unknown        Verdict = "unknown"                 // could not be decided; Reason says why
	Differs        Verdict = "differs"                 // the data differs
	ColumnsDiffer  Verdict = "columns differ"          // the common columns hold the same data, or only columns were compared
	HistoryDiffers Verdict = "history differs"         // same code, but built on other existing data
	Removed        Verdict = "removed"                 // only the baseline has it
	Added          Verdict = "added"                   // only the candidate has it
	NotBuilt       Verdict = "not built"               // a side's project has it, but no build of that side does; Reason says why
	SameCounts     Verdict = "same counts"             // the same columns and number of rows; the data was not compared
	SameColumns    Verdict = "same columns"            // the same columns; the data was not compared
	WithinLimits   Verdict = "equal within tolerance"  // the data is equal within the given tolerance
	SameButSchema  Verdict = "same but for the schema" // the data is equal but for the names of the builds' schemas in values
	Same           Verdict = "same"                    // the data is the same
	SameCode       Verdict = "same code"               // same code up to the same sources; the data was not compared
	SameRelation   Verdict = "same relation"           // both sides have one and the same relation
)

// Verdicts has all verdicts, the worst first.
var Verdicts = []Verdict{Unknown, Differs, ColumnsDiffer, HistoryDiffers, Removed, Added, NotBuilt, SameCounts, SameColumns, WithinLimits, SameButSchema, Same, SameCode, SameRelation}

// Red reports whether the verdict means that the candidate differs from the
// baseline, for --exit-code.
func (v Verdict) Red() bool {
	switch v {
	case Differs, ColumnsDiffer, HistoryDiffers, Removed, Added:
		return true
	}
	return false
}

// Inputs says whether a relation that differs was built from the same data on both
// sides.
type Inputs string

// The values of Inputs. Without one, the relation reads nothing, or some of what it
// reads differs because of the change.
const (
	InputsSame    Inputs = "same"    // each relation that it reads was compared, and holds the same data
	InputsDiffer  Inputs = "differ"  // relations above the change, whose code is the same, differ: the sources changed between the builds
	InputsUnknown Inputs = "unknown" // one is a source, a view of a source, or a relation that was written since
)

// A Rung says how a verdict was reached.
type Rung string

// The rungs of the ladder, the cheapest first.
const (
	ByRelation Rung = "relation"    // by the name of the relation, without a query
	ByCode     Rung = "code"        // by the code, without a query
	ByColumns  Rung = "columns"     // by relations and columns
	ByCounts   Rung = "counts"      // by the number of rows
	ByContent  Rung = "fingerprint" // by row count and fingerprint of the common columns
	ByJoin     Rung = "join"        // by a full join on Key
	ByGroup    Rung = "group by"    // by counting equal rows on both sides
)

// A Relation is the result for one node's relation, which either side may lack.
type Relation struct {
	Node string `json:"node"` // dbt's unique_id
	Name string `json:"name"` // for display: orders
	// RenamedFrom is its name in the baseline if that is another one.
	RenamedFrom  string `json:"renamed_from,omitempty"`
	ResourceType string `json:"resource_type"`
	Materialized string `json:"materialized"` // the candidate's; the baseline's if it was removed
	File         string `json:"file"`         // the candidate's, with slashes
	Baseline     string `json:"baseline_relation,omitempty"`
	Candidate    string `json:"candidate_relation,omitempty"`
	// Parents has the IDs of the nodes that it reads, if they have a relation.
	Parents []string `json:"parents,omitempty"`

	Verdict Verdict `json:"verdict"`
	Rung    Rung    `json:"decided_by,omitempty"`
	// Reason explains the verdict where that is needed. It may quote the database's
	// message, which may hold a value.
	Reason string `json:"reason,omitempty"`
	Inputs Inputs `json:"inputs,omitempty"` // only if it differs
	// Fails says which side's dbt failed on an upgrade check's unknown relation or skipped it:
	// "baseline", "candidate" or "both".
	Fails string `json:"fails,omitempty"`
	// History is set for relations that are built on existing data.
	History bool `json:"history,omitempty"`

	// Code lists the differences between the sides' code: "SQL", "materialized: view
	// → table", "upstream: stg_orders". It is empty if the code is the same.
	Code []string `json:"code,omitempty"`
	// SQL is a unified diff of its source file.
	SQL string `json:"sql_diff,omitempty"`

	Rows *Counts `json:"rows,omitempty"` // nil: not counted
	// Changes is nil if only the fingerprint was compared.
	Changes *Changes `json:"changes,omitempty"`
	Key     *Key     `json:"key,omitempty"`
	// Columns has the columns of both sides in the candidate's order. Removed columns
	// come last.
	Columns []Column `json:"columns,omitempty"`
	Sample  []Row    `json:"sample,omitempty"`
}

// Counts are the numbers of rows on both sides.
type Counts struct {
	Baseline  int64 `json:"baseline"`
	Candidate int64 `json:"candidate"`
}

// Changes says how many rows differ. Without a key a changed row counts as one removed
// and one added row, and Changed is nil.
type Changes struct {
	Added   int64  `json:"added"`
	Removed int64  `json:"removed"`
	Changed *int64 `json:"changed,omitempty"`
}

// A Key has the columns that identify a row on both sides.
type Key struct {
	Columns []string `json:"columns"`
	From    string   `json:"from"` // where it comes from: "--key", "unique test", "unique_key"
	// Problem says why the key could not be used, "" if it was: "3 values of order_id
	// occur more than once in prod@4521a86, such as 17 (4 times)".
	Problem string `json:"problem,omitempty"`
}

// A ColumnStatus says which sides have a column, and whether it is compared.
type ColumnStatus string

// The statuses of a column.
const (
	Common        ColumnStatus = "common"
	ColumnAdded   ColumnStatus = "added"
	ColumnRemoved ColumnStatus = "removed"
	TypeChanged   ColumnStatus = "type changed"
	Ignored       ColumnStatus = "ignored"
)

// A Column is the result for a column.
type Column struct {
	Name      string       `json:"name"`
	Status    ColumnStatus `json:"status"`
	Baseline  string       `json:"baseline_type,omitempty"`
	Candidate string       `json:"candidate_type,omitempty"`
	// Differ is the number of rows, matched by the key, in which the value differs by
	// more than the tolerance; nil if not counted.
	Differ *int64 `json:"differ,omitempty"`
	// Own is set if, without a key, the column's values differ as a whole. If it isn't
	// set, values may still have been swapped between rows.
	Own bool `json:"own_values_differ,omitempty"`
	// HoldsSchema is set if values have the name of their build's schema, or its
	// commit, which was not compared.
	HoldsSchema bool `json:"holds_schema,omitempty"`
	// RenamedFrom and RenamedTo are set if an added and a removed column hold the same
	// values in the same rows: the column's name on the other side.
	RenamedFrom string `json:"renamed_from,omitempty"`
	RenamedTo   string `json:"renamed_to,omitempty"`
	// Profile is for a column of an added relation, if it was asked for.
	Profile *Profile `json:"profile,omitempty"`
	// Before and After are for numeric columns that differ, if they were asked for.
	Before *Distribution `json:"before,omitempty"`
	After  *Distribution `json:"after,omitempty"`
}

// A Profile describes the values of a column of an added relation.
type Profile struct {
	Nulls    int64 `json:"nulls"`
	Distinct int64 `json:"distinct"` // how many different values there are, without NULL
	// Min and Max are the smallest and the largest value, as the database writes them; ""
	// for types without an order, and for texts unless a sample was asked for.
	Min string `json:"min,omitempty"`
	Max string `json:"max,omitempty"`
}

// A Distribution describes the values of a numeric column. Its numbers are rounded to
// float64.
type Distribution struct {
	Rows  int64    `json:"rows"`
	Nulls int64    `json:"nulls"`
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
	Mean  *float64 `json:"mean,omitempty"`
	// Bins has the number of values in each of several equal ranges. Together the
	// ranges reach from the smallest to the largest value of both sides. The last one
	// includes its end.
	Bins []int64 `json:"bins,omitempty"`
}

// A RowKind says what happened to a row of the sample.
type RowKind string

// The kinds of rows.
const (
	RowAdded   RowKind = "added"
	RowRemoved RowKind = "removed"
	RowChanged RowKind = "changed"
)

// A Row is a row of the sample. Values are text as the database writes it; nil is NULL.
type Row struct {
	Kind      RowKind            `json:"kind"`
	Baseline  map[string]*string `json:"baseline,omitempty"`
	Candidate map[string]*string `json:"candidate,omitempty"`
	// Times is how often the row was added or removed, if there is no key.
	Times int64 `json:"times,omitempty"`
}

// Count returns how many relations have a verdict.
func (c Comparison) Count(v Verdict) int {
	n := 0
	for _, r := range c.Relations {
		if r.Verdict == v {
			n++
		}
	}
	return n
}
