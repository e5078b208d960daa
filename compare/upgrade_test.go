package compare

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/dbt/artifact"
)

// Messages as dbt 1.11.16, 1.12.6 and 2.0.0-alpha.4 have written them.
func TestMessageOf(t *testing.T) {
	for _, c := range []struct {
		name  string
		event artifact.Event
		want  message
	}{
		{
			"a deprecation of dbt 1",
			artifact.Event{Level: artifact.LevelWarn, Name: "MissingArgumentsPropertyInGenericTestDeprecation", Message: "[\x1b[33mWARNING\x1b[0m][MissingArgumentsPropertyInGenericTestDeprecation]: Deprecated\nfunctionality\nFound top-level arguments to test `accepted_values`"},
			message{"warning", "MissingArgumentsPropertyInGenericTestDeprecation", "Found top-level arguments to test `accepted_values`"},
		},
		{
			"another warning of dbt 1",
			artifact.Event{Level: artifact.LevelWarn, Name: "NoNodeForYamlKey", Message: "[\x1b[33mWARNING\x1b[0m]: Did not find matching node for patch with name 'x'"},
			message{"warning", "NoNodeForYamlKey", "Did not find matching node for patch with name 'x'"},
		},
		{
			"dbt 1 can't read the project",
			artifact.Event{Level: artifact.LevelError, Name: "MainEncounteredError", Message: "Encountered an error:\nCompilation Error\n  Model 'a' depends on a node named 'b' which was not found"},
			message{"error", "Compilation Error", "Model 'a' depends on a node named 'b' which was not found"},
		},
		{
			"an error of dbt 2",
			artifact.Event{Level: artifact.LevelError, Name: "Generic", Message: "[error] [DbtYamlValidationError (dbt1159)]: Deprecated test arguments\n  --> models/a.yml:13:100"},
			message{"error", "DbtYamlValidationError (dbt1159)", "Deprecated test arguments --> models/a.yml:13:100"},
		},
		{
			"a warning of dbt 2",
			artifact.Event{Level: artifact.LevelWarn, Name: "Generic", Message: "[warn] [UnusedConfigKey (dbt1060)]: Ignored unexpected key"},
			message{"warning", "UnusedConfigKey (dbt1060)", "Ignored unexpected key"},
		},
	} {
		if got, ok := messageOf(c.event); !ok || got != c.want {
			t.Errorf("%s: got %+v (%t), want %+v", c.name, got, ok, c.want)
		}
	}
	for _, none := range []artifact.Event{
		{Level: artifact.LevelInfo, Name: "Found", Message: "Found 9 models"},
		{Level: artifact.LevelWarn, Name: "DeprecationsSummary", Message: "Summary of encountered deprecations"},
		{Message: "a plain line"},
	} {
		if got, ok := messageOf(none); ok {
			t.Errorf("%q counts as %+v", none.Message, got)
		}
	}
}

func TestNews(t *testing.T) {
	warning := func(kind, text string) message { return message{"warning", kind, text} }
	before := []message{
		warning("Same", "one"), warning("Worded", "in the old way"), warning("Numbered", "x"), warning("Gone", "a"), warning("Gone", "b"),
		warning("More", "first"), warning("More", "first"),
	}
	after := []message{
		warning("Same", "one"), warning("Worded", "in the new way"), warning("Numbered (dbt1089)", "as dbt 2 says"), warning("More", "first"), warning("More", "second"), warning("More", "second"),
		warning("New", "1"), warning("New", "2"), warning("New", "3"), warning("New", "4"), warning("New", "5"), warning("New", "6"),
		{"error", "Refused", "x"},
	}
	said, both, gone := news(before, after)
	want := []report.Said{
		{Level: "error", Kind: "Refused", Count: 1, Texts: []string{"x"}},
		{Level: "warning", Kind: "New", Count: 6, Texts: []string{"1", "2", "3", "4", "5"}},
		{Level: "warning", Kind: "More", Count: 1, Texts: []string{"second"}},
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if both != 4 || gone != 2 {
		t.Errorf("%d of both, %d gone; want 4 and 2", both, gone)
	}
}
