package ladder

import (
	"fmt"
	"slices"
	"strings"
)

// A dialect is what has to be known of a database to compare two relations in
// it: facts only. The macros put the SQL together and know no database by name.
// In a template {} or {0} stands for an expression.
type dialect struct {
	// Run says whether it was ever run: the tests run DuckDB and PostgreSQL; what
	// is written of the others was read in their manuals.
	Run bool `json:"-"`
	// oneDatabase is set where a query can't read two databases.
	oneDatabase bool
	// fold is how a name without quotes is looked up, metadata the query for which
	// relations and columns there are.
	fold     fold
	metadata func(relations []lookup) string

	Quote  string `json:"quote"`  // stands around a name
	Escape string `json:"escape"` // stands for Quote in a name

	Text     string `json:"text"`     // {} as text
	Clip     string `json:"clip"`     // the beginning of a text {}
	Double   string `json:"double"`   // a number {} in double precision
	Distinct string `json:"distinct"` // whether {0} and {1} differ, NULL being a value like others

	// Term is what each column gives to the hash of its row: {0} is its type's Hash,
	// {1} the column's number. RowHash is the hash, in 64 bits, of the terms {}, with
	// And between them; of more than Terms (0: any number) it is taken in groups, and
	// of the groups' hashes.
	Term    string `json:"term"`
	And     string `json:"and"`
	RowHash string `json:"row_hash"`
	Terms   int    `json:"terms"`
	// Mix is a hash of a RowHash. Without it the sum of hashes that are put together
	// by XOR, or linearly, may not see values that were swapped between rows.
	Mix string `json:"mix"`
	// Sum is of mixed hashes, without overflow and 0 where there is no row; Signed
	// is the same of each {1} taken {0} times.
	Sum    string `json:"sum"`
	Signed string `json:"signed"`

	// Narrow is from how many columns on a full join of keys and row hashes, and then
	// of the rows whose hashes differ, is quicker than one of all columns; 0: never.
	Narrow int `json:"narrow"`

	// Materialized has a common table expression evaluated once, and with the columns
	// it has: PostgreSQL takes no more than 1,664 of a join.
	Materialized string `json:"materialized"`

	// Types are those that are known, by their name in lower case without what
	// stands in parentheses, or with () in its place where that makes a difference;
	// Other is any other.
	Types map[string]sqlType `json:"types"`
	Other sqlType            `json:"other"`
	// Casts are what two different types are compared as.
	Casts casts `json:"casts"`
}

// fold is how a name without quotes is looked up.
type fold int

// The folds.
const (
	foldLower fold = iota // as lower case, one with quotes exactly
	foldUpper             // as upper case, one with quotes exactly
	foldAny               // case makes no difference, with quotes or without
	foldNone              // exactly, with quotes or without
)

// A sqlType is how values of a type are compared with others of the same type.
type sqlType struct {
	// Class says which types have a cast in common with it.
	Class class `json:"class"`
	// Value is what is compared; "" is the value itself.
	Value string `json:"value,omitempty"`
	// Hash is what enters the hash of a row of Value {0}, in the column's place {1};
	// "" is the value itself.
	Hash string `json:"hash,omitempty"`
	// Text is the value as text, where that is not the dialect's Text.
	Text string `json:"text,omitempty"`
	// Digits an integer may have.
	Digits int `json:"digits,omitempty"`
}

// A class of types.
type class string

// The classes. Numbers are those with a tolerance and a distribution.
const (
	integer     class = "integer"
	decimal     class = "decimal"
	float       class = "float"
	text        class = "text"
	date        class = "date"
	timestamp   class = "timestamp"
	timestamptz class = "timestamptz"
	other       class = "other" // has no cast in common with any other type
)

// casts are what two types of different name or parameters are compared as. What
// has none is compared as text, and the finding says so.
type casts struct {
	Integer sqlType `json:"integer"`
	// Decimal may hold {1} digits behind the point, of Digits in all (0: any
	// number).
	Decimal sqlType `json:"decimal"`
	Float   sqlType `json:"float"`
	Text    sqlType `json:"text"`
	// Timestamp is of dates and timestamps.
	Timestamp sqlType `json:"timestamp"`
	// UTC makes a timestamp of a timestamptz.
	UTC sqlType `json:"utc"`
	// Exact and Approximate are an integer or decimal, and a float: as text, since
	// neither can hold all of the other's values. {1} is the number of digits
	// behind the point. Without them a float can't be compared with anything else:
	// its text may not tell all of its digits.
	Exact       sqlType `json:"exact"`
	Approximate sqlType `json:"approximate"`
}

// Support is what is known of comparing through an adapter.
type Support struct {
	// Run says whether it was ever run, by the tests.
	Run bool
	// Across says whether one query can read several databases.
	Across bool
}

// SupportOf returns what is known of an adapter, by dbt's name of it. It is an error
// where dot doesn't know its SQL.
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
