package ladder

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

func TestChunks(t *testing.T) {
	batch := func(threads int, rows ...int64) Batch {
		j := Batch{Threads: threads}
		for i, n := range rows {
			j.Pairs = append(j.Pairs, Pair{ID: fmt.Sprint(i), Rows: n})
		}
		return j
	}
	small := make([]int64, 100)
	tests := []struct {
		name  string
		batch Batch
		want  []int // pairs in each model
	}{
		{"none", batch(4), nil},
		{"one", batch(4, 0), []int{1}},
		{"fewer than threads", batch(4, 0, 0, 0), []int{1, 1, 1}},
		{"a hundred small ones", batch(4, small...), []int{25, 25, 25, 25}},
		{"a hundred, many threads", batch(8, small...), []int{13, 13, 13, 13, 12, 12, 12, 12}},
		{"a hundred, one thread", batch(1, small...), []int{25, 25, 25, 25}},
		{"large ones alone", batch(1, 0, large, 5, 9*large), []int{1, 1, 2}},
		{"each alone", Batch{Alone: true, Threads: 2, Pairs: batch(1, 0, 0, 0).Pairs}, []int{1, 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			seen := map[int]bool{}
			for _, chunk := range chunks(tt.batch) {
				got = append(got, len(chunk))
				for _, i := range chunk {
					seen[i] = true
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pairs in each model (-want +got):\n%s", diff)
			}
			if len(seen) != len(tt.batch.Pairs) {
				t.Errorf("%d of %d pairs are in a model", len(seen), len(tt.batch.Pairs))
			}
		})
	}
	if c := chunks(batch(1, 0, large, 5, 9*large)); c[0][0] != 3 {
		t.Errorf("the first model has pair %d: the largest takes longest and comes first", c[0][0])
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		fold fold
		sql  string
		want []string // the last part first
	}{
		{foldLower, `"db"."Sch"."Tab""le"`, []string{`Tab"le`, "Sch", "db"}},
		{foldLower, `db.Sch.TABLE`, []string{"table", "sch", "db"}},
		{foldUpper, `db."sch".table`, []string{"TABLE", "sch", "DB"}},
		{foldAny, `Sch.Table`, []string{"Table", "Sch"}},
		{foldNone, `"a.b"."c"`, []string{"c", "a.b"}},
		{foldLower, `"a"b`, nil},
		{foldLower, `"a`, nil},
		{foldLower, ``, []string{""}},
	}
	for _, tt := range tests {
		d := dialect{fold: tt.fold, Quote: `"`}
		if got := d.split(tt.sql); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.sql, got, tt.want)
		}
	}
	d := dialect{fold: foldUpper, Quote: `"`}
	got := d.lookup("0a", Relation{Database: "db", Schema: "s", Identifier: "t", SQL: `s."t"`})
	if want := (lookup{"0a", "db", "S", "t"}); got != want {
		t.Errorf("looked up %+v, want %+v", got, want)
	}
}

