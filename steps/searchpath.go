package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/warehouse"
)

// A search path says where SQL finds relations that it names without a schema. dbt always
// names the schema, but hooks and SQL that a person wrote may not. The profile may set
// the path, and so may the server: for a role, a database, or by PGOPTIONS.

// envSchema is an environment's own schema, folded as the adapter folds names.
type envSchema struct {
	env, schema string
	secret      bool // the schema's name is no text for messages
	protection  Protection
}

func (s envSchema) String() string {
	if s.secret {
		return "the schema of environment " + s.env
	}
	return fmt.Sprintf("schema %s of environment %s", s.schema, s.env)
}

// envSchemas returns the schemas of all environments with the build's adapter: those that
// its SQL should not name or find. given are the command line's arguments for dbt.
func (p *planner) envSchemas(ctx context.Context, b *build, given arguments) []envSchema {
	// Without configuration, the environments are the outputs of the build's profile.
	key := [...]string{b.project.Profile, b.place.Adapter, b.output.File(), b.output.Profile}
	schemas, _ := p.known.schemas.get(key, func() (schemas []envSchema, err error) {
		names := p.config.Environments()
		if len(names) == 0 {
			names = p.outputNames(b.output)
		}
		of := adapter.Of(b.place.Adapter)
		for _, env := range p.environmentsOf(ctx, names, b.project, given) {
			place := env.output.Place(p.project, nil)
			if place.Adapter == b.place.Adapter {
				secret := p.factsOf(env.output).secret.Schema != ""
				schemas = append(schemas, envSchema{env.Name, of.Fold(place.Schema, true), secret, protectionOf(env.Environment, env.output)})
			}
		}
		return schemas, nil
	})
	return schemas
}

// outputNames lists the outputs of an output's profile: without configuration they are the
// environments.
func (p *planner) outputNames(output *profile.Output) []string {
	profiles, err := p.known.profiles.get(output.File(), func() (*profile.File, error) { return profile.Read(output.File()) })
	if err != nil {
		return []string{output.Name}
	}
	names, _, err := profiles.Outputs(output.Profile)
	if err != nil {
		return []string{output.Name}
	}
	return names
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

// checkSearchPath warns if the profile's search path leads to an environment's schema. A
// protected schema is an error.
func (p *planner) checkSearchPath(b *build) error {
	field, path := b.output.SearchPath()
	list := onPath(b.envSchemas, path)
	if len(list) == 0 {
		return nil
	}
	text := unqualified(fmt.Sprintf("output %s of profile %s sets %s", b.output.Name, b.output.Profile, field), list)
	if err := refuseProtected(b, path, text); err != nil {
		return err
	}
	p.program.warn(text)
	return nil
}

// refuseProtected returns the text as an error if a search path leads to a protected schema.
func refuseProtected(b *build, path []string, text string) error {
	protected := slices.DeleteFunc(slices.Clone(b.envSchemas), func(s envSchema) bool { return s.protection != Protected })
	if len(onPath(protected, path)) == 0 {
		return nil
	}
	return hint.New(text+"; nothing was run, because that environment is protected",
		"leave the search path out, or give this environment a role or an output without it")
}

// serverPath returns the environments' schemas that the server's search path leads to and
// that the profile doesn't name.
func (b *build) serverPath(path []string) []string {
	_, named := b.output.SearchPath()
	return onPath(slices.DeleteFunc(slices.Clone(b.envSchemas), func(s envSchema) bool { return slices.Contains(named, s.schema) }), path)
}

// checkServerPath warns if the server's search path leads to an environment's schema, unless
// the check before has warned of the same. A protected schema is an error.
func (a *checkIsolation) checkServerPath(attempt *graph.Attempt, answer warehouse.Answer, before checkOutputs, out *checkOutputs) error {
	out.ServerPath = a.job.build.serverPath(answer.SearchPath)
	if len(out.ServerPath) == 0 {
		return nil
	}
	text := unqualified("the server sets search_path (for the role, the database, or by PGOPTIONS)", out.ServerPath)
	if err := refuseProtected(a.job.build, answer.SearchPath, text); err != nil {
		return err
	}
	if !slices.Equal(out.ServerPath, before.ServerPath) {
		attempt.Notef("%s", text)
	}
	return nil
}
