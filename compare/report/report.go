// Package report is what a comparison found, and how it is shown: as JSON, as
// Markdown for a pull request, and as a page of HTML. The table for a terminal is
// compare/table's. It knows neither dbt nor a database.
package report

import "time"

// Version is the version of the report as JSON, which docs/compare-json.md
// describes. A field that is added leaves it as it is; one that goes or means
// something else raises it.
const Version = 1

// A Report is one baseline and what was compared with it.
type Report struct {
	Version int `json:"version"`
	// Generated is when the last of the comparisons ended.
	Generated   time.Time    `json:"generated"`
	Comparisons []Comparison `json:"comparisons"`
}

// A Comparison is one candidate beside its baseline.
type Comparison struct {
	Baseline  Side    `json:"baseline"`
	Candidate Side    `json:"candidate"`
	Options   Options `json:"options"`
	// Warnings are what a reader has to know of the whole, in dot's own words:
	// they are shown where no row may be, so a database's message is none.
	Warnings []string `json:"warnings,omitempty"`
	// Relations are all that one of the sides has, the worst first.
	Relations []Relation `json:"relations"`
	// Seconds is how long the comparison took, dbt's start included.
	Seconds float64 `json:"seconds"`
}

// A Side is a build that is compared.
type Side struct {
	Spec    string `json:"spec"` // as it was typed: prod@main
	Name    string `json:"name"` // prod@4521a86
	Commit  string `json:"commit"`
	Subject string `json:"subject"` // the first line of the commit's message
	Schema  string `json:"schema"`
	Adapter string `json:"adapter"`
	DBT     string `json:"dbt"` // the version that built it
	// First and Last are when the oldest and the newest of its relations were
	// built.
	First time.Time `json:"first_built"`
	Last  time.Time `json:"last_built"`
}

// Options are how it was compared, as far as that isn't the default.
type Options struct {
	Select       []string           `json:"select,omitempty"`
	Exclude      []string           `json:"exclude,omitempty"`
	Where        string             `json:"where,omitempty"`
	Tolerance    map[string]float64 `json:"tolerance,omitempty"` // by column; "" for all others
	Ignore       []string           `json:"ignore_columns,omitempty"`
	Sample       int                `json:"sample,omitempty"` // rows of each kind, a relation
	All          bool               `json:"all,omitempty"`
	ColumnsOnly  bool               `json:"columns_only,omitempty"`
	CountsOnly   bool               `json:"counts_only,omitempty"`
	MergeBase    bool               `json:"merge_base,omitempty"`
	FreshlyBuilt bool               `json:"fresh,omitempty"`
}

// A Verdict is what the comparison says of a relation.
type Verdict string

// The verdicts, the worst first. docs/compare.md says what each promises.
const (
	Unknown        Verdict = "unknown"                // it could not be decided: Reason says why
	Differs        Verdict = "differs"                // the data differs
	ColumnsDiffer  Verdict = "columns differ"         // the common columns hold the same data, or only columns were compared
	HistoryDiffers Verdict = "history differs"        // same code, but built on top of another history
	Removed        Verdict = "removed"                // only the baseline has it
	Added          Verdict = "added"                  // only the candidate has it
	NotBuilt       Verdict = "not built"              // the candidate's project has it, but the build does not: Reason says why
	SameCounts     Verdict = "same counts"            // the same columns and as many rows: no more was looked at
	SameColumns    Verdict = "same columns"           // the same columns: no more was looked at
	WithinLimits   Verdict = "equal within tolerance" // as the tolerance given allows
	Same           Verdict = "same"                   // the data is the same
	SameCode       Verdict = "same code"              // same code all the way to the same sources; the data was not looked at
)

// Verdicts are all verdicts, the worst first.
var Verdicts = []Verdict{Unknown, Differs, ColumnsDiffer, HistoryDiffers, Removed, Added, NotBuilt, SameCounts, SameColumns, WithinLimits, Same, SameCode}

// Red reports whether the verdict means that the candidate differs from the
// baseline, for --exit-code.
func (v Verdict) Red() bool {
	switch v {
	case Differs, ColumnsDiffer, HistoryDiffers, Removed, Added:
		return true
	}
	return false
}

// Inputs says whether a relation that differs was made of the same data on both
// sides.
type Inputs string

// What may be known of inputs. The relations looked at are those with the same
// code on both sides that stand directly above the change.
const (
	InputsSame    Inputs = "same"    // all of them hold the same data
	InputsDiffer  Inputs = "differ"  // some don't: the sources have moved between the builds
	InputsUnknown Inputs = "unknown" // a source stands there, a view of one, or a relation that was written since
)

// A Rung is how a verdict was come to.
type Rung string

// The rungs of the ladder, the cheapest first.
const (
	ByCode    Rung = "code"        // by construction, without a query
	ByColumns Rung = "columns"     // by which relations and columns there are
	ByCounts  Rung = "counts"      // by the number of rows
	ByContent Rung = "fingerprint" // by count and fingerprint of the common columns
	ByJoin    Rung = "join"        // by a full join on Key
	ByGroup   Rung = "group by"    // by counting equal rows on both sides
)

