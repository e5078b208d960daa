package warehouse

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

var (
	a = Relation{"db", "s", "a"}
	b = Relation{"db", "s", "b"}
)

// result is dbt's of a model that handed a text back.
func result(t *testing.T, text string) artifact.Result {
	t.Helper()
	code, err := json.Marshal(map[string]string{"code": text})
	if err != nil {
		t.Fatal(err)
	}
	r := artifact.Result{UniqueID: "model.x", Status: artifact.StatusSuccess}
	if err := json.Unmarshal(code, &r.Response); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRead(t *testing.T) {
	q := Question{Adapter: "postgres", Exist: []Relation{a, b}, Dependents: []Relation{a}}
	answer := func(rest string) string { return `{"version": 1, "database": "db", ` + rest + `}` }
	tests := []struct{ name, text, want string }{
		{"none", answer(`"exist": [], "dependents": []`), "a: , b: , on a:"},
		{"there", answer(`"exist": [["1", "materialized_view", ""]], "dependents": []`), "a: , b: materialized view, on a:"},
		{"a function beside a table", answer(`"exist": [["0", "function", ""], ["0", "table", "1200"], ["1", "table", ""], ["1", "function", ""]]`), "a: table with 1200 rows, b: table, on a:"},
		{"no number of rows", answer(`"exist": [["0", "table", "many"]]`), `dbt handed back what can't be read: expected a number of rows, found "many"`},
		{"a view", answer(`"dependents": [["0", "", "1", "", "", "", "", "", ""], ["", "1", "2", "no", "view", "bi", "v", "", "me"]]`), "a: , b: , on a: 1 view bi.v"},
		{"another database", strings.ReplaceAll(answer(`"exist": []`), "db", "other"), "s.a is in the database db, and dbt connects to other"},
		{"a number too high", answer(`"exist": [["2", "table", ""]]`), `dbt handed back what can't be read: there is no relation "2"`},
		{"no number", answer(`"exist": [[null, "table", ""]]`), `dbt handed back what can't be read: there is no relation ""`},
		{"a short row", answer(`"exist": [["1"]]`), "dbt handed back what can't be read: expected a number, a kind and rows, found 1 values"},
		{"a short edge", answer(`"dependents": [["0", "", "1"]]`), "dbt handed back what can't be read: expected an edge of 9 values, found 3"},
		{"an unknown root", answer(`"dependents": [["1", "", "1", "", "", "", "", "", ""]]`), `dbt handed back what can't be read: there is no relation "1"`},
		{"another version", `{"version": 2}`, "dbt handed back what can't be read: expected version 1, found 2"},
		{"cut", `{"version": 1, `, "dbt handed back what can't be read: unexpected end of JSON input"},
		{"nothing", ``, "dbt handed back what can't be read: unexpected end of JSON input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := read(result(t, tt.text), q)
			if got := inWords(answer, err); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		result artifact.Result
		want   string
	}{
		{artifact.Result{}, "dbt ended before it asked"},
		{artifact.Result{UniqueID: "model.x", Status: artifact.StatusSkipped}, "dbt ended before it asked"},
		{artifact.Result{UniqueID: "model.x", Status: artifact.StatusError, Message: "Database Error in model chunk_0000 (models/chunk_0000.sql)\n  permission denied"}, "permission denied"},
	} {
		if _, err := read(tt.result, q); err == nil || err.Error() != tt.want {
			t.Errorf("%+v: %v, want %s", tt.result, err, tt.want)
		}
	}
}

// inWords is an answer about a and b, in one line.
func inWords(answer Answer, err error) string {
	if err != nil {
		return err.Error()
	}
	kindA, _ := answer.Kind(a)
	kindB, _ := answer.Kind(b)
	if rows, ok := answer.Rows(a); ok {
		kindA += fmt.Sprintf(" with %d rows", rows)
	}
	out := fmt.Sprintf("a: %s, b: %s, on a:", kindA, kindB)
	for _, d := range answer.Dependents(a) {
		out += fmt.Sprintf(" %d %s %s.%s", d.Depth, d.Kind, d.Schema, d.Name)
	}
	return out
}

func TestGraph(t *testing.T) {
	root := []string{"0", "", "A", "", "", "", "", "", ""}
	view := func(from, to string) []string { return []string{"", from, to, "no", "view", "s", to, "", ""} }
	part := func(from, to string) []string { return []string{"", from, to, "yes", "", "", "", "", ""} }
	of := func(from, to, relation string) []string {
		return []string{"", from, to, "no", "foreign key", "s", relation, to, ""}
	}
	tests := []struct {
		name string
		rows [][]string
		want []string
	}{
		{"none", [][]string{root}, nil},
		{"not there", [][]string{view("A", "v")}, nil},
		{"a chain", [][]string{root, view("A", "v"), view("v", "w"), view("w", "x")}, []string{"1 v", "2 w", "3 x"}},
		{"a diamond, by its shorter side", [][]string{root, view("A", "v"), view("v", "w"), view("w", "x"), view("A", "x")}, []string{"1 v", "1 x", "2 w"}},
		{"a circle", [][]string{root, view("A", "v"), view("v", "w"), view("w", "v"), view("w", "A")}, []string{"1 v", "2 w"}},
		{"by a part", [][]string{root, part("A", "type"), part("type", "array"), view("array", "v")}, []string{"1 v"}},
		{"a part that others lead to", [][]string{root, view("index", "key"), part("A", "index"), part("A", "key")}, nil},
		{"twice", [][]string{root, root, view("A", "v"), view("A", "v")}, []string{"1 v"}},
		{"a part of another relation", [][]string{root, of("A", "k", "t")}, []string{"1 t k"}},
		{"a part of what goes whole", [][]string{root, view("A", "t"), of("A", "k", "t"), of("A", "l", "a")}, []string{"1 t"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := newGraph(tt.rows, []Relation{a})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, d := range g.dependents([]Relation{a}) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s", d.Depth, d.Name, d.Part)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("what hangs on a (-want +got):\n%s", diff)
			}
		})
	}
}

// Of several relations the nearest counts, and none of them hangs on another.
func TestGraphOfSeveral(t *testing.T) {
	edge := func(from, to string) []string { return []string{"", from, to, "no", "view", "s", to, "", ""} }
	g, err := newGraph([][]string{
		{"0", "", "a", "", "", "", "", "", ""},
		{"1", "", "b", "", "", "", "", "", ""},
		edge("a", "v"), edge("v", "b"), edge("b", "w"), edge("v", "w"), edge("w", "x"),
	}, []Relation{a, b})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range g.dependents([]Relation{a, b, {"db", "s", "missing"}}) {
		got = append(got, fmt.Sprint(d.Depth, d.Name))
	}
	if diff := cmp.Diff([]string{"1v", "1w", "2x"}, got); diff != "" {
		t.Errorf("what hangs on a and b (-want +got):\n%s", diff)
	}
}

func TestLiteral(t *testing.T) {
	tests := []struct{ text, standard, postgres string }{
		{"orders", "'orders'", "'orders'"},
		{"it's", "'it''s'", "'it''s'"},
		{`a\'b`, `'a\''b'`, `E'a\\''b'`},
		{"", "''", "''"},
	}
	for _, tt := range tests {
		if got := literal(tt.text); got != tt.standard {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.standard)
		}
		if got := postgresLiteral(tt.text); got != tt.postgres {
			t.Errorf("%q in PostgreSQL: %s, want %s", tt.text, got, tt.postgres)
		}
	}
}

