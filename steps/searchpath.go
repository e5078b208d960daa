package steps

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/spec"
)

// A profile may say where SQL finds relations that it names without a schema. dbt always
// names the schema, but hooks and SQL that a person wrote may not.

// warnOfSearchPath warns if such SQL of a build would read and write an environment's
// schema. given are the command line's arguments for dbt.
func (p *planner) warnOfSearchPath(b *build, given arguments) {
	field, schemas := b.output.SearchPath()
	if len(schemas) == 0 {
		return
	}
	names := p.config.Environments()
	if len(names) == 0 {
		names = []string{b.Env}
	}
	var found []string
	for _, name := range names {
		_, output, err := p.environment(spec.Spec{Env: name}, b.project, given)
		if err != nil { // its variables may be set elsewhere
			continue
		}
		place := output.Place(p.project, nil)
		schema := adapter.Of(place.Adapter).Fold(place.Schema, true)
		if place.Adapter == b.place.Adapter && slices.Contains(schemas, schema) {
			found = append(found, fmt.Sprintf("%s of environment %s", schema, name))
		}
	}
	if len(found) > 0 {
		p.program.warn(fmt.Sprintf("output %s of profile %s sets %s: SQL without a schema reads and writes schema %s, and not the build's",
			b.output.Name, b.output.Profile, field, strings.Join(found, ", ")))
	}
}