// A Relation is what is known of one node on both sides.
type Relation struct {
	Node         string `json:"node"` // dbt's unique_id
	Name         string `json:"name"` // as a person calls it: orders
	ResourceType string `json:"resource_type"`
	Materialized string `json:"materialized"` // the candidate's; the baseline's if it was removed
	File         string `json:"file"`         // the candidate's, with slashes
	Baseline     string `json:"baseline_relation,omitempty"`
	Candidate    string `json:"candidate_relation,omitempty"`
	// Parents are the nodes that it is made of, as far as they are in the
	// report.
	Parents []string `json:"parents,omitempty"`

	Verdict Verdict `json:"verdict"`
	Rung    Rung    `json:"decided_by,omitempty"`
	// Reason is why, where the verdict alone does not say it. It may quote the
	// database, and so a value.
	Reason string `json:"reason,omitempty"`
	Inputs Inputs `json:"inputs,omitempty"` // only of what differs
	// History is set for what is built on top of what is there.
	History bool `json:"history,omitempty"`

	// Code is what differs between the sides' code, in words such as "SQL",
	// "materialized: view → table" or "stg_orders differs"; empty where it is the
	// same.
	Code []string `json:"code,omitempty"`
	// SQL is a unified diff of its file as it was written.
	SQL string `json:"sql_diff,omitempty"`

	Rows *Counts `json:"rows,omitempty"` // nil: not counted
	// Changes are nil where only the fingerprint was compared.
	Changes *Changes `json:"changes,omitempty"`
	Key     *Key     `json:"key,omitempty"`
	// Columns are those of both sides, in the candidate's order; those that were
	// removed come last.
	Columns []Column `json:"columns,omitempty"`
	Sample  []Row    `json:"sample,omitempty"`
}

// Counts are the numbers of rows on both sides.
type Counts struct {
	Baseline  int64 `json:"baseline"`
	Candidate int64 `json:"candidate"`
}

// Changes are how many rows differ. Without a key a changed row is one that is
// removed and one that is added, and Changed is nil.
type Changes struct {
	Added   int64  `json:"added"`
	Removed int64  `json:"removed"`
	Changed *int64 `json:"changed,omitempty"`
}

// A Key is what rows of both sides were told by.
type Key struct {
	Columns []string `json:"columns"`
	From    string   `json:"from"` // where it comes from: "--key", "unique test", "unique_key"
	// Problem says why it could not be used, "" if it was: "3 values occur more
	// than once in prod@4521a86, such as 17 (4 times)".
	Problem string `json:"problem,omitempty"`
}

// A ColumnStatus says on which sides a column is.
type ColumnStatus string

// The statuses of a column.
const (
	Common        ColumnStatus = "common"
	ColumnAdded   ColumnStatus = "added"
	ColumnRemoved ColumnStatus = "removed"
	TypeChanged   ColumnStatus = "type changed"
	Ignored       ColumnStatus = "ignored"
)

// A Column is what is known of a column.
type Column struct {
	Name      string       `json:"name"`
	Status    ColumnStatus `json:"status"`
	Baseline  string       `json:"baseline_type,omitempty"`
	Candidate string       `json:"candidate_type,omitempty"`
	// Differ is in how many rows that both sides have (by the key) its value
	// differs, tolerance taken into account; nil where that was not counted.
	Differ *int64 `json:"differ,omitempty"`
	// Own is set where, without a key, the column's own values differ as a
	// whole. Where it is not set, nothing is said: values may have been swapped
	// between rows.
	Own bool `json:"own_values_differ,omitempty"`
	// Before and After are of numeric columns that differ, if they were asked
	// for.
	Before *Distribution `json:"before,omitempty"`
	After  *Distribution `json:"after,omitempty"`
}

// A Distribution is how the values of a numeric column are distributed.
// Numbers that a float64 doesn't hold are as near as it can.
type Distribution struct {
	Rows  int64    `json:"rows"`
	Nulls int64    `json:"nulls"`
	Min   *float64 `json:"min,omitempty"`
	Max   *float64 `json:"max,omitempty"`
	Mean  *float64 `json:"mean,omitempty"`
	// Bins are how many values lie in each of as many equal parts of the span
	// from the least to the greatest value of both sides; the last part
	// includes its end.
	Bins []int64 `json:"bins,omitempty"`
}

// A RowKind is what happened to a row of the sample.
type RowKind string

// The kinds of rows.
const (
	RowAdded   RowKind = "added"
	RowRemoved RowKind = "removed"
	RowChanged RowKind = "changed"
)

// A Row is a row of the sample, its values as the database writes them as text;
// nil is NULL.
type Row struct {
	Kind      RowKind            `json:"kind"`
	Baseline  map[string]*string `json:"baseline,omitempty"`
	Candidate map[string]*string `json:"candidate,omitempty"`
	// Times is how often the row was added or removed, where there is no key.
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
