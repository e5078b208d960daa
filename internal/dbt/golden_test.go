package dbt

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
)

// errorText collects errors with their hints, as a golden file holds them.
type errorText struct {
	strings.Builder
	dir string // a temporary directory, written as DIR
}

func (e *errorText) add(t *testing.T, name string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: expected an error", name)
		return
	}
	fmt.Fprintf(e, "%s\n  error: %v\n", name, err)
	var hinted interface{ Hints() []string }
	if errors.As(err, &hinted) {
		for _, hint := range hinted.Hints() {
			fmt.Fprintf(e, "  hint: %s\n", hint)
		}
	}
}

func (e *errorText) compare(t *testing.T, file string) {
	t.Helper()
	text := e.String()
	if e.dir != "" {
		text = strings.ReplaceAll(text, e.dir, "DIR")
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, file, []byte(text))
}