func TestSay(t *testing.T) {
	tests := []struct {
		problem KeyProblem
		want    string
	}{
		{KeyProblem{Columns: []string{"id"}, Repeated: 3, Example: []string{"17"}, Times: 4}, "3 values of id occur more than once in prod, such as 17 (4 times)"},
		{KeyProblem{Columns: []string{"x", "y"}, InB: true, Repeated: 1, Example: []string{"1", "b"}, Times: 2}, "1 value of x, y occurs more than once in dev: 1, b (2 times)"},
		{KeyProblem{Columns: []string{"id"}, Nulls: 2}, "id is NULL in 2 rows of prod"},
		{KeyProblem{Columns: []string{"id"}, InB: true, Nulls: 1}, "id is NULL in 1 row of dev"},
		{KeyProblem{Columns: []string{"id", "nr"}, Missing: "nr"}, "prod and dev don't both have a column nr"},
	}
	for _, tt := range tests {
		if got := tt.problem.Say("prod", "dev"); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	batch := Batch{Adapter: "duckdb", Profile: "p", Database: "d", Schema: "s", Threads: 3, Pairs: []Pair{{ID: "1"}, {ID: "2"}, {ID: "3"}}}
	if err := Write(dir, batch); err != nil {
		t.Fatal(err)
	}
	models := func() int {
		found, err := filepath.Glob(filepath.Join(dir, "models", "*.sql"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	if n := models(); n != 3 {
		t.Errorf("%d models, want 3", n)
	}
	if err := os.MkdirAll(filepath.Join(dir, "target"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "target", "run_results.json"), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	batch.Pairs = batch.Pairs[:1]
	if err := Write(dir, batch); err != nil {
		t.Fatal(err)
	}
	if n := models(); n != 1 {
		t.Errorf("%d models are left, want 1", n)
	}
	if _, err := Read(dir, batch); err == nil {
		t.Error("results of an earlier run were read")
	}
	batch.Adapter = "oracle"
	if err := Write(dir, batch); err == nil || !strings.Contains(err.Error(), "it knows bigquery, databricks, duckdb") {
		t.Errorf("for an unknown adapter: %v", err)
	}
}

// A model's reply, and the answer that is made from it.
func TestAnswers(t *testing.T) {
	const columns = `"a": {"kind": "table", "readable": true, "columns": [["id", "int"], ["v", "int"]]}, "b": {"kind": "table", "readable": true, "columns": [["id", "int"], ["v", "int"]]}, "compared": ["id", "v"], "sampled": ["id", "v"]`
	sums := func(a, b string) string { return `"sums": {"a": ["2", "` + a + `"], "b": ["2", "` + b + `"]}` }
	tests := []struct{ name, answer, want string }{
		{"equal", sums("1", "1"), "2/2 equal"},
		{"a column was left out", sums("1", "1") + `, "undecided": ["w"]`, "failed: can't tell whether the values are equal in w 2/2"},
		{"a column was left out, and it differs", sums("1", "2") + `, "undecided": ["w"], "group": [["total", "1", "1", "0", "5"]]`, "2/2 not equal by group by +1 -1 v own"},
		{"no fingerprint", `"sums": {"a": ["2", null], "b": ["2", null]}`, "failed: the fingerprint is missing 2/2"},
		{"not counted", `"sums": {"a": null, "b": null}`, "failed: the rows were not counted table/table"},
		{"no detail", sums("1", "2"), "failed: the fingerprints differ, but no details were returned 2/2"},
		{"differs, and nothing differs", sums("1", "2") + `, "join": [["total", "0", "0", "0", "0", "0", "0"]]`, "failed: " + errMoved.Error() + " 2/2"},
		{"differs, and nothing differs, without a key", sums("1", "2") + `, "group": [["total", "0", "0", null, "0", "0"]]`, "failed: " + errMoved.Error() + " 2/2"},
		{"rows came in between", sums("1", "2") + `, "join": [["total", "1", "0", "0", "1", "0", "0"]]`, "failed: " + errMoved.Error() + " 2/2"},
		{"tolerated", sums("1", "2") + `, "tolerated": true, "join": [["total", "0", "0", "0", "2", "0", "0"]]`, "2/2 not equal by join +0 -0 ~0 tolerated"},
		{"differs, but not by a value", sums("1", "2") + `, "join": [["total", "0", "0", "0", "2", "0", "0"]]`, "failed: " + errMoved.Error() + " 2/2"},
		{"a short row", sums("1", "2") + `, "join": [["total", "0", "0"]]`, "failed: expected a row of at least 7 values, found 3 2/2"},
		{"a number that is none", sums("1", "2") + `, "join": [["total", "x", "0", "0", "2", "0", "0"]]`, `failed: expected a number, found "x" 2/2`},
		{"a sample that is none", sums("1", "2") + `, "join": [["total", "0", "0", "1", "1", "0", "1"], ["other", "1", null, null, null, "1", "1"]]`, `failed: there is no kind of row "other" 2/2`},
		{
			"long values", sums("1", "2") + `, "join": [["total", "1", "1", "0", "2", "0", "0"], ["added", "1", null, null, null, "` + strings.Repeat("x", 1001) + `", null]]`,
			"2/2 not equal by join +1 -1 ~0 <added id=" + strings.Repeat("x", 60) + "…,v=NULL>",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := artifact.Result{UniqueID: "model.x", Status: artifact.StatusSuccess}
			if err := json.Unmarshal([]byte(`{"code": `+string(mustJSON(t, `{"version": 1, "pairs": [{"id": "p", `+columns+`, `+tt.answer+`}]}`))+`}`), &r.Response); err != nil {
				t.Fatal(err)
			}
			f := chunkAnswers(r, []Pair{{ID: "p", Depth: Detail}})[0]
			if got := said(f); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
	// A pair that failed with others is tried again alone; one that failed alone isn't.
	batch := Batch{Pairs: []Pair{{ID: "p"}, {ID: "q"}, {ID: "r"}}}
	failed := artifact.Result{UniqueID: "model.x", Status: artifact.StatusError, Message: "no"}
	answers := append(chunkAnswers(failed, batch.Pairs[:2]), chunkAnswers(failed, batch.Pairs[2:])...)
	again, ok := Retry(batch, answers)
	if !ok || !again.Alone || len(again.Pairs) != 2 || again.Pairs[1].ID != "q" {
		t.Errorf("again: %t, %+v", ok, again)
	}
	if _, ok := Retry(again, chunkAnswers(failed, again.Pairs[:1])); ok {
		t.Error("what failed alone is tried a third time")
	}
	if f := chunkAnswers(artifact.Result{}, batch.Pairs[:1])[0]; f.Failed == "" {
		t.Error("a model that did not run has no failure")
	}
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Whatever dbt returns: no panic, and no pair is equal unless its rows were counted and
// its fingerprints agree.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"version": 1, "pairs": [{"id": "p", "a": {"readable": true, "columns": [["x", "int"]]}, "b": {"readable": true, "columns": [["x", "int"]]}, "compared": ["x"], "sums": {"a": ["1", "2"], "b": ["1", "2"]}}]}`)
	f.Add(`{"version": 1, "pairs": [{"id": "p", "a": {"readable": true, "columns": [["x", "int"]]}, "b": {"readable": true, "columns": [["x", "int"]]}, "compared": ["x"], "sampled": ["x"], "sums": {"a": ["1", "2"], "b": ["1", "3"]}, "join": [["total", "0", "0", "1", "1", "1"], ["before", "1", null, null, null, "5"], ["after", "1", null, null, null, "6"]], "spans": [["a", "0", "1", "0", "1", "2", "1.5"]], "bins": [["a", "0", "19", "1"]]}]}`)
	f.Add(`{"version": 1, "pairs": [{"id": "p", "a": null, "b": {"readable": false}, "key": {"problem": "repeated", "count": "x", "example": [null]}, "group": [["total", "1", "0", null, null]]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var r artifact.Result
		r.UniqueID, r.Status = "model.x", artifact.StatusSuccess
		if err := json.Unmarshal([]byte(`{"code": `+string(mustJSON(t, text))+`}`), &r.Response); err != nil {
			t.Fatal(err)
		}
		found := chunkAnswers(r, []Pair{{ID: "p", Depth: Detail}})
		if len(found) != 1 || found[0].ID != "p" {
			t.Fatalf("found %+v", found)
		}
		one := found[0]
		if one.Equal == nil {
			return
		}
		if one.Failed != "" || !one.A.Exists || !one.B.Exists || one.A.Rows == nil || one.B.Rows == nil {
			t.Errorf("compared, and %+v", one)
		}
		if *one.Equal && *one.A.Rows != *one.B.Rows || *one.Equal != (one.Detail == nil) {
			t.Errorf("equal %t, and %+v", *one.Equal, one)
		}
	})
}

// Follow turns dbt's events into the number of pairs that are done and the names of
// those that run alone.
func TestFollow(t *testing.T) {
	batch := Batch{Threads: 2, Pairs: []Pair{{ID: "a"}, {ID: "big", Rows: large}, {ID: "b"}, {ID: "c"}, {ID: "huge", Rows: 9 * large}}}
	var told []string
	follow := Follow(batch, func(done int, running []string) { told = append(told, fmt.Sprint(done, running)) })
	event := func(model int, status artifact.Status) artifact.Event {
		return artifact.Event{Node: &artifact.NodeRun{Result: artifact.Result{UniqueID: ask.ModelID(projectName, model), Status: status}}}
	}
	follow(artifact.Event{Name: "ConcurrencyLine", Total: 4})
	follow(artifact.Event{Node: &artifact.NodeRun{Result: artifact.Result{UniqueID: "model.shop.orders"}}})
	for _, e := range []artifact.Event{
		event(0, ""), event(1, ""), event(0, artifact.StatusSuccess), event(2, ""), event(2, artifact.StatusSuccess),
		event(3, ""), event(1, artifact.StatusError), event(3, artifact.StatusSuccess),
	} {
		follow(e)
	}
	want := []string{"0 [huge]", "0 [huge big]", "1 [big]", "1 [big]", "3 [big]", "3 [big b]", "4 [b]", "5 []"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("what is told (-want +got):\n%s", diff)
	}
}
