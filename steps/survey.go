package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/dbt/adapter"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// A survey asks the databases of environments which schemas have a mark of the project, and whether what
// builds have is still there: one run of dbt for each database.

// A Survey is what databases say.
type Survey struct {
	// Orphans are marked schemas of the project without a build here.
	Orphans []*Orphan
	// Checked has the builds whose relations were looked for, by their IDs.
	Checked map[string]Checked
	// Databases is how many databases were asked.
	Databases int
	// Unread says why some orphans may be builds of this repository, nil if none is.
	Unread error
}

// Checked says what a build has, according to the ledgers, and the warehouse doesn't.
type Checked struct {
	// Schemas are missing as a whole, and Relations are others, as schema.name.
	Schemas, Relations []string
}

// Whole reports whether nothing is missing.
func (c Checked) Whole() bool { return len(c.Schemas)+len(c.Relations) == 0 }

// String lists what is missing.
func (c Checked) String() string {
	var all []string
	for _, schema := range c.Schemas {
		all = append(all, "schema "+schema)
	}
	return listNames(append(all, c.Relations...))
}

// Survey asks the databases that the program's builds connect to. Builds that are elsewhere, too, and those whose
// ledgers can't be trusted, are not checked. It changes nothing.
func (c Cleanup) Survey(ctx context.Context, builds []workspace.Build) (*Survey, error) {
	connections := map[workspace.Place][]*Built{}
	for _, b := range c.program.Builds {
		at := b.job.build.place
		at.Schema = ""
		connections[at] = append(connections[at], b)
	}
	out := &Survey{Checked: map[string]Checked{}, Databases: len(connections)}
	expected := map[workspace.Place][]*expectation{}
	for _, b := range builds {
		expectations, at := c.program.runtime.expected(b)
		if len(at) > 0 && !slices.ContainsFunc(at, func(at workspace.Place) bool { return connections[at] == nil }) {
			out.Checked[b.ID()] = Checked{}
			for _, e := range expectations {
				expected[e.at] = append(expected[e.at], e)
			}
		}
	}
	here, err := c.program.runtime.findHere()
	if err != nil {
		return nil, err
	}
	out.Unread = here.unread()
	for _, at := range databases(connections) {
		through := connections[at]
		if err := through[0].canAsk(); err != nil {
			return nil, err
		}
		task := warehouse.Task{Adapter: at.Adapter, Marks: true}
		for _, e := range expected[at] {
			task.Look = append(task.Look, e.schema)
		}
		said, err := c.program.runtime.manageApart(ctx, through[0].job, task, nil)
		if err != nil {
			return nil, fmt.Errorf("environment %s: %w", through[0].job.env.Name, err)
		}
		for i, e := range expected[at] {
			out.Checked[e.build] = e.compare(said.Found[i], out.Checked[e.build], func(name string) string {
				for _, b := range through {
					name = b.job.build.secret.hidden(name)
				}
				return name
			})
		}
		out.Orphans = append(out.Orphans, c.program.runtime.orphans(through, said.Marks, here)...)
	}
	return out, nil
}

// canAsk is an error if the dbt of a build's environment isn't installed yet.
func (b *Built) canAsk() error {
	if t := b.job.toolchain; t != nil && !b.runtime.made(t) {
		return hint.New(fmt.Sprintf("dot can't ask the warehouse of environment %s: the dbt of its toolchain is not installed here", b.job.env.Name),
			"install it: dot compile "+b.Specs[0], "or name a dbt: DOT_DBT=.venv/bin/dbt")
	}
	return nil
}

// An expectation is what a build has in a schema, according to the ledgers.
type expectation struct {
	build  string
	at     workspace.Place // the database
	schema warehouse.Schema
	names  map[string]string // as the database compares them, and for people
}

// expected returns what a build has in each schema, and the databases; none if that isn't known.
func (rt *runtime) expected(b workspace.Build) (all []*expectation, databases []workspace.Place) {
	standings, errs := rt.ws.Standings(b)
	if len(errs) > 0 {
		return nil, nil
	}
	for _, s := range standings {
		if s.Nodes == nil || s.Place.InMemory() {
			return nil, nil
		}
		names, at := adapter.Of(s.Place.Adapter), s.Place
		at.Schema = ""
		databases = append(databases, at)
		bySchema := map[warehouse.Schema]*expectation{}
		for _, id := range slices.Sorted(maps.Keys(s.Nodes)) {
			e := s.Nodes[id]
			if e.Status != workspace.Written || s.Problem(id) != "" || workspace.IsHidden(e.Name.Schema) {
				continue
			}
			schema := warehouse.Schema{Database: e.Name.Database, Name: e.Name.Schema}
			if bySchema[schema] == nil {
				bySchema[schema] = &expectation{build: b.ID(), at: at, schema: schema, names: map[string]string{}}
				all = append(all, bySchema[schema])
			}
			quoted := e.Name.SQL == "" || strings.Contains(e.Name.SQL, `"`+e.Name.Name+`"`)
			bySchema[schema].names[names.Fold(e.Name.Name, quoted)] = e.Name.Name
		}
	}
	return all, databases
}

// compare adds what is missing: the schema, or some of its relations. hidden returns a text without secrets.
func (e *expectation) compare(found warehouse.Found, to Checked, hidden func(string) string) Checked {
	if !found.There {
		to.Schemas = append(to.Schemas, hidden(e.schema.Name))
		return to
	}
	there := map[string]bool{}
	for _, o := range found.Objects {
		name := o.Name
		if strings.HasPrefix(o.Kind, "function") || strings.HasPrefix(o.Kind, "macro") { // with its arguments
			name, _, _ = strings.Cut(name, "(")
		}
		there[adapter.Of(e.at.Adapter).Fold(name, true)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(e.names)) {
		if !there[name] {
			to.Relations = append(to.Relations, hidden(e.schema.Name)+"."+e.names[name])
		}
	}
	return to
}
