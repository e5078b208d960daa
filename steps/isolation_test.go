package steps

import (
	"strings"
	"testing"

	"dot-for-dbt/internal/dbt/artifact"
)

// TestLeaks proves D.8.
func TestLeaks(t *testing.T) {
	long := strings.Repeat("x", 56) + "_abc1234" // 64 bytes
	tests := []struct {
		name             string
		adapter          string // postgres if empty
		schema, database string
		shared           []string
		want             string // "" for none
	}{
		{name: "suffix at the end", schema: "dev_abc1234"},
		{name: "suffix in the middle", schema: "dev_abc1234_finance"},
		{name: "suffix in capitals", schema: "DEV_ABC1234"},
		{name: "suffix in the database", schema: "finance", database: "lake_abc1234"},
		{name: "no suffix", schema: "finance", database: "lake", want: "schema finance"},
		{name: "half a suffix", schema: "dev_abc123", want: "schema dev_abc123"},
		{name: "nothing at all", want: "schema "},
		{name: "shared", schema: "raw", shared: []string{"other", "raw"}},
		{name: "shared in other letters", schema: "RAW", shared: []string{"raw"}},
		{name: "like a shared one", schema: "raw_data", shared: []string{"raw"}, want: "schema raw_data"},
		{name: "as long as it may be", schema: long[1:]},
		{name: "too long", schema: long, want: "schema " + long + " has 64 bytes, and postgres keeps 63"},
		{name: "too long in bytes", schema: strings.Repeat("é", 28) + "_abc1234", want: "schema " + strings.Repeat("é", 28) + "_abc1234 has 64 bytes, and postgres keeps 63"},
		{name: "long where there is no limit", adapter: "duckdb", schema: long},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.adapter == "" {
				test.adapter = "postgres"
			}
			nodes := []artifact.Node{
				{UniqueID: "model.shop.fine", Schema: "dev_abc1234"},
				{UniqueID: "model.shop.orders", Schema: test.schema, Database: test.database},
			}
			var got string
			for _, l := range leaks(nodes, test.adapter, "abc1234", test.shared) {
				if l.node.UniqueID != "model.shop.orders" {
					t.Errorf("%s leaks: %s", l.node.UniqueID, l.reason)
				}
				got += l.reason
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestIsolationErrorListsNotAll(t *testing.T) {
	found := []leak{{artifact.Node{UniqueID: "seed.shop.payments", Schema: "stg"}, false, "schema stg"}}
	for range 24 {
		found = append(found, leak{artifact.Node{UniqueID: "model.shop.orders", Schema: "raw"}, false, "schema raw"})
	}
	e := &IsolationError{build: "dev@abc1234", suffix: "abc1234", leaks: found}
	if n := strings.Count(e.Error(), "model.shop.orders"); n != 19 {
		t.Errorf("lists %d models, want 19", n)
	}
	if !strings.HasSuffix(e.Error(), "and 5 more") {
		t.Errorf("does not end with how many more there are:\n%s", e)
	}
	if !strings.Contains(strings.Join(e.Hints(), "\n"), "shared-schemas: [stg, raw]") {
		t.Errorf("no hint names the schemas: %q", e.Hints())
	}
}

// TestExternalLeaks: no two builds write the same file for an external model.
func TestExternalLeaks(t *testing.T) {
	for location, want := range map[string]string{
		"":                          "",
		"s3://bucket/abc1234/x.csv": "",
		"/data/dev_abc1234/x.csv":   "",
		"s3://bucket/x.csv":         "file s3://bucket/x.csv",
		"/data/x.csv":               "file /data/x.csv",
		"out/abc1234/x.csv":         "file out/abc1234/x.csv in the worktree, which all builds of the commit share",
	} {
		n := artifact.Node{Schema: "dev_abc1234", Config: artifact.NodeConfig{Materialized: "external", Location: location}}
		got := ""
		for _, l := range leaks([]artifact.Node{n}, "duckdb", "abc1234", nil) {
			got += l.reason
		}
		if got != want {
			t.Errorf("%q: %q, want %q", location, got, want)
		}
	}
}
