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

// dialects are those that are known, by dbt's name of the adapter.
var dialects = map[string]dialect{
	"bigquery":   bigQuery,
	"databricks": databricks,
	"duckdb":     duckDB,
	"postgres":   postgreSQL,
	"redshift":   redshift,
	"snowflake":  snowflake,
}

// duckDB was run with DuckDB 2.0.
//
// Its hash of 0 is 0, and that of a list is put together from the hashes of what
// is in it alone: [] and NULL, [0] and [0, 0] have the same. So the text of such a
// value enters, too. Of an integer of 128 bits it takes the two halves' hashes
// together by XOR: 0 and -1 have the same. So does its nearest double.
var duckDB = dialect{
	Run: true, oneDatabase: true,
	fold:     foldAny,
	metadata: duckdbMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "{0} is distinct from {1}",
	Term:     "{0}", And: ", ", RowHash: "hash({})",
	Mix:          "hash({})",
	Sum:          "coalesce(sum({}), 0)",
	Signed:       "coalesce(sum(cast({0} as hugeint) * cast({1} as hugeint)), 0)",
	Materialized: "materialized",
	Narrow:       5, // 0.7 of the processor time with 10 columns, 0.45 with 60
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

// postgreSQL was run with PostgreSQL 18. It needs 14, and the functions are those
// that 14 has.
//
// Each column's hash is its type's with the column's place as the seed: that is
// faster than hash_record_extended, and not linear. Of an integer of 64 bits, and
// so of a timestamp, the database hashes only the two halves taken together by
// XOR, whatever the seed: 1 and 4294967296 are the same to it. So the upper half
// enters as well. Of a numeric it hashes digits without the sign, and neither NaN
// nor infinity: so the seed tells these. A 0 in double precision and NaN as numeric
// hash to the seed, which therefore can't stand for NULL. The mix goes by numeric,
// since that takes all 64 bits, but for the sign.
var postgreSQL = dialect{
	Run: true, oneDatabase: true,
	fold:     foldLower,
	metadata: postgresMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as text)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double precision)",
	Distinct: "{0} is distinct from {1}",
	Term:     "coalesce({0}, {1} - 7046029254386353131)", And: " # ", RowHash: "({})", Terms: 100,
	Mix:          "hash_numeric_extended(cast({} as numeric), 7)",
	Sum:          "coalesce(sum({}), 0)",
	Signed:       "coalesce(sum(cast({0} as numeric) * {1}), 0)",
	Materialized: "materialized",
	Types: map[string]sqlType{
		"boolean":                     {Class: other, Hash: "hashint4extended(cast({0} as integer), {1})"},
		"smallint":                    {Class: integer, Digits: 5, Hash: "hashint2extended({0}, {1})"},
		"integer":                     {Class: integer, Digits: 10, Hash: "hashint4extended({0}, {1})"},
		"bigint":                      {Class: integer, Digits: 19, Hash: pgInt8},
		"numeric":                     {Class: decimal, Hash: pgNumeric},
		"numeric()":                   {Class: decimal, Hash: "hash_numeric_extended({0}, case when {0} < 0 then -{1} else {1} end)"}, // never infinite
		"real":                        {Class: float, Hash: "hashfloat4extended({0}, {1})"},
		"double precision":            {Class: float, Hash: "hashfloat8extended({0}, {1})"},
		"text":                        {Class: text, Hash: pgText},
		"character varying":           {Class: text, Hash: pgText},
		"character":                   {Class: text, Hash: "hashbpcharextended({0}, {1})"},
		"bytea":                       {Class: other, Hash: pgRecord},
		"date":                        {Class: date, Hash: "hashint4extended(case when isfinite({0}) then {0} - date '2000-01-01' when {0} > date '2000-01-01' then 2147483647 when {0} < date '2000-01-01' then -2147483648 end, {1})"},
		"timestamp without time zone": {Class: timestamp, Hash: pgTimestamp},
		"timestamp with time zone":    {Class: timestamptz, Hash: "timestamptz_hash_extended({0}, {1}) # timestamptz_hash_extended(date_bin(interval '4294.967296 seconds', {0}, timestamptz '2000-01-01 00:00:00+00'), -{1})"},
		"time without time zone":      {Class: other, Hash: "hash_record_extended(row(time_send({0})), {1})"},
		"uuid":                        {Class: other, Hash: "uuid_hash_extended({0}, {1})"},
	},
	// Types such as json, xml, point and money have no hash, those of a user may
	// have none; that of jsonb is as blind to signs as that of numeric.
	Other: sqlType{Class: other, Value: `cast({} as text) collate "C"`, Hash: pgText},
	Casts: casts{
		Integer:     sqlType{Value: "cast({} as bigint)", Hash: pgInt8},
		Decimal:     sqlType{Value: "cast({} as numeric)", Hash: pgNumeric},
		Float:       sqlType{Value: "cast({} as double precision)", Hash: "hashfloat8extended({0}, {1})"},
		Text:        sqlType{Value: `cast({} as text) collate "C"`, Hash: pgText},
		Timestamp:   sqlType{Value: "cast({} as timestamp)", Hash: pgTimestamp},
		UTC:         sqlType{Value: "timezone('UTC', {})", Hash: pgTimestamp},
		Exact:       sqlType{Value: `case when cast(cast(cast({0} as double precision) as text) as numeric) = {0} then cast(cast({0} as double precision) as text) else cast({0} as text) end collate "C"`, Hash: pgText},
		Approximate: sqlType{Value: `cast(cast({0} as double precision) + 0 as text) collate "C"`, Hash: pgText},
	},
}

// Hashes of PostgreSQL's that several types have in common. The bin of a
// timestamp is the upper half of its microseconds.
const (
	pgInt8      = "hashint8extended({0}, {1}) # hashint8extended({0} >> 32, -{1})"
	pgNumeric   = "hash_numeric_extended({0}, case when {0} < 0 then -{1} when {0} < 'Infinity' then {1} when {0} = 'Infinity' then {1} + 100000 else {1} + 200000 end)"
	pgText      = "hashtextextended({0}, {1})"
	pgTimestamp = "timestamp_hash_extended({0}, {1}) # timestamp_hash_extended(date_bin(interval '4294.967296 seconds', {0}, timestamp '2000-01-01'), -{1})"
	pgRecord    = "hash_record_extended(row({0}), {1})"
)
