package artifact

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

func artifactFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// A manifest of dbt 1.11.16, with most macros taken out.
func TestReadManifest(t *testing.T) {
	nodes := map[string]Node{}
	head, err := ReadManifest("manifest.json", bytes.NewReader(artifactFile(t, "manifest.json")), func(n Node) error {
		nodes[n.UniqueID] = n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if head.DBTVersion != "1.11.16" || head.InvocationID == "" || head.GeneratedAt.IsZero() {
		t.Errorf("head %+v", head)
	}
	if len(nodes) != 14 {
		t.Errorf("%d nodes, want 14", len(nodes))
	}
	want := map[string]Node{
		"operation.shop.shop-on-run-start-0": {
			UniqueID: "operation.shop.shop-on-run-start-0", ResourceType: "operation", Name: "shop-on-run-start-0",
			Database: "x", Schema: "main_abc", Alias: "shop-on-run-start-0", File: "./dbt_project.yml", SQL: "select 1",
			Config: NodeConfig{Materialized: "table", PreHook: []Hook{}, PostHook: []Hook{}, Grants: map[string]any{}},
		},
		"source.shop.ext.t": {
			UniqueID: "source.shop.ext.t", ResourceType: "source", Name: "t", Database: "x", Schema: "raw",
			Identifier: "tt", RelationName: `"x"."raw"."tt"`, File: "models/s.yml",
		},
		"test.shop.un2.d13e161351": {
			UniqueID: "test.shop.un2.d13e161351", ResourceType: "test", Name: "un2", Database: "x",
			Schema: "main_abc_dbt_test__audit", Alias: "un2", File: "models/s.yml",
			RelationName: `"x"."main_abc_dbt_test__audit"."un2"`,
			Config:       NodeConfig{Materialized: "test", StoreFailures: true},
		},
	}
	for id, n := range want {
		got := nodes[id]
		if got.Created == 0 {
			t.Errorf("%s has no time", id)
		}
		got.Created = 0
		if diff := cmp.Diff(n, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// The run_results.json of a dbt build with failures.
func TestReadRunResults(t *testing.T) {
	r, err := ReadRunResults("run_results.json", bytes.NewReader(artifactFile(t, "run_results.json")))
	if err != nil {
		t.Fatal(err)
	}
	if r.Args.Which != "build" || r.Elapsed < 100*time.Millisecond || r.Elapsed > time.Minute {
		t.Errorf("args %+v, elapsed %s", r.Args, r.Elapsed)
	}
	got := map[string]Status{}
	for _, result := range r.Results {
		got[result.UniqueID] = result.Status
	}
	want := map[string]Status{
		"operation.shop.shop-on-run-start-0": StatusSuccess, "seed.shop.raw": StatusSuccess,
		"model.shop.fromsrc": StatusError, "model.shop.bad": StatusError, "model.shop.after": StatusSkipped,
		"model.shop.stg": StatusSuccess, "model.shop.orders": StatusSuccess, "unit_test.shop.stg.ut": StatusPass,
		"test.shop.accepted_values_stg_id__1.6dc47d4046": StatusPass, "test.shop.not_null_stg_id.b8516e7472": StatusPass,
		"test.shop.un2.d13e161351": StatusPass, "test.shop.unique_stg_id.fed989f6b1": StatusPass,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
	seed := r.Results[2]
	if seed.Message != "INSERT 1" || seed.RelationName != "" || seed.Seconds <= 0 {
		t.Errorf("the seed's result %+v", seed)
	}
}

// A response's code is text or missing. Its row count is a number or missing.
func TestResponse(t *testing.T) {
	for response, want := range map[string]Response{
		`{"code": "INSERT", "rows_affected": 12}`:   {Code: "INSERT", Rows: 12},
		`{"code": 200, "rows_affected": "many"}`:    {},
		`{"code": null, "rows_affected": null}`:     {},
		`{"code": "SELECT", "rows_affected": -1}`:   {Code: "SELECT"},
		`{"code": "SELECT", "rows_affected": 1.5}`:  {Code: "SELECT"},
		`{"code": {}, "rows_affected": {"n": [1]}}`: {},
		`{}`: {}, `null`: {},
	} {
		text := `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}, "results": [{"adapter_response": ` + response + `}]}`
		r, err := ReadRunResults("run_results.json", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Results[0].Response; got != want {
			t.Errorf("%s: %+v, want %+v", response, got, want)
		}
	}
}

// Each status is in one category.
func TestStatus(t *testing.T) {
	tests := []struct {
		status                   Status
		wrote, failed, untouched bool
	}{
		{StatusSuccess, true, false, false},
		{StatusPass, true, false, false},
		{StatusWarn, true, false, false},
		{StatusFail, true, true, false},
		{StatusError, false, true, false},
		{StatusRuntimeError, false, true, false},
		{StatusPartialSuccess, false, true, false},
		{StatusSkipped, false, false, true},
		{StatusNoOp, false, false, true},
		{StatusReused, false, false, true},
		{"of a later dbt", false, false, false},
	}
	for _, tt := range tests {
		if tt.status.Wrote() != tt.wrote || tt.status.Failed() != tt.failed || tt.status.Untouched() != tt.untouched {
			t.Errorf("%s: wrote %t, failed %t, untouched %t", tt.status, tt.status.Wrote(), tt.status.Failed(), tt.status.Untouched())
		}
	}
}

func TestArtifactErrors(t *testing.T) {
	whole := string(artifactFile(t, "manifest.json"))
	results := string(artifactFile(t, "run_results.json"))
	manifest := func(text string) error {
		_, err := ReadManifest("target/manifest.json", strings.NewReader(text), nil)
		return err
	}
	runResults := func(text string) error {
		_, err := ReadRunResults("target/run_results.json", strings.NewReader(text))
		return err
	}
	head := func(kind string) string {
		return `{"metadata": {"dbt_version": "9.9.9", "dbt_schema_version": "https://schemas.getdbt.com/dbt/` + kind + `"}}`
	}
	var golden dbttest.Errors
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"empty", manifest("")},
		{"cut short", manifest(whole[:len(whole)/2])},
		{"cut short by a byte", manifest(whole[:len(whole)-1])},
		{"not JSON", manifest("target: dev\n")},
		{"a list", manifest("[1]")},
		{"followed by something", manifest(whole + "{}")},
		{"without metadata", manifest("{}")},
		{"null", manifest("null")},
		{"too new", manifest(head("manifest/v13.json"))},
		{"too old", manifest(head("manifest/v4.json"))},
		{"run results for a manifest", manifest(head("run-results/v6.json"))},
		{"nodes are a list", manifest(`{"nodes": [1]}`)},
		{"results cut short", runResults(results[:len(results)/2])},
		{"results are an object", runResults(`{"results": {}}`)},
		{"a manifest for run results", runResults(whole)},
		{"a status is a number", runResults(`{"results": [{"status": 1}]}`)},
	} {
		golden.Add(t, tt.name, tt.err)
	}
	golden.Compare(t, "artifact_errors")
}

// A node that is not an object is an error, also deep in a manifest whose nodes are visited.
func TestReadManifestVisits(t *testing.T) {
	text := `{"nodes": {"a": {"unique_id": "a", "raw_code": "select 1"}, "b": 2}}`
	var visited []Node
	_, err := ReadManifest("manifest.json", strings.NewReader(text), func(n Node) error {
		visited = append(visited, n)
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "manifest.json: ") {
		t.Errorf("expected an error that names the file, got %v", err)
	}
	if diff := cmp.Diff([]Node{{UniqueID: "a"}}, visited); diff != "" {
		t.Errorf("visited (-want +got):\n%s", diff)
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add(artifactFile(f, "manifest.json"))
	f.Add([]byte(`{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/manifest/v12.json"},"nodes":{"a":{}},"sources":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		head, err := ReadManifest("manifest.json", bytes.NewReader(data), func(Node) error { return nil })
		if err == nil && head.Schema == "" {
			t.Error("a manifest without a version was taken")
		}
		if err != nil && !strings.HasPrefix(err.Error(), "manifest.json: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}

func FuzzReadRunResults(f *testing.F) {
	f.Add(artifactFile(f, "run_results.json"))
	f.Add([]byte(`{"metadata":{"dbt_schema_version":"https://schemas.getdbt.com/dbt/run-results/v6.json"},"results":[{}],"elapsed_time":1e300}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ReadRunResults("run_results.json", bytes.NewReader(data))
		if err == nil && r.Metadata.Schema == "" {
			t.Error("run results without a version were taken")
		}
		if err != nil && !strings.HasPrefix(err.Error(), "run_results.json: ") {
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}
