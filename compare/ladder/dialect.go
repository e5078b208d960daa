package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// A dialect holds the facts about a database that comparing two relations needs.
// The macros compose the SQL and know no database by name. In a template {} or {0}
// stands for an expression.
type dialect struct {
	// Run tells whether tests run this dialect. They run DuckDB and PostgreSQL; the
	// others are written from their manuals.
	Run bool `json:"-"`
	// oneDatabase is set if a query can't read two databases.
	oneDatabase bool
	// informationSchema is set if each database has a schema of this name.
	informationSchema bool
	// fold is how unquoted names are looked up. metadata returns the query that
	// lists relations and their columns.
	fold     fold
	metadata func(relations []lookup) string

	Quote  string `json:"quote"`  // around a name
	Escape string `json:"escape"` // replaces Quote inside a name

	Text     string `json:"text"`     // {} as text
	Clip     string `json:"clip"`     // the beginning of a text {}
	Double   string `json:"double"`   // a number {} in double precision
	Distinct string `json:"distinct"` // whether {0} and {1} differ; NULL equals NULL
	Replace  string `json:"replace"`  // the text {0} with the words {1} replaced by {2}

	// Term is a column's input to its row's hash: {0} is the type's Hash, {1} the
	// column's number. RowHash is the 64-bit hash of the terms {}, joined by And. It
	// takes at most Terms terms (0: any number). More terms are hashed in groups, and
	// then the groups' hashes.
	Term    string `json:"term"`
	And     string `json:"and"`
	RowHash string `json:"row_hash"`
	Terms   int    `json:"terms"`
	// Mix hashes a RowHash. Some databases combine hashes by XOR or linearly; without
	// Mix, values swapped between rows might then leave the sum unchanged.
	Mix string `json:"mix"`
	// Sum sums mixed hashes, without overflow; it is 0 if there are no rows. Signed
	// is the same, with each {1} taken {0} times.
	Sum    string `json:"sum"`
	Signed string `json:"signed"`

	// Narrow: from this many columns on, it is faster to join keys and row hashes
	// first, then only the rows whose hashes differ. 0: never.
	Narrow int `json:"narrow"`

	// Materialized makes the database evaluate a common table expression once, with
	// only the columns that the expression has: a join in PostgreSQL has at most 1,664.
	Materialized string `json:"materialized"`

	// Types has the known types by their lower-case name without parameters. A name
	// that ends in () is for the type with parameters, where that makes a difference.
	// Other is for all other types.
	Types map[string]sqlType `json:"types"`
	Other sqlType            `json:"other"`
	// AsText has types that the database compares in its own way inside other types: a
	// nested type with one of these is compared as text.
	AsText []string `json:"as_text"`
	// Casts say how columns with different types are compared.
	Casts casts `json:"casts"`
}

// fold is how an unquoted name is looked up.
type fold int

// The folds.
const (
	foldLower fold = iota // as lower case; quoted names match exactly
	foldUpper             // as upper case; quoted names match exactly
	foldAny               // ignoring case, quoted or not
	foldNone              // exactly, quoted or not
)

// A sqlType says how two values of the same type are compared.
type sqlType struct {
	// Class decides with which other types this one shares a cast.
	Class class `json:"class"`
	// Value is the expression that is compared; "" is the value itself. For the class
	// other, Value is a text.
	Value string `json:"value,omitempty"`
	// Hash is the input to the row's hash: {0} is Value, {1} the column's number.
	// "" is the value itself.
	Hash string `json:"hash,omitempty"`
	// Text is the value as text, if the dialect's Text doesn't do.
	Text string `json:"text,omitempty"`
	// Digits is the most digits an integer of this type can have.
	Digits int `json:"digits,omitempty"`
}

// A class of types.
type class string

// The classes. Integers, decimals and floats have tolerances and distributions.
const (
	integer     class = "integer"
	decimal     class = "decimal"
	float       class = "float"
	text        class = "text"
	date        class = "date"
	timestamp   class = "timestamp"
	timestamptz class = "timestamptz"
	other       class = "other" // shares no cast with other types
)

// casts say how columns are compared whose types differ in name or parameters. If
// no cast fits, the columns are compared as text, and a note says so.
type casts struct {
	Integer sqlType `json:"integer"`
	// Decimal has {1} digits after the point and at most Digits in all (0: any
	// number).
	Decimal sqlType `json:"decimal"`
	Float   sqlType `json:"float"`
	Text    sqlType `json:"text"`
	// Timestamp is for dates and timestamps.
	Timestamp sqlType `json:"timestamp"`
	// UTC converts a timestamptz to a timestamp.
	UTC sqlType `json:"utc"`
	// Exact (an integer or decimal) and Approximate (a float) are compared as text,
	// since neither type can hold all values of the other. {1} is the number of
	// digits after the point. If a dialect lacks them, a float can't be compared with
	// another type: its text may omit digits.
	Exact       sqlType `json:"exact"`
	Approximate sqlType `json:"approximate"`
}

// Support says how well dot can compare through an adapter.
type Support struct {
	// Run tells whether tests run the adapter's SQL.
	Run bool
	// Across tells whether one query can read several databases.
	Across bool
}

// SupportOf returns the support for an adapter, named as dbt does. An adapter whose
// SQL dot doesn't know is an error.
func SupportOf(adapter string) (Support, error) {
	d, err := dialectOf(adapter)
	return Support{Run: d.Run, Across: !d.oneDatabase}, err
}

// dialectOf returns the dialect of an adapter.
func dialectOf(adapter string) (dialect, error) {
	if d, ok := dialects[adapter]; ok {
		return d, nil
	}
	known := make([]string, 0, len(dialects))
	for name := range dialects {
		known = append(known, name)
	}
	slices.Sort(known)
	return dialect{}, fmt.Errorf("dot can't compare relations through the adapter %s: it knows %s", adapter, strings.Join(known, ", "))
}
