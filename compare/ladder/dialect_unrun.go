package ladder

// The dialects here were never run: they follow the manuals, and the goldens in
// testdata show the SQL that comes of them. Where a manual leaves a doubt they take
// the way that can call the same different, not the other way round.

// snowflake has a hash of any number of values of any type that is never NULL and
// the same for numbers that are equal.
var snowflake = dialect{
	fold:     foldUpper,
	metadata: snowflakeMetadata,
	Quote:    `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "{0} is distinct from {1}",
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
		Decimal:   sqlType{Value: "{0}"}, // scale makes no difference, to equality or to the hash
		Float:     sqlType{Value: "cast({} as double)"},
		Text:      sqlType{Value: "cast({} as varchar)"},
		Timestamp: sqlType{Value: "cast({} as timestamp_ntz)"},
		UTC:       sqlType{Value: "cast(convert_timezone('UTC', {}) as timestamp_ntz)"},
	},
}

// bigQuery hashes text; a row is text as JSON, which tells a column from the next
// and NULL from "null", and has all digits of a float.
var bigQuery = dialect{
	fold:     foldNone,
	metadata: bigqueryMetadata,
	Quote:    "`", Escape: "\\`",
	Text:     "cast({} as string)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as float64)",
	Distinct: "{0} is distinct from {1}",
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

// redshift hashes values by FNV, with the column's place as the seed, and that
// again as text, since FNV alone mixes its low bits too little.
var redshift = dialect{
	oneDatabase: true,
	fold:        foldLower,
	metadata:    redshiftMetadata,
	Quote:       `"`, Escape: `""`,
	Text:     "cast({} as varchar)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double precision)",
	Distinct: "({0} <> {1} or ({0} is null) <> ({1} is null))",
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

// Hashes of Redshift's that several types have in common.
const (
	rsValue = "farmfingerprint64(cast(fnv_hash({0}, {1}) as varchar))"
	rsText  = "farmfingerprint64('{1}:' || {0})"
)

// databricks leaves NULL out of its hash: whether there is one enters as well. What
// it nests is compared as JSON.
var databricks = dialect{
	fold:     foldAny,
	metadata: databricksMetadata,
	Quote:    "`", Escape: "``",
	Text:     "cast({} as string)",
	Clip:     "left({}, 1001)",
	Double:   "cast({} as double)",
	Distinct: "not ({0} <=> {1})",
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

// What enters Databricks' hash.
const (
	dbValue = "{0}, {0} is null"
	dbFloat = "{0} + 0.0D, {0} is null"
)