// What is asked, by each dialect; that of no other adapter has any SQL.
func TestSQL(t *testing.T) {
	relations := []Relation{a, {"db", "S", "it's"}}
	for adapter := range dialects {
		w := newWork(Question{Adapter: adapter, Exist: relations, Dependents: relations})
		text := fmt.Sprintf("-- exist\n%s\n\n-- dependents\n%s\n\n-- search path\n%s\n",
			strings.Join(w.Exist, "\n"), strings.Join(w.Dependents, "\n"), strings.Join(w.SearchPath, "\n"))
		goldie.New(t, goldie.WithFixtureDir("testdata/sql"), goldie.WithNameSuffix(".golden.sql")).Assert(t, adapter, []byte(text))
	}
	w := newWork(Question{Adapter: "snowflake", Exist: relations, Dependents: relations})
	if diff := cmp.Diff(work{Exist: []string{}, Lookups: rows(relations), Dependents: []string{}, SearchPath: []string{}}, w); diff != "" {
		t.Errorf("asked through an adapter (-want +got):\n%s", diff)
	}
}

func TestQueries(t *testing.T) {
	var asked []int
	queries(func(rows []row) string { asked = append(asked, len(rows)); return "" }, make([]Relation, 7), 3)
	if want := []int{3, 3, 1}; !slices.Equal(asked, want) {
		t.Errorf("the queries have %v relations, want %v", asked, want)
	}
}

