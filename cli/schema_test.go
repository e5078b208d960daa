package cli

import (
	"slices"
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/schematest"
	"dot-for-dbt/schemas"
)

// outputs are the values that commands print as JSON, by schema.
var outputs = map[string]struct {
	title string
	value any
}{
	"plan":    {"What dot plan … --format json prints", jsonPlan{}},
	"explain": {"What dot explain … --format json prints", jsonExplanation{}},
	"status":  {"What dot status --json prints", jsonStatus{}},
	"store":   {"What dot status --in-store --json prints", jsonStored{}},
	"prune":   {"What dot prune --json prints", jsonPruned{}},
	"doctor":  {"What dot doctor --format json prints", jsonFindings{}},
}

// The schemas are those of the types: a field that only the type has fails this test.
func TestSchemas(t *testing.T) {
	for name, out := range outputs {
		t.Run(name, func(t *testing.T) { schematest.Golden(t, name, out.title, out.value) })
	}
}

// Whatever prints JSON has a schema.
func TestEveryJSONHasASchema(t *testing.T) {
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{"compare": "report", "upgrade-check": "report"}
	names := schemas.Names()
	seen, missing := 0, map[string]bool{}
	for _, leaf := range parser.Model.Leaves(true) {
		words := wordsOf(leaf)
		for _, group := range leaf.AllFlags(true) {
			for _, flag := range group {
				name := words[0]
				switch {
				case flag.Name == "log":
					name = "events"
				case flag.Name == "json", flag.Name == "format" && slices.Contains(strings.Split(flag.Enum, ","), "json"):
				default:
					continue
				}
				seen++
				if other, ok := of[name]; ok {
					name = other
				}
				if !slices.Contains(names, name) && !missing[name] {
					missing[name] = true
					t.Errorf("dot %s --%s: no schemas/%s.schema.json", strings.Join(words, " "), flag.Name, name)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no flag asks for JSON: the test looks for them in the wrong way")
	}
}
