package report_test

import (
	"bytes"
	"os"
	"testing"

	"dot-for-dbt/compare/report"
)

// example is the report of a shop, which the tests of all renderers show. Its
// file is written by hand: edit it, then run the tests with -update.
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

// written is a report as JSON.
func written(t testing.TB, r report.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is read is written as it was: no field gets lost.
func TestExampleIsWrittenAsItWasRead(t *testing.T) {
	want, err := os.ReadFile("testdata/report.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := written(t, example(t)); !bytes.Equal(got, want) {
		t.Errorf("testdata/report.json is written otherwise:\n%s", got)
	}
}
