package steps

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/spec"
)

// A search path says where SQL finds relations that it names without a schema. dbt always
// names the schema, but hooks and SQL that a person wrote may not. The profile may set
// the path, and so may the server: for a role, a database, or by PGOPTIONS.

// envSchema is an environment's own schema, folded as the adapter folds names.
type envSchema struct {
	env, schema string
	secret      bool // the schema's name is no text for messages
}

func (s envSchema) String() string {
	if s.secret {
		return "the schema of environment " + s.env
	}
	return fmt.Sprintf("schema %s of environment %s", s.schema, s.env)
}

// envSchemas returns the schemas of all environments with the build's adapter: those that
// its search path should not lead to. given are the command line's arguments for dbt.
func (p *planner) envSchemas(b *build, given arguments) []envSchema {
	of := adapter.Of(b.place.Adapter)
	if len(of.SearchPath) == 0 {
		return nil
	}
	names := p.config.Environments()
	if len(names) == 0 {
		names = []string{b.Env}
	}
	key := [...]string{b.project.Profile, b.place.Adapter, strings.Join(names, " ")}
	schemas, _ := p.known.schemas.get(key, func() (schemas []envSchema, err error) {
		for _, name := range names {
			_, output, err := p.environment(spec.Spec{Env: name}, b.project, given)
			if err != nil { // its variables may be set elsewhere
				continue
			}
			place := output.Place(p.project, nil)
			if place.Adapter == b.place.Adapter {
				secret := p.factsOf(output).secret.Schema != ""
				schemas = append(schemas, envSchema{name, of.Fold(place.Schema, true), secret})
			}
		}
		return schemas, nil
	})
	return schemas
}

// onPath lists the environments' schemas among those of a search path.
func onPath(schemas []envSchema, path []string) []string {
	var list []string
	for _, s := range schemas {
		if slices.Contains(path, s.schema) {
			list = append(list, s.String())
		}
	}
	return list
}

// unqualified is the warning of a search path. by says who sets it.
func unqualified(by string, schemas []string) string {
	return fmt.Sprintf("%s: SQL without a schema reads and writes %s, and not the build's", by, strings.Join(schemas, ", "))
}

// warnOfSearchPath warns if the profile's search path leads to an environment's schema.
func (p *planner) warnOfSearchPath(b *build) {
	field, path := b.output.SearchPath()
	if list := onPath(b.envSchemas, path); len(list) > 0 {
		p.program.warn(unqualified(fmt.Sprintf("output %s of profile %s sets %s", b.output.Name, b.output.Profile, field), list))
	}
}

// serverPath returns the environments' schemas that the server's search path leads to and
// that the profile doesn't name.
func (b *build) serverPath(path []string) []string {
	_, named := b.output.SearchPath()
	return onPath(slices.DeleteFunc(slices.Clone(b.envSchemas), func(s envSchema) bool { return slices.Contains(named, s.schema) }), path)
}

// noteServerPath warns, until it changes, if the server's search path leads to an
// environment's schema.
func (a *checkIsolation) noteServerPath(attempt *graph.Attempt, answer warehouse.Answer, out *checkOutputs) {
	out.ServerPath = a.job.build.serverPath(answer.SearchPath)
	var before checkOutputs
	_ = attempt.Previous.Decode(&before) // without outputs, all is new
	if len(out.ServerPath) > 0 && !slices.Equal(out.ServerPath, before.ServerPath) {
		attempt.Notef("%s", unqualified("the server sets search_path (for the role, the database, or by PGOPTIONS)", out.ServerPath))
	}
}
