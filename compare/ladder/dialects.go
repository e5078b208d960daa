package ladder

// dialects has the known dialects by dbt's name of the adapter. Everything that
// comparing through an adapter needs stands in this file.
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
// Its hash of 0 is 0, and a list's hash is composed of its items' hashes alone: [] and
// NULL have the same hash, and so have [0] and [0, 0]. So the text of such a value is
// hashed, too, without the signs of zero and NaN, which the database ignores. The hash of a 128-bit integer is the XOR of its halves' hashes: 0 and -1
// have the same hash. So its nearest double is hashed, too.
var duckDB = dialect{
	Run: true, oneDatabase: true, informationSchema: true,
	fold:     foldAny,
	metadata: duckdbMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "{0} is distinct from {1}",
	Replace:  `replace({0}, '{1}', '{2}') collate "binary"`,
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
		// Texts that only the column's collation calls equal must differ.
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
		// '1 day' and '24 hours' are equal in the database, but not to a reader.
		"interval": {Class: other, Value: "cast({} as varchar)"},
		"uuid":     {Class: other},
		// Equal variants may have different hashes.
		"variant": {Class: other, Value: "variant_typeof({0}) || ' ' || " + duckNested},
	},
	Other:  sqlType{Class: other, Hash: "{0}, " + duckNested},
	AsText: []string{"interval"},
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

// duckNested is the text of a value that may have floats in it.
const duckNested = "replace(replace(cast({0} as varchar), '-0.0', '0.0'), '-nan', 'nan')"

// duckdbMetadata looks in all attached databases.
func duckdbMetadata(relations []lookup) string {
	return `select r.n, t.kind, 'yes' as readable, c.column_name, c.data_type
from (` + rows(relations, literal) + `) as r
join (
select database_name, schema_name, table_name as name, 'table' as kind from duckdb_tables()
union all
select database_name, schema_name, view_name as name, 'view' as kind from duckdb_views()
) as t on lower(t.database_name) = lower(r.d) and lower(t.schema_name) = lower(r.s) and lower(t.name) = lower(r.i)
left join duckdb_columns() as c on c.database_name = t.database_name and c.schema_name = t.schema_name and c.table_name = t.name
order by r.n, c.column_index`
}

