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

	// RowHash is a hash of 64 bits of the expressions {}; of more than HashArgs (0:
	// any number) it is taken in groups, and a group's hash enters as Group.
	RowHash  string `json:"row_hash"`
	HashArgs int    `json:"hash_args"`
	Group    string `json:"group"`
	// Mix is a hash of a RowHash. Without it the sum of linear hashes does not see
	// values that were swapped between rows.
	Mix string `json:"mix"`
	// Sum is of mixed hashes, without overflow and 0 where there is no row; Signed
	// is the same of each {1} taken {0} times.
	Sum    string `json:"sum"`
	Signed string `json:"signed"`

	// Types are those that are known, by their name in lower case without what
	// stands in parentheses; Other is any other.
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
	// Hash is what enters the hash in place of Value, where the hash of that is
	// too weak.
	Hash string `json:"hash,omitempty"`
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
	// behind the point.
	Exact       sqlType `json:"exact"`
	Approximate sqlType `json:"approximate"`
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

// dialects are those that are known, by dbt's name of the adapter.
var dialects = map[string]dialect{
	"duckdb":   duckDB,
	"postgres": postgreSQL,
}

// duckDB was run with DuckDB 2.0.
//
// Its hash of 0 is 0, and that of a list is put together from the hashes of what
// is in it alone: [] and NULL, [0] and [0, 0] have the same. So the text of such a
// value enters, too. Of an integer of 128 bits it takes the two halves' hashes
// together by XOR: 0 and -1 have the same. So does its nearest double.
var duckDB = dialect{
	Run:      true,
	fold:     foldAny,
	metadata: duckdbMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "{0} is distinct from {1}",
	RowHash:  "hash({})",
	Group:    "{}",
	Mix:      "hash({})",
	Sum:      "coalesce(sum({}), 0)",
	Signed:   "coalesce(sum(cast({0} as hugeint) * cast({1} as hugeint)), 0)",
	Types: map[string]sqlType{
		"boolean":   {Class: other},
		"tinyint":   {Class: integer, Digits: 3},
		"smallint":  {Class: integer, Digits: 5},
		"integer":   {Class: integer, Digits: 10},
		"bigint":    {Class: integer, Digits: 19},
		"hugeint":   {Class: integer, Digits: 39, Hash: "{0}, cast({0} as double)"},
		"utinyint":  {Class: integer, Digits: 3},
		"usmallint": {Class: integer, Digits: 5},
		"uinteger":  {Class: integer, Digits: 10},
		"ubigint":   {Class: integer, Digits: 20},
		"uhugeint":  {Class: integer, Digits: 39, Hash: "{0}, cast({0} as double)"},
		"decimal":   {Class: decimal, Hash: "{0}, cast({0} as double)"},
		"float":     {Class: float},
		"double":    {Class: float},
		// Whatever the column's collation makes equal is not.
		"varchar":                  {Class: text, Value: `{} collate "binary"`},
		"json":                     {Class: text, Value: "cast({} as varchar)"},
		"enum":                     {Class: text, Value: "cast({} as varchar)"},
		"blob":                     {Class: other},
		"date":                     {Class: date},
		"time":                     {Class: other},
		"timestamp":                {Class: timestamp},
		"timestamp_s":              {Class: timestamp},
		"timestamp_ms":             {Class: timestamp},
		"timestamp with time zone": {Class: timestamptz},
		// '1 day' and '24 hours' are equal; who reads them sees a difference.
		"interval": {Class: other, Value: "cast({} as varchar)"},
		"uuid":     {Class: other},
	},
	Other: sqlType{Class: other, Hash: "{0}, cast({0} as varchar)"},
	Casts: casts{
		Integer:     sqlType{Value: "cast({} as hugeint)", Hash: "{0}, cast({0} as double)"},
		Decimal:     sqlType{Value: "cast({0} as decimal(38, {1}))", Hash: "{0}, cast({0} as double)", Digits: 38},
		Float:       sqlType{Value: "cast({} as double)"},
		Text:        sqlType{Value: "cast({} as varchar)"},
		Timestamp:   sqlType{Value: "cast({} as timestamp)"},
		UTC:         sqlType{Value: "timezone('UTC', {})"},
		Exact:       sqlType{Value: "case when try_cast(cast(cast({0} as double) as varchar) as decimal(38, {1})) = {0} then cast(cast({0} as double) as varchar) else cast({0} as varchar) end"},
		Approximate: sqlType{Value: "cast(cast({0} as double) + 0.0 as varchar)"},
	},
}

// postgreSQL was run with PostgreSQL 18; it needs 14.
//
// Its hash of an integer of 64 bits, and so of a timestamp, comes of 32 bits: the
// two halves taken together by XOR, whatever the seed. So the upper half enters
// as well, or all bytes do; and the hash of a row is mixed as a numeric.
var postgreSQL = dialect{
	Run:      true,
	fold:     foldLower,
	metadata: postgresMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as text)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double precision)",
	Distinct: "{0} is distinct from {1}",
	RowHash:  "hash_record_extended(row({}), 0)",
	HashArgs: 800,
	Group:    "cast({} as numeric)",
	Mix:      "hash_numeric_extended(cast({} as numeric), 7)",
	Sum:      "coalesce(sum({}), 0)",
	Signed:   "coalesce(sum(cast({0} as numeric) * {1}), 0)",
	Types: map[string]sqlType{
		"boolean":                     {Class: other},
		"smallint":                    {Class: integer, Digits: 5},
		"integer":                     {Class: integer, Digits: 10},
		"bigint":                      {Class: integer, Digits: 19, Hash: "{0}, {0} >> 32"},
		"numeric":                     {Class: decimal},
		"real":                        {Class: float},
		"double precision":            {Class: float},
		"text":                        {Class: text},
		"character varying":           {Class: text},
		"character":                   {Class: text},
		"name":                        {Class: text},
		"bytea":                       {Class: other},
		"date":                        {Class: date},
		"timestamp without time zone": {Class: timestamp, Hash: "timestamp_send({})"},
		"timestamp with time zone":    {Class: timestamptz, Hash: "timestamptz_send({})"},
		"time without time zone":      {Class: other, Hash: "time_send({})"},
		"uuid":                        {Class: other},
		"jsonb":                       {Class: other},
		"inet":                        {Class: other},
		"cidr":                        {Class: other},
		"macaddr":                     {Class: other},
	},
	// Types such as json, xml, point and money have no hash, those of a user may
	// have none.
	Other: sqlType{Class: other, Value: `cast({} as text) collate "C"`},
	Casts: casts{
		Integer:     sqlType{Value: "cast({} as bigint)", Hash: "{0}, {0} >> 32"},
		Decimal:     sqlType{Value: "cast({} as numeric)"},
		Float:       sqlType{Value: "cast({} as double precision)"},
		Text:        sqlType{Value: `cast({} as text) collate "C"`},
		Timestamp:   sqlType{Value: "cast({} as timestamp)", Hash: "timestamp_send({})"},
		UTC:         sqlType{Value: "timezone('UTC', {})", Hash: "timestamp_send({})"},
		Exact:       sqlType{Value: `case when cast(cast(cast({0} as double precision) as text) as numeric) = {0} then cast(cast({0} as double precision) as text) else cast({0} as text) end collate "C"`},
		Approximate: sqlType{Value: `cast(cast({0} as double precision) + 0 as text) collate "C"`},
	},
}
