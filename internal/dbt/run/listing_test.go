package run

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/artifact"
)

// listed is the output of a dbt list: for each line its level, event and message.
func listed(lines ...string) *Listing {
	var out strings.Builder
	for _, line := range lines {
		words := strings.SplitN(line, " ", 3)
		fmt.Fprintf(&out, `{"data": {}, "info": {"level": %q, "name": %q, "msg": %q}}`+"\n", words[0], words[1], words[2])
	}
	return ReadListing([]byte(out.String()))
}

// TestListing: the events of dbt 1.11.16 for a project with all kinds of warnings.
func TestListing(t *testing.T) {
	l := listed(
		`info MainReportVersion Running with dbt=1.11.16`,
		`warn ConfigLogPathDeprecation the log-path config`,
		`info AdapterRegistered Registered adapter: duckdb=1.11.1`,
		`info UnableToPartialParse Starting full parse.`,
		`warn NoNodeForYamlKey Did not find matching node`,
		`warn FreshnessConfigProblem A loaded_at_field must be specified`,
		`warn DeprecatedModel Model a has passed its deprecation date`,
		`info PrintEvent {"unique_id": "model.shop.a"}`,
		`info PrintEvent {"unique_id": "model.shop.b"}`,
		`warn DeprecationsSummary Summary of encountered deprecations`,
	)
	nodes, err := artifact.ReadList(&l.Nodes, nil)
	if err != nil || len(nodes) != 2 || nodes[1].UniqueID != "model.shop.b" {
		t.Errorf("nodes %v, error %v", nodes, err)
	}
	names := func(events []artifact.Event) (names []string) {
		for _, e := range events {
			names = append(names, e.Name)
		}
		return names
	}
	want := []string{"NoNodeForYamlKey", "FreshnessConfigProblem"}
	if diff := cmp.Diff(want, names(l.Warnings(true))); diff != "" {
		t.Errorf("warnings that the next command won't give (-want +got):\n%s", diff)
	}
	want = []string{"ConfigLogPathDeprecation", "NoNodeForYamlKey", "FreshnessConfigProblem", "DeprecatedModel", "DeprecationsSummary"}
	if diff := cmp.Diff(want, names(l.Warnings(false))); diff != "" {
		t.Errorf("all warnings (-want +got):\n%s", diff)
	}

	l = listed(`info AdapterRegistered x`, `warn SomethingDeprecation x`, `warn DeprecationsSummary x`)
	if got := l.Warnings(true); len(got) != 2 {
		t.Errorf("a deprecation that only the parse finds, and its summary: %v", got)
	}
}

// Of a selection that matches nothing, with --warn-error.
func TestListingOfNothing(t *testing.T) {
	l := listed("error MainEncounteredError Encountered an error:\nCompilation Error\n  No nodes selected!")
	if !l.SelectedNothing() || !l.Unmatched() {
		t.Error("no nodes selected")
	}
	l = listed("error MainEncounteredError Compilation Error\n  The selection criterion 'x' does not match any enabled nodes")
	if l.SelectedNothing() || !l.Unmatched() {
		t.Error("a criterion that matches nothing")
	}
	l = ReadListing([]byte("No nodes selected!\n" + `{"unique_id": "model.shop.a"}` + "\n")) // as text
	if nodes, err := artifact.ReadList(&l.Nodes, nil); err != nil || len(nodes) != 1 || l.Unmatched() {
		t.Errorf("nodes %v, error %v", nodes, err)
	}
}
