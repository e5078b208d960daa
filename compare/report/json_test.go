package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/testing/schematest"
)

// example returns the report of a shop. The tests of all formats use it.
func example(t testing.TB) report.Report {
	t.Helper()
	f, err := os.Open("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// written returns a report as JSON.
func written(t testing.TB, r report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A report that was read is written unchanged: no field is lost.
func TestExampleIsWrittenAsItWasRead(t *testing.T) {
	want, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := written(t, example(t)); !bytes.Equal(got, want) {
		t.Errorf("testdata/report.json is written otherwise:\n%s", got)
	}
	schematest.Check(t, "report", want)
}

// An empty report is readable JSON: lists are lists, times are in UTC, and numbers that
// JSON doesn't have are left out.
func TestJSONIsAlwaysReadable(t *testing.T) {
	inf, nan, one := math.Inf(1), math.NaN(), 1.0
	zone := time.FixedZone("", 3600)
	given := report.Report{
		Version:   99,
		Generated: time.Date(2026, 3, 2, 13, 0, 0, 0, zone),
		Comparisons: []report.Comparison{{Upgrade: &report.Upgrade{}}, {Relations: []report.Relation{{
			Name: "\x1b[31m\u202ered\u0085\x7f\ufeff", Verdict: report.Same,
			Columns: []report.Column{{Name: "<b> & co", Before: &report.Distribution{Min: &nan, Max: &inf, Mean: &one}}},
		}}}},
	}
	text := string(written(t, given))
	for _, want := range []string{
		`"version": 1,`, `"generated": "2026-03-02T12:00:00Z"`, `"relations": []`, `"said": []`, `"mean": 1`, `<b> & co`,
		`\u001b[31m\u202ered\u0085\u007f\ufeff`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, not := range []string{`"min"`, `"max"`, ": null"} {
		if strings.Contains(text, not) {
			t.Errorf("%s in\n%s", not, text)
		}
	}
	r, err := report.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Comparisons[1].Relations[0].Name; got != given.Comparisons[1].Relations[0].Name {
		t.Errorf("the name is read as %q", got)
	}
	if !math.IsInf(*given.Comparisons[1].Relations[0].Columns[0].Before.Max, 1) || given.Version != 99 {
		t.Error("the report that was written has changed")
	}
	if got := string(written(t, report.Report{})); !strings.Contains(got, `"comparisons": []`) {
		t.Errorf("of no comparison: %s", got)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", " \n", "it is empty"},
		{"a newer version", `{"version": 2, "comparisons": {"as": "never seen"}}`, "its version is 2, and this dot reads versions up to 1"},
		{"a plan", `{"version": 2, "builds": []}`, "not what dot compare … --format json writes"},
		{"no version", `{"comparisons": []}`, "not what dot compare … --format json writes"},
		{"version 0", `{"version": 0, "comparisons": []}`, "not what dot compare … --format json writes"},
		{"a list", "[]", "line 1: json: cannot unmarshal array"},
		{"not JSON", "\n\nrelation  verdict", "line 3: invalid character 'r'"},
		{"cut", "{\"version\": 1,\n\"comparisons\": [{", "line 2: unexpected end of JSON input"},
		{"followed by something", `{"version": 1, "comparisons": []} {}`, "line 1: invalid character '{' after top-level value"},
		{"a wrong type", "{\"version\": 1, \"comparisons\": [{\"relations\":\n[{\"name\": 7}]}]}", "line 2: json: cannot unmarshal number"},
		{"an unknown verdict", `{"version": 1, "comparisons": [{"relations": [{"node": "model.shop.orders", "verdict": "fine"}]}]}`, `model.shop.orders has the verdict "fine"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := report.Read(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
	broken := errors.New("the disk is gone")
	if _, err := report.Read(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

// Fields that a later dot adds are ignored.
func TestReadSkipsWhatItDoesNotKnow(t *testing.T) {
	r, err := report.Read(strings.NewReader(`{"version": 1, "new": {}, "comparisons": [{"also": 1, "relations": [{"name": "orders", "verdict": "same", "more": []}]}]}`))
	if err != nil || len(r.Comparisons) != 1 || r.Comparisons[0].Relations[0].Name != "orders" {
		t.Errorf("%+v, %v", r, err)
	}
}

// A report that can be read can be written, read again unchanged, and shown.
func FuzzRead(f *testing.F) {
	f.Add(written(f, hostile("orders")))
	f.Add([]byte(`{"version": 1, "comparisons": [{}]}`))
	f.Add([]byte(`{"version": 1, "comparisons": [{"relations": [{"verdict": "differs", "columns": [{"before": {"min": 1e308}}], "sample": [{"baseline": {"a": null}}]}]}]}`))
	f.Add([]byte(`{"version": 2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := report.Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		first := written(t, r)
		if !json.Valid(first) {
			t.Fatalf("not JSON: %s", first)
		}
		again, err := report.Read(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, first)
		}
		if second := written(t, again); !bytes.Equal(first, second) {
			t.Errorf("read again it is another:\n%s\n%s", first, second)
		}
		if shown := markdown(t, r); len(shown) > report.MarkdownLimit {
			t.Errorf("a comment of %d bytes", len(shown))
		}
	})
}

// A side that built nothing itself has no times.
func TestJSONWithoutTimes(t *testing.T) {
	var b strings.Builder
	if err := report.JSON(&b, report.Report{Comparisons: []report.Comparison{{}}}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "_built") {
		t.Errorf("a time that isn't known:\n%s", text)
	}
}