// postgreSQL was run with PostgreSQL 13 to 18, and uses only what 13 has.
//
// Each column is hashed by its type's hash function, with the column's number as the
// seed. For a 64-bit integer, and so for a timestamp, the database hashes only the XOR
// of the two halves, whatever the seed: 1 and 4294967296 have the same hash. So the
// upper half is hashed, too. For a numeric, the database hashes the digits without the
// sign, and neither NaN nor infinity: here the seed marks these.
//
// A double precision 0 hashes to the seed, a numeric 0 to the number below it. The
// terms of a row are joined by XOR, so these seeds, and the mark for NULL, are hashes
// themselves, with seeds beyond any column's number: with small numbers, NULL beside 0
// would have the same hash as 0 beside NULL. Mix hashes a numeric, since that covers all 64 bits except the sign.
var postgreSQL = dialect{
	Run: true, oneDatabase: true, informationSchema: true,
	fold:     foldLower,
	metadata: postgresMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as text)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double precision)",
	Distinct: "{0} is distinct from {1}",
	Replace:  `replace({0} collate "C", '{1}', '{2}')`,
	Term:     "coalesce({0}, hashint4extended({1}, 1000001))", And: " # ", RowHash: "({})", Terms: 100,
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
		"numeric()":                   {Class: decimal, Hash: "hash_numeric_extended({0}, case when {0} < 0 then -{1} else hashint4extended({1}, 1000002) end)"}, // never infinite
		"real":                        {Class: float, Hash: "hashfloat4extended({0}, hashint4extended({1}, 1000002))"},
		"double precision":            {Class: float, Hash: pgFloat},
		"text":                        {Class: text, Hash: pgText},
		"character varying":           {Class: text, Hash: pgText},
		"character":                   {Class: text, Hash: "hashbpcharextended({0}, {1})"},
		"bytea":                       {Class: other, Hash: "hashtextextended(encode({0}, 'hex'), {1})"},
		"date":                        {Class: date, Hash: "hashint4extended(case when isfinite({0}) then {0} - date '2000-01-01' when {0} > date '2000-01-01' then 2147483647 when {0} < date '2000-01-01' then -2147483648 end, {1})"},
		"timestamp without time zone": {Class: timestamp, Hash: pgTimestamp},
		"timestamp with time zone":    {Class: timestamptz, Hash: "timestamp_hash_extended(timezone(interval '0', {0}), {1}) # hashfloat8extended(date_part('epoch', {0}), -{1})"},
		"time without time zone":      {Class: other, Hash: "hashfloat8extended(date_part('epoch', {0}), hashint4extended({1}, 1000002))"},
		"uuid":                        {Class: other, Hash: "uuid_hash_extended({0}, {1})"},
		"real[]":                      {Class: other, Hash: pgFloats},
		"double precision[]":          {Class: other, Hash: pgFloats},
		"numeric[]":                   {Class: other, Value: pgTrimmed, Hash: pgText},
		"numrange":                    {Class: other, Value: pgTrimmed, Hash: pgText},
		"numrange[]":                  {Class: other, Value: pgTrimmed, Hash: pgText},
		"nummultirange":               {Class: other, Value: pgTrimmed, Hash: pgText},
		"nummultirange[]":             {Class: other, Value: pgTrimmed, Hash: pgText},
	},
	// Types such as json, xml, point and money have no hash function, and a user's
	// types may have none. The one of jsonb ignores signs, as that of numeric does.
	Other: sqlType{Class: other, Value: `cast({} as text) collate "C"`, Hash: pgText},
	Casts: casts{
		Integer:     sqlType{Value: "cast({} as bigint)", Hash: pgInt8},
		Decimal:     sqlType{Value: "cast({} as numeric)", Hash: pgNumeric},
		Float:       sqlType{Value: "cast({} as double precision)", Hash: pgFloat},
		Text:        sqlType{Value: `cast({} as text) collate "C"`, Hash: pgText},
		Timestamp:   sqlType{Value: "cast({} as timestamp)", Hash: pgTimestamp},
		UTC:         sqlType{Value: "timezone('UTC', {})", Hash: pgTimestamp},
		Exact:       sqlType{Value: `case when cast(cast(cast({0} as double precision) as text) as numeric) = {0} then cast(cast({0} as double precision) as text) else cast({0} as text) end collate "C"`, Hash: pgText},
		Approximate: sqlType{Value: `cast(cast({0} as double precision) + 0 as text) collate "C"`, Hash: pgText},
	},
}

// PostgreSQL's hash templates that several types share.
//
// A numeric from 1e131071 on is infinite or nearly so: infinity is a numeric only
// since PostgreSQL 14. A timestamp's seconds, in double precision, have its upper bits:
// two timestamps with the same seconds are less than 5 ms apart, and have different
// XORs of their halves. An array's hash ignores its dimensions. The text of numerics in
// another type is taken without zeros at their ends: 1.0 equals 1.00.
const (
	pgTrimmed   = `regexp_replace(regexp_replace(cast({} as text), '(?<=[.][0-9]*)0+(?=[],)}}])', '', 'g'), '[.](?=[],)}}])', '', 'g') collate "C"`
	pgInt8      = "hashint8extended({0}, {1}) # hashint8extended({0} >> 32, -{1})"
	pgNumeric   = "hash_numeric_extended({0}, case when {0} < 0 then hashint4extended({1}, 1000003) when {0} < '1e131071' then hashint4extended({1}, 1000002) when {0} = 'NaN' then hashint4extended({1}, 1000004) else hashint4extended({1}, 1000005) end)"
	pgFloat     = "hashfloat8extended({0}, hashint4extended({1}, 1000002))"
	pgFloats    = "hash_array_extended({0}, hashint4extended({1}, 1000002)) # hashtextextended(coalesce(array_dims({0}), ''), {1})"
	pgText      = "hashtextextended({0}, {1})"
	pgTimestamp = "timestamp_hash_extended({0}, {1}) # hashfloat8extended(date_part('epoch', {0}), -{1})"
)

