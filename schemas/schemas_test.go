package schemas_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/testing/schematest"
	"dot-for-dbt/schemas"
)

// The schema of dot_environments.yml is source/dot_environments.json with all flags of dbt's.
func TestSchemaOfEnvironments(t *testing.T) {
	text, err := os.ReadFile("source/dot_environments.json")
	if err != nil {
		t.Fatal(err)
	}
	flags, spellings := dbtFlags()
	for mark, own := range map[string]string{`"@flags": true`: flags, `"@spellings": true`: spellings} {
		if strings.Count(string(text), mark) != 1 {
			t.Fatalf("the source has no %s, or several", mark)
		}
		text = []byte(strings.Replace(string(text), mark, own, 1))
	}
	var schema json.RawMessage = text
	indented, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldie.New(t, goldie.WithFixtureDir("."), goldie.WithNameSuffix(".schema.json")).Assert(t, "dot_environments", append(indented, '\n'))
}

// dbtFlags returns the properties of an environment for dbt's flags, as JSON: those that an editor
// completes, and patterns of all other spellings that dot reads.
func dbtFlags() (properties, patterns string) {
	commands := map[string][]string{}
	byName := map[string]dbt.Flag{}
	for _, command := range dbt.Commands() {
		for _, flag := range command.Flags() {
			byName[flag.Name] = flag
			commands[flag.Name] = append(commands[flag.Name], command.Name)
		}
	}
	var own []string
	others := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		flag := byName[name]
		if name == "vars" {
			continue // a key of its own
		}
		kind := [...]string{dbt.None: "switch", dbt.One: "flagValue", dbt.Many: "flagValues"}[flag.Arity]
		others[kind] = append(others[kind], strings.ReplaceAll(name, "-", "[-_]"))
		for _, alias := range flag.Aliases {
			others[kind] = append(others[kind], strings.ReplaceAll(alias, "-", "[-_]"))
		}
		if flag.HasNo {
			others["switch"] = append(others["switch"], "no[-_]"+strings.ReplaceAll(name, "-", "[-_]"))
		}
		if strings.HasPrefix(name, "deprecated-") {
			continue // only dbt's old variables are called so
		}
		about := "A flag of dbt's"
		if of := commands[name]; len(of) < len(dbt.Commands()) {
			about = "A flag of dbt " + strings.Join(of, ", ")
		}
		own = append(own, fmt.Sprintf(`%q: {"description": %q, "$ref": "#/definitions/%s"}`, name, about+".", kind))
	}
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(others)) {
		all = append(all, fmt.Sprintf(`"^(?:%s)$": {"$ref": "#/definitions/%s"}`, strings.Join(others[kind], "|"), kind))
	}
	return strings.Join(own, ",\n"), strings.Join(all, ",\n")
}

// Each schema can be read by its name, and is a valid one.
func TestNames(t *testing.T) {
	names := schemas.Names()
	for _, want := range []string{"doctor", "dot_environments", "dot_vars", "events", "explain", "plan", "prune", "report", "status"} {
		if !slices.Contains(names, want) {
			t.Errorf("no schema %s", want)
		}
	}
	for _, name := range names {
		if _, err := schemas.Read(name); err != nil {
			t.Error(err)
		}
		if err := schematest.Compile(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
