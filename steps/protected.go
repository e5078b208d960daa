package steps

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/dbt/profile"
	"dot-for-dbt/internal/hint"
)

// Without a ref, a command writes into the environment's own schema, which may be
// production's. A space before the @ is enough.

// A Protection says how an environment's own schema is protected from writing.
type Protection int

// The protections.
const (
	Unprotected Protection = iota
	Suspected              // nothing is set, but the name is one of production's
	Protected              // dot: {protected: true}
)

// productions are the names of environments and outputs that are taken for production's.
var productions = []string{"prod", "prd", "production", "live"}

// protectionOf returns the protection of an environment. output may be nil.
func protectionOf(env config.Environment, output *profile.Output) Protection {
	isProduction := func(name string) bool { return slices.Contains(productions, strings.ToLower(name)) }
	switch {
	case env.Dot.Protected != nil && *env.Dot.Protected:
		return Protected
	case env.Dot.Protected != nil:
		return Unprotected
	case isProduction(env.Name), output != nil && isProduction(output.Name):
		return Suspected
	}
	return Unprotected
}

// Protection returns the protection of the schema that the command writes to, if that is
// the environment's own; and where it is: "schema prod of database shop".
func (b *Built) Protection() (p Protection, where string) {
	job := b.job
	if job.build != nil || job.helps || !job.writesOwn() {
		return Unprotected, ""
	}
	where = "its own schema"
	if job.output != nil {
		place := job.output.Place(b.runtime.project, func(string) string { return "(secret)" })
		where = "schema " + place.Schema
		if place.Database != "" {
			where += " of database " + place.Database
		}
	}
	return job.protection, where
}

// protection returns the protection of the schema that a plain job may write to. If another
// environment has the same schema, as with dbt's --target, its protection counts, too.
func (p *planner) protection(ctx context.Context, job *job, project profile.Project, given arguments) Protection {
	if !job.Command.Retried() { // it writes nothing
		return Unprotected
	}
	env := job.env
	if given.Target != "" && env.Dot.Protected != nil && !*env.Dot.Protected {
		env.Dot.Protected = nil // it was said of the environment's own target
	}
	return p.protectionAt(ctx, env, job.output, project, given)
}

// protectionAt returns the protection of an environment's own schema: its own, or that of another
// environment with the same schema.
func (p *planner) protectionAt(ctx context.Context, env config.Environment, output *profile.Output, project profile.Project, given arguments) Protection {
	protection := protectionOf(env, output)
	if env.Dot.Protected != nil || output == nil {
		return protection
	}
	place := output.Place(p.project, nil)
	for _, other := range p.environmentsOf(ctx, p.config.Environments(), project, given) {
		if protectionOf(other.Environment, other.output) == Protected && other.output.Place(p.project, nil) == place {
			return Protected
		}
	}
	return protection
}

// onlyIsolated returns an error for a job that --isolated refuses: one without a build of its own, or
// on a build that has to do with a protected environment.
func (p *planner) onlyIsolated(ctx context.Context, job *job, given arguments) error {
	if job.build == nil {
		return hint.New("--isolated: "+job.name()+" has no ref, so dbt would run in the environment's own schema",
			"for the last commit: "+job.env.Name+"@HEAD", "for the working tree, in a schema of its own: "+job.env.Name+"@.")
	}
	project, err := p.workingProject()
	if err != nil {
		return err
	}
	if p.protectionAt(ctx, job.env, job.output, project, given) == Protected {
		return hint.New("--isolated: environment "+job.env.Name+" is protected, so none of its builds may be written",
			"use another environment for the build", "a person may build it: leave --isolated out")
	}
	for _, s := range job.build.envSchemas {
		shared := slices.ContainsFunc(job.env.Dot.SharedSchemas, func(name string) bool { return strings.EqualFold(name, s.schema) })
		if shared && s.protection == Protected {
			return hint.New(fmt.Sprintf("--isolated: %s is protected, and shared-schemas lets builds of %s write there", s, job.env.Name),
				"take it out of shared-schemas")
		}
	}
	return nil
}

// writesOwn reports whether the command writes to the warehouse: stored failures of tests,
// too.
func (j *job) writesOwn() bool {
	if j.Command.Name == "test" {
		return dbt.SwitchedOn("store-failures", slices.Concat(j.Options, j.Environment), j.world.Getenv, false)
	}
	return j.Command.Retried()
}

// protectedIn lists the environments' protected schemas that a text names, as words.
func protectedIn(schemas []envSchema, text string) []string {
	var found []string
	for _, s := range schemas {
		if s.protection == Unprotected || s.secret {
			continue
		}
		word := regexp.MustCompile(`(?i)(^|[^\w$])` + regexp.QuoteMeta(s.schema) + `($|[^\w$])`)
		if word.MatchString(text) {
			found = append(found, s.String())
		}
	}
	return found
}

// warnOfOperation warns if the arguments of an isolated run-operation name a protected
// schema.
func (p *planner) warnOfOperation(job *job) {
	if job.build == nil || job.Command.Name != "run-operation" {
		return
	}
	words := slices.Clone(job.Positional)
	if args, ok := job.Lookup("args"); ok {
		words = append(words, args.Words()...)
	}
	if found := protectedIn(job.build.envSchemas, strings.Join(words, " ")); len(found) > 0 {
		p.program.warn(fmt.Sprintf("the arguments of run-operation name %s, and no check sees where a macro writes", strings.Join(found, ", ")))
	}
}