// postgresMetadata asks the catalog, since information_schema hides relations that
// the user may not read. Names are cut as the server cuts them. A collation that calls
// different texts equal is part of the type, so that it counts as another type.
func postgresMetadata(relations []lookup) string {
	return `select r.n,
case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end as kind,
case when has_schema_privilege(n.oid, 'usage') and (has_table_privilege(c.oid, 'select') or has_any_column_privilege(c.oid, 'select')) then 'yes' else 'no' end as readable,
a.attname::text as name,
format_type(a.atttypid, a.atttypmod) || case when l.collisdeterministic then '' else coalesce(' collate ' || quote_ident(l.collname), '') end as type
from (` + rows(relations, literal) + `) as r
join pg_catalog.pg_namespace as n on n.nspname = r.s::name
join pg_catalog.pg_class as c on c.relnamespace = n.oid and c.relname = r.i::name and c.relkind in ('r', 'v', 'm', 'f', 'p')
left join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_collation as l on l.oid = a.attcollation
order by r.n, a.attnum`
}

// The dialects below were never run. They follow the manuals, and the goldens in
// testdata show their SQL. Where a manual is unclear, a dialect may report equal data
// as different, never the other way round.

// snowflake's hash function takes any number of values of any type. It is never NULL,
// and equal numbers have equal hashes.
var snowflake = dialect{
	fold:     foldUpper,
	metadata: snowflakeMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "{0} is distinct from {1}",
	Replace:  "replace({0}, '{1}', '{2}')",
	Term:     "{0}", And: ", ", RowHash: "hash({})",
	Mix:    "hash({})",
	Sum:    "coalesce(sum(cast({} as number(38, 0))), 0)",
	Signed: "coalesce(sum(cast({0} as number(38, 0)) * cast({1} as number(38, 0))), 0)",
	Types: map[string]sqlType{
		"boolean":       {Class: other},
		"number":        {Class: decimal},
		"float":         {Class: float},
		"text":          {Class: text},
		"binary":        {Class: other},
		"date":          {Class: date},
		"time":          {Class: other},
		"timestamp_ntz": {Class: timestamp},
		"timestamp_ltz": {Class: timestamptz, Value: "convert_timezone('UTC', {})"},
		"timestamp_tz":  {Class: timestamptz, Value: "convert_timezone('UTC', {})"},
		"variant":       {Class: other, Value: "to_json({})", Text: "to_json({})"},
		"object":        {Class: other, Value: "to_json({})", Text: "to_json({})"},
		"array":         {Class: other, Value: "to_json({})", Text: "to_json({})"},
	},
	Other: sqlType{Class: other, Value: "cast({} as varchar)"},
	Casts: casts{
		Decimal:   sqlType{Value: "{0}"}, // the scale changes neither equality nor the hash
		Float:     sqlType{Value: "cast({} as double)"},
		Text:      sqlType{Value: "cast({} as varchar)"},
		Timestamp: sqlType{Value: "cast({} as timestamp_ntz)"},
		UTC:       sqlType{Value: "cast(convert_timezone('UTC', {}) as timestamp_ntz)"},
	},
}

