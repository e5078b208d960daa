package adapter

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOf(t *testing.T) {
	if !slices.IsSortedFunc(table, func(a, b Adapter) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the rows are not sorted by name")
	}
	if got := Of("postgres"); got.Name != "postgres" || got.NameLimit != 63 {
		t.Errorf("postgres: %+v", got)
	}
	want := Adapter{Name: "trino", Host: usualHost, Database: usualDatabase}
	if diff := cmp.Diff(want, Of("trino")); diff != "" {
		t.Errorf("an adapter without a row (-want +got):\n%s", diff)
	}
}

func TestFold(t *testing.T) {
	for _, tt := range []struct {
		adapter string
		quoted  bool
		want    string
	}{
		{"duckdb", true, "orders"},
		{"duckdb", false, "orders"},
		{"postgres", true, "Orders"},
		{"postgres", false, "orders"},
		{"redshift", false, "orders"},
		{"snowflake", false, "Orders"},
		{"trino", false, "Orders"},
	} {
		if got := Of(tt.adapter).Fold("Orders", tt.quoted); got != tt.want {
			t.Errorf("%s, quoted %t: %s, want %s", tt.adapter, tt.quoted, got, tt.want)
		}
	}
	long := strings.Repeat("x", 62) + "é" // PostgreSQL keeps 63 bytes, and no half letter
	if got := Of("postgres").Fold(long, true); got != long[:62] {
		t.Errorf("a long name: %s", got)
	}
}
