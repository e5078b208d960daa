package steps

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Before a build first writes to a schema, the schema is marked in the warehouse as the build's. So
// it can be told from a schema that only has a fitting name, here and from any other clone.

// dueMarks are the schemas that a run has to mark first.
type dueMarks struct {
	task    warehouse.Task
	dir     string // for the dbt project that marks them
	places  []workspace.Place
	digests []string // of the marks, for the ledgers
	unknown []bool   // whether the ledgers know of nothing that the build, or its mark, has there
}

// dueMarks returns the schemas that a run may write to, without those that are marked according to
// their ledgers.
func (m *marks) dueMarks(job *job, targets map[string]workspace.Target) (due dueMarks, err error) {
	b := job.build
	if !warehouse.ManagesSchemas(b.place.Adapter) || b.place.InMemory() {
		return due, nil
	}
	schemas := ownSchemasOf(b, targets)
	if len(schemas) == 0 {
		return due, nil
	}
	due.task.Adapter, due.dir = b.place.Adapter, filepath.Join(b.Dir(), "mark")
	names, err := namesBySchema(b)
	if err != nil {
		return due, err
	}
	for _, place := range sortedPlaces(schemas) {
		schema := schemas[place]
		mark := m.mark(b)
		mark.Relations = names[strings.ToLower(schema.Name)]
		had, notRead := m.ws.Ledger(place)
		if notRead == nil && job.inPlace() {
			mark.Relations = slices.Compact(slices.Sorted(slices.Values(append(leftIn(had, b), mark.Relations...))))
		}
		text, err := json.Marshal(mark)
		if err != nil {
			return due, err
		}
		if job.inPlace() { // the mark of one that is built each day is at most a day old
			text = m.world.Now().UTC().AppendFormat(text, time.DateOnly)
		}
		noted := digest(text)
		if !job.force && m.ws.Marked(place) == noted { // with --force, what a person has done to it is undone
			continue
		}
		mark.By, mark.At = m.identity().User, m.world.Now().UTC()
		due.task.Mark = append(due.task.Mark, warehouse.Marking{Schema: schema, Mark: mark, Take: notRead == nil && had.HasOf(b.Build)})
		due.places, due.digests = append(due.places, place), append(due.digests, noted)
		due.unknown = append(due.unknown, notRead == nil && !had.HasOf(b.Build) && m.ws.Marked(place) == "")
	}
	return due, nil
}

// markSchemas marks the schemas that a run may write to, unless the ledger knows that they are
// marked. It makes missing ones. A schema that can't be marked is built all the same, and noted:
// dot will never drop it.
func (m *marks) markSchemas(ctx context.Context, attempt *graph.Attempt, job *job, targets map[string]workspace.Target) error {
	due, err := m.dueMarks(job, targets)
	if err != nil || len(due.places) == 0 {
		return err
	}
	out, err := m.manageOnce(ctx, job, due.dir, due.task, attempt.LockFiles())
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		attempt.Notef("dot can't mark its schemas, so dot drop will leave them: %v", err)
		return nil
	}
	return m.noteMarks(attempt, job.build, due, out.Marked)
}

// noteMarks notes in the ledgers what became of the marks that were due.
func (m *marks) noteMarks(attempt *graph.Attempt, b *build, due dueMarks, all []warehouse.Marked) error {
	for i, marked := range all {
		name := b.secret.hidden(due.task.Mark[i].Name)
		if other := m.ofOtherClone(due, i, marked.Had); other != "" && b.Tree == "" {
			attempt.Notef("schema %s %s", name, other)
		}
		switch {
		case marked.Err != nil:
			// It is not tried again by each run: an old DuckDB or a missing right stays as it is.
			attempt.Notef("dot can't mark schema %s, so dot drop will leave it: %v (--force tries again)", name, marked.Err)
		case !marked.Done && marked.Had == "":
			attempt.Notef("schema %s was there before dot built in it: dot drop will leave it", name)
		case !marked.Done && b.Tree != "" && otherTree(marked.Had, due.task.Mark[i].Mark):
			return hint.New(fmt.Sprintf("nothing was run: schema %s is that of another working tree, as its mark says", name),
				"build in a schema for these files alone: --own-schema")
		case !marked.Done && sameBuild(marked.Had, due.task.Mark[i].Mark): // its mark does for this clone, too
		case !marked.Done:
			attempt.Notef("schema %s belongs to somebody else, as its comment says: dot drop will leave it", name)
		}
		if err := m.ws.NoteMark(due.places[i], due.digests[i]); err != nil {
			return err
		}
	}
	return nil
}

// ofOtherClone returns a warning if a schema has a mark of the same build which this clone doesn't know. had is the
// mark that the schema had. The warning follows the schema's name. "" means that there is no such mark.
func (m *marks) ofOtherClone(due dueMarks, i int, had string) string {
	mark, err := warehouse.ParseMark(had)
	if err != nil || !due.unknown[i] || !mark.OfClone(due.task.Mark[i].Mark) {
		return ""
	}
	by := m.ago(mark.At)
	if mark.By != "" {
		by = "by " + mark.By + ", " + by
	}
	return fmt.Sprintf("has a mark of %s that this clone doesn't know (%s): another clone may have built there, and this one replaces its relations", mark.Build(), by)
}

// mark returns the mark of a build's schemas, without what differs between them.
func (m *marks) mark(b *build) warehouse.Mark {
	of := warehouse.Mark{Project: b.project.Name, Path: b.Project, Repository: m.identity().Origin, Commit: b.Commit.Hash, Env: b.Env}
	if b.Tree != "" { // the schema stays that of the working tree, whatever its files are
		of.Commit, of.Tree = "", m.treeMark(b.Tree)
	}
	return of
}

// treeMark is what marks the schemas of a working tree.
func (m *marks) treeMark(name string) string {
	return warehouse.TreeOf(name, m.ws.Digest("mark of " + name)[:16])
}

// sameBuild reports whether a schema's mark is that of the build which wants the schema, made by any clone.
func sameBuild(had string, want warehouse.Mark) bool {
	m, err := warehouse.ParseMark(had)
	return err == nil && m.OfClone(want)
}

// otherTree reports whether a schema's mark is not that of the working tree which wants the schema.
func otherTree(had string, want warehouse.Mark) bool {
	m, err := warehouse.ParseMark(had)
	return err == nil && m.Tree != want.Tree
}

// leftIn returns the names of the relations that a build, or others of the same working tree, have made
// in a schema and that are there.
func leftIn(l *workspace.Ledger, b *build) (names []string) {
	for _, e := range l.Relations {
		if b.Shares(e.Build) && e.Status != workspace.Gone {
			names = append(names, e.Name.Name)
		}
	}
	return names
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