// snowflakeMetadata asks each database. It adds precision and scale to a number's type.
func snowflakeMetadata(relations []lookup) string {
	in := func(view string) string {
		return each(relations, func(r lookup) string {
			return "select * from " + quoted(r.database, `"`, `""`) + ".information_schema." + view
		})
	}
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name,
c.data_type || case when c.data_type = 'NUMBER' then '(' || c.numeric_precision || ',' || c.numeric_scale || ')' else '' end as type
from (` + rows(relations, backslashed) + `) as r
join (` + in("tables") + `) as t on t.table_catalog = r.d and t.table_schema = r.s and t.table_name = r.i
left join (` + in("columns") + `) as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// bigQuery hashes text, so a row is hashed as JSON. JSON separates the columns,
// distinguishes NULL from "null", and has all digits of a float.
var bigQuery = dialect{
	fold:     foldNone,
	metadata: bigqueryMetadata,
	Quote:    "`", Escape: "\\`",
	Text:     "cast({} as string)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as float64)",
	Distinct: "{0} is distinct from {1}",
	Replace:  "replace({0}, '{1}', '{2}')",
	Term:     "{0}", And: ", ", RowHash: "farm_fingerprint(to_json_string(struct({})))",
	Mix:    "farm_fingerprint(cast({} as string))",
	Sum:    "coalesce(sum(cast({} as bignumeric)), 0)",
	Signed: "coalesce(sum(cast({0} as bignumeric) * cast({1} as bignumeric)), 0)",
	Types: map[string]sqlType{
		"bool":       {Class: other},
		"int64":      {Class: integer, Digits: 19},
		"numeric":    {Class: decimal},
		"bignumeric": {Class: decimal},
		"float64":    {Class: float, Hash: "{0} + 0.0"}, // -0.0 is written with its sign
		"string":     {Class: text},
		"bytes":      {Class: other, Text: "to_base64({})"},
		"date":       {Class: date},
		"time":       {Class: other},
		"datetime":   {Class: timestamp},
		"timestamp":  {Class: timestamptz},
		"interval":   {Class: other, Value: "cast({} as string)"},
	},
	Other: sqlType{Class: other, Value: "to_json_string({})", Text: "to_json_string({})"},
	Casts: casts{
		Integer:   sqlType{Value: "cast({} as int64)"},
		Decimal:   sqlType{Value: "cast({} as bignumeric)"},
		Float:     sqlType{Value: "cast({} as float64)", Hash: "{0} + 0.0"},
		Text:      sqlType{Value: "cast({} as string)"},
		Timestamp: sqlType{Value: "cast({} as datetime)"},
		UTC:       sqlType{Value: "datetime({}, 'UTC')"},
	},
}

// bigqueryMetadata asks each dataset.
func bigqueryMetadata(relations []lookup) string {
	in := func(view string) string {
		return each(relations, func(r lookup) string {
			return "select * from " + quoted(r.database, "`", "\\`") + "." + quoted(r.schema, "`", "\\`") + ".INFORMATION_SCHEMA." + view
		})
	}
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name, c.data_type
from (` + rows(relations, backslashed) + `) as r
join (` + in("TABLES") + `) as t on t.table_catalog = r.d and t.table_schema = r.s and t.table_name = r.i
left join (` + in("COLUMNS") + `) as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// redshift hashes values by FNV, with the column's number as the seed. The result is
// hashed again as text, since FNV alone mixes its low bits too little.
var redshift = dialect{
	oneDatabase: true,
	fold:        foldLower,
	metadata:    redshiftMetadata,
	Quote:       `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double precision)",
	Distinct: "({0} <> {1} or ({0} is null) <> ({1} is null))",
	Replace:  "replace({0}, '{1}', '{2}')",
	Term:     "coalesce({0}, {1} - 7046029254386353131)", And: " # ", RowHash: "({})", Terms: 100,
	Mix:    "farmfingerprint64(cast({} as varchar))",
	Sum:    "coalesce(sum(cast({} as decimal(38, 0))), 0)",
	Signed: "coalesce(sum(cast({0} as decimal(38, 0)) * {1}), 0)",
	Types: map[string]sqlType{
		"boolean":                     {Class: other, Hash: rsValue, Text: "case when {0} then 'true' when not {0} then 'false' end"},
		"smallint":                    {Class: integer, Digits: 5, Hash: rsValue},
		"integer":                     {Class: integer, Digits: 10, Hash: rsValue},
		"bigint":                      {Class: integer, Digits: 19, Hash: rsValue},
		"numeric":                     {Class: decimal, Hash: rsValue},
		"real":                        {Class: float, Hash: "farmfingerprint64(cast(fnv_hash({0} + 0.0, {1}) as varchar))"},
		"double precision":            {Class: float, Hash: "farmfingerprint64(cast(fnv_hash({0} + 0.0, {1}) as varchar))"},
		"character varying":           {Class: text, Hash: rsText},
		"character":                   {Class: text, Hash: rsText},
		"date":                        {Class: date, Hash: rsValue},
		"time without time zone":      {Class: other, Hash: rsValue},
		"timestamp without time zone": {Class: timestamp, Hash: rsValue},
		"timestamp with time zone":    {Class: timestamptz, Hash: rsValue},
		"super":                       {Class: other, Value: "json_serialize({})", Hash: rsText, Text: "json_serialize({})"},
	},
	Other: sqlType{Class: other, Value: "cast({} as varchar)", Hash: rsText},
	Casts: casts{
		Integer:   sqlType{Value: "cast({} as bigint)", Hash: rsValue},
		Decimal:   sqlType{Value: "cast({0} as decimal(38, {1}))", Hash: rsValue, Digits: 38},
		Float:     sqlType{Value: "cast({} as double precision)", Hash: "farmfingerprint64(cast(fnv_hash({0} + 0.0, {1}) as varchar))"},
		Text:      sqlType{Value: "cast({} as varchar)", Hash: rsText},
		Timestamp: sqlType{Value: "cast({} as timestamp)", Hash: rsValue},
		UTC:       sqlType{Value: "timezone('UTC', {})", Hash: rsValue},
	},
}

// redshiftMetadata asks the views that cover all databases of the cluster.
func redshiftMetadata(relations []lookup) string {
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name,
c.data_type || case when c.data_type = 'numeric' then '(' || c.numeric_precision || ',' || c.numeric_scale || ')' else '' end as type
from (` + rows(relations, literal) + `) as r
join svv_all_tables as t on t.database_name = r.d and t.schema_name = r.s and t.table_name = r.i
left join svv_all_columns as c on c.database_name = t.database_name and c.schema_name = t.schema_name and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// Redshift's hash templates that several types share.
const (
	rsValue = "farmfingerprint64(cast(fnv_hash({0}, {1}) as varchar))"
	rsText  = "farmfingerprint64('{1}:' || {0})"
)

// databricks ignores NULL in its hash, so that whether a value is NULL is hashed, too.
// Nested values are compared as JSON.
var databricks = dialect{
	fold:     foldAny,
	metadata: databricksMetadata,
	Quote:    "`", Escape: "``",
	Text:     "cast({} as string)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "not ({0} <=> {1})",
	Replace:  "replace({0}, '{1}', '{2}')",
	Term:     "{0}", And: ", ", RowHash: "xxhash64({})",
	Mix:    "xxhash64({})",
	Sum:    "coalesce(sum(cast({} as decimal(38, 0))), 0)",
	Signed: "coalesce(sum(cast({0} * cast({1} as decimal(20, 0)) as decimal(38, 0))), 0)",
	Types: map[string]sqlType{
		"boolean":       {Class: other, Hash: dbValue},
		"tinyint":       {Class: integer, Digits: 3, Hash: dbValue},
		"smallint":      {Class: integer, Digits: 5, Hash: dbValue},
		"int":           {Class: integer, Digits: 10, Hash: dbValue},
		"bigint":        {Class: integer, Digits: 19, Hash: dbValue},
		"decimal":       {Class: decimal, Hash: dbValue},
		"float":         {Class: float, Hash: dbFloat},
		"double":        {Class: float, Hash: dbFloat},
		"string":        {Class: text, Hash: dbValue},
		"varchar":       {Class: text, Hash: dbValue},
		"char":          {Class: text, Hash: dbValue},
		"binary":        {Class: other, Hash: dbValue, Text: "hex({})"},
		"date":          {Class: date, Hash: dbValue},
		"timestamp_ntz": {Class: timestamp, Hash: dbValue},
		"timestamp":     {Class: timestamptz, Hash: dbValue},
		"array":         {Class: other, Value: "to_json({})", Hash: dbValue, Text: "to_json({})"},
		"map":           {Class: other, Value: "to_json({})", Hash: dbValue, Text: "to_json({})"},
		"struct":        {Class: other, Value: "to_json({})", Hash: dbValue, Text: "to_json({})"},
		"variant":       {Class: other, Value: "to_json({})", Hash: dbValue, Text: "to_json({})"},
	},
	Other: sqlType{Class: other, Value: "cast({} as string)", Hash: dbValue},
	Casts: casts{
		Integer:   sqlType{Value: "cast({} as bigint)", Hash: dbValue},
		Decimal:   sqlType{Value: "cast({0} as decimal(38, {1}))", Hash: dbValue, Digits: 38},
		Float:     sqlType{Value: "cast({} as double)", Hash: dbFloat},
		Text:      sqlType{Value: "cast({} as string)", Hash: dbValue},
		Timestamp: sqlType{Value: "cast({} as timestamp_ntz)", Hash: dbValue},
		UTC:       sqlType{Value: "cast(to_utc_timestamp({}, current_timezone()) as timestamp_ntz)", Hash: dbValue},
	},
}

// databricksMetadata asks Unity Catalog.
func databricksMetadata(relations []lookup) string {
	return `select r.n, lower(t.table_type) as kind, 'yes' as readable, c.column_name, c.full_data_type as type
from (` + rows(relations, backslashed) + `) as r
join system.information_schema.tables as t on t.table_catalog = lower(r.d) and t.table_schema = lower(r.s) and t.table_name = lower(r.i)
left join system.information_schema.columns as c on c.table_catalog = t.table_catalog and c.table_schema = t.table_schema and c.table_name = t.table_name
order by r.n, c.ordinal_position`
}

// Databricks' hash templates.
const (
	dbValue = "{0}, {0} is null"
	dbFloat = "{0} + 0.0D, {0} is null"
)