// An answer of an earlier run is not read as this one's.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	results := filepath.Join(dir, "target", "run_results.json")
	if err := os.MkdirAll(filepath.Dir(results), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(results, []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	q := Question{Adapter: "duckdb", Exist: []Relation{a}}
	if err := Write(dir, q); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(dir, q); !errors.Is(err, ask.ErrNoResults) {
		t.Errorf("read before dbt ran: %v", err)
	}
}

func TestSupportOf(t *testing.T) {
	for adapter, want := range map[string]Support{
		"duckdb":    {Run: true, Functions: true},
		"postgres":  {Run: true, Functions: true, Cascades: true, OneDatabase: true},
		"redshift":  {Cascades: true},
		"snowflake": {},
	} {
		if got := SupportOf(adapter); got != want {
			t.Errorf("%s: %+v, want %+v", adapter, got, want)
		}
	}
}

// Whatever dbt hands back: it is read or refused, and what hangs on a relation is
// told once, nearest first.
func FuzzRead(f *testing.F) {
	f.Add(`{"version": 1, "database": "db", "exist": [["0", "table", "3"], ["1", "view", ""]], "dependents": [["0", "", "A", "", "", "", "", "", ""], ["", "A", "v", "no", "view", "s", "v", "", ""], ["", "A", "t", "yes", "", "", "", "", ""], ["", "t", "w", "no", "view", "s", "w", "", ""], ["", "w", "v", "no", "view", "s", "v", "", ""]]}`)
	f.Add(`{"version": 1, "exist": [[null, 1]], "dependents": [["", "A", "A", "no"]]}`)
	f.Add(`{"version": 1, "database": "db", "dependents": [["0", "", "", "", "", "", "", "", ""], ["", "", "", "no", "", "", "", "x", ""]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		answer, err := read(result(t, text), Question{Adapter: "duckdb", Exist: []Relation{a, b}, Dependents: []Relation{a}})
		if err != nil {
			return
		}
		if _, ok := answer.Kind(Relation{"db", "s", "c"}); ok {
			t.Error("a relation that was not asked for is there")
		}
		if hanging := answer.Dependents(b); hanging != nil {
			t.Errorf("on a relation that was not asked for hang %v", hanging)
		}
		deepest := 1
		for _, d := range answer.Dependents(a) {
			if d.Depth < deepest {
				t.Errorf("%+v comes after a depth of %d", d, deepest)
			}
			deepest = d.Depth
		}
		if n := len(answer.Dependents(a)); n > len(answer.graph.nodes) {
			t.Errorf("%d of %d objects hang on a", n, len(answer.graph.nodes))
		}
	})
}
