package ladder

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
)

// rendered returns the queries and replies of the macros for a batch of one chunk, if
// the database returns the given results.
func rendered(t *testing.T, batch Batch, results [][][]any) string {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter that has dbt")
	}
	d, err := dialectOf(batch.Adapter)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(dir, batch); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "macros", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var macros []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		macros = append(macros, string(text))
	}
	input, err := json.Marshal(map[string]any{"macros": macros, "work": newWork(d, batch.Pairs, chunks(batch)[0]), "results": results})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "testdata/render.py")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	return string(out)
}

// The SQL and replies of each dialect, for five pairs: with a key, tolerance, sample
// and distributions; without any of these; with a column that some dialects can't
// compare; of which only b exists; with a column that has another name.
func TestSQL(t *testing.T) {
	types := map[string][5]string{ // the types of a key, a number, another number, a text, a nested value
		"bigquery":   {"INT64", "FLOAT64", "NUMERIC", "STRING", "ARRAY<STRUCT<x INT64>>"},
		"databricks": {"bigint", "double", "decimal(10,2)", "string", "array<struct<x:int>>"},
		"duckdb":     {"BIGINT", "DOUBLE", "DECIMAL(10,2)", "VARCHAR", "STRUCT(x INTEGER)[]"},
		"postgres":   {"bigint", "double precision", "numeric(10,2)", "text", "json"},
		"redshift":   {"bigint", "double precision", "numeric(10,2)", "character varying(20)", "super"},
		"snowflake":  {"NUMBER(38,0)", "FLOAT", "NUMBER(10,2)", "TEXT", "VARIANT"},
	}
	for adapter := range dialects {
		t.Run(adapter, func(t *testing.T) {
			d := dialects[adapter]
			relation := func(schema, name string) Relation {
				sql := quoted("db", d.Quote, d.Escape) + "." + quoted(schema, d.Quote, d.Escape) + "." + quoted(name, d.Quote, d.Escape)
				return Relation{Database: "db", Schema: schema, Identifier: name, SQL: sql}
			}
			pair := func(id string, p Pair) Pair {
				p.ID, p.A, p.B, p.Depth = id, relation("a", id), relation("b", id), cmp.Or(p.Depth, Detail)
				return p
			}
			names := types[adapter]
			var metadata [][]any
			for i, pair := range [][2][]string{
				{{"id", names[0], "v", names[1], "w", names[3], "n", names[4]}, {"id", names[0], "v", names[1], "w", names[3], "n", names[4]}},
				{{"w'", names[3], "d", names[2], "n", names[4]}, {"w'", names[3], "d", names[0], "n", names[4]}},
				{{"id", names[0], "v", names[1]}, {"id", names[0], "v", names[2]}},
				{nil, {"id", names[0], "w", names[3], "n", names[4]}},
				{{"id", names[0], "old", names[4]}, {"id", names[0], "new", names[4]}},
			} {
				for j, side := range []string{"a", "b"} {
					for c := 0; c < len(pair[j]); c += 2 {
						metadata = append(metadata, []any{fmt.Sprint(i, side), "table", "yes", pair[j][c], pair[j][c+1]})
					}
				}
			}
			for _, row := range metadata {
				row[0] = strings.ReplaceAll(row[0].(string), " ", "")
			}
			results := [][][]any{
				metadata,
				{{"0", "a", "2", "10"}, {"0", "b", "2", "11"}, {"1", "a", "1", "5"}, {"1", "b", "1", "6"}, {"2", "a", "1", "5"}, {"2", "b", "1", "5"}, {"3", "b", "2", nil}, {"4", "a", "2", "9"}, {"4", "b", "2", "9"}},
				{{"a", "0", "0"}, {"b", "0", "0"}},
				{{"total", "0", "0", "1", "1", "0", "0", "1", "0"}, {"before", "1", nil, nil, nil, "7", "[]", "1.5", "x"}, {"after", "1", nil, nil, nil, "7", "[]", "2.5", "x"}},
				{{"a", "2", "2", "0", "1.5", "1.5", "1.5"}, {"b", "2", "2", "0", "1.5", "2.5", "2"}},
				{{"a", "2", "0", "2"}, {"b", "2", "0", "1"}, {"b", "2", "19", "1"}},
				{{"total", "1", "1", "5", "0", "0"}, {"added", "1", nil, "3", "[]", "x"}, {"removed", "1", nil, "4", "[]", "x"}},
				{{"2", "2", "1", "9", "2", "1", "a", "b", "2", "2", nil, nil}},
				{{"6"}},
				{{"6"}},
				{{"8"}},
				{{"8"}},
			}
			batch := Batch{Adapter: adapter, Threads: 1, Pairs: []Pair{
				pair("keyed", Pair{Key: []string{"ID"}, Tolerance: map[string]float64{"": 1e-9}, Sample: 2, Distributions: true, Where: "id > 0"}),
				pair("keyless", Pair{Sample: 1}),
				pair("lossy", Pair{}),
				pair("alone", Pair{Depth: Profile, Sample: 1}),
				pair("moved", Pair{}),
			}}
			golden := goldie.New(t, goldie.WithFixtureDir("testdata/sql"), goldie.WithNameSuffix(".golden.sql"))
			golden.Assert(t, adapter, []byte(rendered(t, batch, results)))
		})
	}
}

// postgresFunctions has the functions that PostgreSQL 13 has and that the dialect uses.
var postgresFunctions = []string{
	"abs", "array_dims", "avg", "coalesce", "count", "date_part", "encode", "floor", "format_type", "greatest", "has_any_column_privilege",
	"has_schema_privilege", "has_table_privilege", "hash_array_extended", "hash_numeric_extended", "hashbpcharextended", "hashfloat4extended", "hashfloat8extended",
	"hashint2extended", "hashint4extended", "hashint8extended", "hashtextextended", "isfinite", "left", "max", "min", "quote_ident", "regexp_replace", "replace",
	"row_number", "sum", "timestamp_hash_extended", "timezone", "uuid_hash_extended",
}

// PostgreSQL 13 has every function that the dialect uses. The tests run servers that
// are newer.
func TestPostgresFunctions(t *testing.T) {
	d := dialects["postgres"]
	templates, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("testdata/sql/postgres.golden.sql")
	if err != nil {
		t.Fatal(err)
	}
	notFunctions := []string{"cast", "numeric"} // a keyword, a type
	for _, found := range regexp.MustCompile(`\b([a-z_][a-z0-9_]*)\(`).FindAllStringSubmatch(string(templates)+string(golden), -1) {
		if name := found[1]; !slices.Contains(postgresFunctions, name) && !slices.Contains(notFunctions, name) {
			t.Errorf("%s is not in this test's list of functions: does PostgreSQL 13 have it?", name)
		}
	}
}
