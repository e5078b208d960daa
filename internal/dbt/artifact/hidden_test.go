package artifact

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReveal has ids as dbt prints them with secrets in its environment.
func TestReveal(t *testing.T) {
	known := []string{"model.p.b_postgres", "model.p.b_duck", "model.p.other", "model.p.c"}
	for _, c := range []struct {
		id   string
		env  []string
		want []string
	}{
		{"model.p.c", []string{"DBT_ENV_SECRET_X=c"}, []string{"model.p.c"}}, // not hidden
		{"model.p.b_*****", []string{"X=duck", "DBT_ENV_SECRET_X=postgres"}, []string{"model.p.b_postgres"}},
		{"model.p.b_*****", []string{"DBT_ENV_SECRET_X=postgres", "DBT_ENV_SECRET_Y=duck"}, []string{"model.p.b_postgres", "model.p.b_duck"}},
		{"model.p.b_*****", []string{"DBT_ENV_SECRET_X= "}, []string{"model.p.b_postgres", "model.p.b_duck"}}, // from a .env
		{"*****.p.*****ther", []string{"DBT_ENV_SECRET_X=model", "DBT_ENV_SECRET_Y=o"}, []string{"model.p.other"}},
		{"m*****del.p.*****ther", []string{"DBT_ENV_SECRET_Y=o"}, []string{"model.p.other"}},
		{"model.p.d_*****", nil, nil},
	} {
		if got := reveal(c.id, c.env, slices.Values(known)); !slices.Equal(got, c.want) {
			t.Errorf("%s with %q is %q, want %q", c.id, c.env, got, c.want)
		}
	}
}

// TestReadListReveals reads lines in which dbt has hidden texts, of values and of names.
func TestReadListReveals(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, []byte(`{
"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
"nodes": {
	"model.p.b_postgres": {"unique_id": "model.p.b_postgres", "resource_type": "model", "name": "b_postgres", "schema": "main_abc", "created_at": 1764143044.7251},
	"model.p.b_duck": {"unique_id": "model.p.b_duck", "resource_type": "model", "name": "b_duck", "schema": "main_abc", "created_at": 1764143044.7252}},
"unit_tests": {"unit_test.p.b_duck.t": {"unique_id": "unit_test.p.b_duck.t"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const printed = `{"unique_*****": "model.p.b_*****", "resource_type": "mo*****l"}
{"unique_*****": "model.p.b_*****", "resource_type": "mo*****l"}
{"unique_*****": "unit_test.p.b_*****.t"}
{"unique_id": "model.p.c", "resource_type": "model"}
`
	env := []string{"DBT_ENV_SECRET_X=postgres", "DBT_ENV_SECRET_Y=duck", "DBT_ENV_SECRET_Z=id"}
	got, err := ReadList(strings.NewReader(printed), RevealFrom(manifest, env))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b Node) int { return strings.Compare(a.UniqueID, b.UniqueID) })
	want := []Node{
		{UniqueID: "model.p.b_duck", ResourceType: "model", Name: "b_duck", Schema: "main_abc", Created: 1764143044.7252},
		{UniqueID: "model.p.b_postgres", ResourceType: "model", Name: "b_postgres", Schema: "main_abc", Created: 1764143044.7251},
		{UniqueID: "model.p.c", ResourceType: "model"},
		{UniqueID: "unit_test.p.b_duck.t", ResourceType: "unit_test"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}
	const one = `{"unique_id": "*****.p.b_*****", "created_at": 1764143044.7251}`
	if got, err := ReadList(strings.NewReader(one), RevealFrom(manifest, append(env, "DBT_ENV_SECRET_M=model"))); err != nil || len(got) != 1 || got[0].Name != "b_postgres" {
		t.Errorf("by its time it is %v (%v)", got, err)
	}
	if _, err := ReadList(strings.NewReader(`{"unique_id": "model.q.*****"}`), RevealFrom(manifest, env)); err == nil {
		t.Error("no error about a node that the manifest lacks")
	}
}

// TestLogReveal: if the log hasn't all ids that look the same, it doesn't say which of them ended.
func TestLogReveal(t *testing.T) {
	known := []string{"model.p.b_postgres", "model.p.b_duck", "model.p.c"}
	env := []string{"DBT_ENV_SECRET_X=postgres", "DBT_ENV_SECRET_Y=duck"}
	log := Log{Known: true, Begun: []string{"model.p.b_*****", "model.p.b_*****", "model.p.c"}, Written: []string{"model.p.b_*****", "model.p.c"}, Failed: []string{"test.p.b_*****.1"}}
	want := Log{Known: true, Begun: []string{"model.p.b_postgres", "model.p.b_duck", "model.p.c"}, Written: []string{"model.p.c"}}
	if diff := cmp.Diff(want, log.Reveal(env, known)); diff != "" {
		t.Errorf("half (-want +got):\n%s", diff)
	}
	log.Written = []string{"model.p.b_*****", "model.p.b_*****"}
	want.Written = []string{"model.p.b_postgres", "model.p.b_duck"}
	if diff := cmp.Diff(want, log.Reveal(env, known)); diff != "" {
		t.Errorf("whole (-want +got):\n%s", diff)
	}
}
