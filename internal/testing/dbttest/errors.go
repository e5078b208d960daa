package dbttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/internal/hint"
)

// Errors collects errors with their hints, as text for a golden file.
type Errors struct {
	Dir  string // a temporary directory, written as DIR
	text strings.Builder
}

// Add adds the error of a case. The test fails if err is nil.
func (e *Errors) Add(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: expected an error", name)
		return
	}
	fmt.Fprintf(&e.text, "%s\n  error: %v\n", name, err)
	for _, line := range hint.Of(err) {
		fmt.Fprintf(&e.text, "  hint: %s\n", line)
	}
}

// Compare compares the errors with a golden file below testdata/golden.
func (e *Errors) Compare(t *testing.T, file string) {
	t.Helper()
	text := e.text.String()
	if e.Dir != "" {
		text = strings.ReplaceAll(text, e.Dir, "DIR")
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, file, []byte(text))
}
