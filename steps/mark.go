package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Before a build first writes to a schema, the schema is marked in the warehouse as the build's. So
// it can be told from a schema that only has a fitting name, here and from any other clone.

// markSchemas marks the schemas that a run may write to, unless the ledger knows that they are
// marked. It makes missing ones. A schema that can't be marked is built all the same, and noted:
// dot will never drop it.
func (a *runCommand) markSchemas(ctx context.Context, attempt *graph.Attempt, targets map[string]workspace.Target) error {
	b := a.job.build
	if !warehouse.ManagesSchemas(b.place.Adapter) || b.place.InMemory() {
		return nil
	}
	schemas := ownSchemasOf(b, targets)
	if len(schemas) == 0 {
		return nil
	}
	task := warehouse.Task{Adapter: b.place.Adapter}
	var places []workspace.Place
	var digests []string
	names, err := namesBySchema(b)
	if err != nil {
		return err
	}
	for _, place := range sortedPlaces(schemas) {
		schema := schemas[place]
		mark := a.mark(b)
		mark.Relations = names[strings.ToLower(schema.Name)]
		text, err := json.Marshal(mark)
		if err != nil {
			return err
		}
		noted := digest(text)
		if !a.job.force && a.ws.Marked(place) == noted { // with --force, what a person has done to it is undone
			continue
		}
		had, err := a.ws.Ledger(place)
		mark.By, mark.At = a.identity().User, a.world.Now().UTC()
		task.Mark = append(task.Mark, warehouse.Marking{Schema: schema, Mark: mark, Take: err == nil && had.HasOf(b.Build)})
		places, digests = append(places, place), append(digests, noted)
	}
	if len(task.Mark) == 0 {
		return nil
	}
	dir := filepath.Join(b.Dir(), "mark")
	out, err := a.manageSchemas(ctx, a.job, dir, b.Dir(), task, attempt.LockFiles())
	err = errors.Join(err, os.RemoveAll(dir))
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		attempt.Notef("dot can't mark its schemas, so dot drop will leave them: %v", err)
		return nil
	}
	for i, marked := range out.Marked {
		name := b.secret.hidden(task.Mark[i].Name)
		switch {
		case marked.Err != nil:
			// It is not tried again by each run: an old DuckDB or a missing right stays as it is.
			attempt.Notef("dot can't mark schema %s, so dot drop will leave it: %v (--force tries again)", name, marked.Err)
		case !marked.Done && marked.Had == "":
			attempt.Notef("schema %s was there before dot built in it: dot drop will leave it", name)
		case !marked.Done:
			attempt.Notef("schema %s belongs to somebody else, as its comment says: dot drop will leave it", name)
		}
		if err := a.ws.NoteMark(places[i], digests[i]); err != nil {
			return err
		}
	}
	return nil
}

// mark returns the mark of a build's schemas, without what differs between them.
func (rt *runtime) mark(b *build) warehouse.Mark {
	return warehouse.Mark{
		Project: b.project.Name, Path: b.Project, Repository: rt.identity().Origin,
		Commit: b.Commit.Hash, Env: b.Env,
	}
}

// ownSchemasOf returns the schemas of a run's targets that have the build's suffix, by place. Other
// schemas are shared on purpose, or it is the database that has the suffix.
func ownSchemasOf(b *build, targets map[string]workspace.Target) map[workspace.Place]warehouse.Schema {
	out := map[workspace.Place]warehouse.Schema{}
	for _, t := range targets {
		if carries(t.Spelling.Schema, b.suffix) && !slices.ContainsFunc(b.env.Dot.SharedSchemas, func(s string) bool { return strings.EqualFold(s, t.Spelling.Schema) }) {
			out[t.Place] = warehouse.Schema{Database: t.Spelling.Database, Name: t.Spelling.Schema}
		}
	}
	return out
}

func sortedPlaces(schemas map[workspace.Place]warehouse.Schema) []workspace.Place {
	return slices.SortedFunc(maps.Keys(schemas), func(a, b workspace.Place) int {
		return cmp.Or(cmp.Compare(a.Database, b.Database), cmp.Compare(a.Schema, b.Schema))
	})
}

// namesBySchema returns the names of the relations that a build's project may have, by schema in
// lower case. The check has left the manifest.
func namesBySchema(b *build) (map[string][]string, error) {
	file := filepath.Join(b.Target(), "manifest.json")
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names := map[string][]string{}
	err = artifact.ReadLocated(file, f, func(l artifact.Located) {
		schema := strings.ToLower(l.Schema)
		names[schema] = append(names[schema], l.Identifier())
	})
	for _, all := range names {
		slices.Sort(all)
	}
	return names, err
}
