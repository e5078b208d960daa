package warehouse

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/dbt/ask"
)

// Schemas are looked at, marked and dropped by a dbt project of their own. Each part of a
// [Task] is a model, so that one that fails doesn't stop the others.

// A Task is what one dbt invocation does with schemas. It is written with [WriteTask].
type Task struct {
	Adapter string    // dbt's name of it
	Ask     *Question // asked beside the rest; nil for none
	Look    []Schema
	// Marks asks for all schemas that have a mark, whosever.
	Marks bool
	Mark  []Marking
	Drop  []Dropping
	// Clone are relations to clone, in schemas that are there. DropViews are clones to drop.
	Clone     []Cloning
	DropViews []Clonable
}

// A Schema is named as the database has it.
type Schema struct {
	Database, Name string
}

// An Outcome is what became of a [Task], part by part.
type Outcome struct {
	Answer  Answer
	Found   []Found
	Marks   []MarkedSchema
	Marked  []Marked
	Dropped []Dropped
	Cloned  []Cloned
	// DroppedViews are the errors of DropViews.
	DroppedViews []error
}

// A MarkedSchema is a schema that has a mark.
type MarkedSchema struct {
	Schema
	Mark string // its text
}

// Found is what a look at a schema found.
type Found struct {
	There   bool
	Mark    string // the text of its mark, "" for none
	Objects []Object
	// Outside are objects of other schemas that read the schema's. In DuckDB, where nothing
	// depends on what it reads, they are those whose SQL has the schema's name in it.
	Outside []Object
}

// An Object is a relation, a function or whatever else lies in a schema.
type Object struct {
	Schema string
	Kind   string // table, view, materialized view, function, or what else the database calls it
	Name   string // of a function, with the types of its arguments
	// Identity is its name in SQL, "" if the database needs none.
	Identity string
}

func (o Object) String() string { return fmt.Sprintf("%s.%s (%s)", o.Schema, o.Name, o.Kind) }

// ManagesSchemas reports whether dot can mark and drop schemas through an adapter. Where that
// was never run, it doesn't try.
func ManagesSchemas(adapter string) bool { return dialects[adapter].schemas != nil }

// schemaDialect is how a database's schemas are looked at, marked and dropped.
type schemaDialect struct {
	// look returns a query for the content of schemas. Each row has six texts: the number of the
	// schema, then those that [Found.add] reads.
	look func([]Schema) string
	// marks is a query for all schemas with a mark: database, schema, the mark's text.
	marks string
	// comment returns a query for the mark of a schema: no row if there is no schema, else one
	// with the mark, "" for none.
	comment func(Schema) string
	// create and mark return the statements that make a schema, and that mark it.
	create func(Schema) []string
	mark   func(s Schema, text string) []string
	// drop returns the statements that drop all objects and their schemas, and nothing else.
	drop func(Dropping) []string
}

// schemasProject is the dbt project's name.
const schemasProject = "dot_schemas"

// part is the work of a model of the project. See macros/schemas.sql.
type part struct {
	Queries []string `json:"queries"` // what is looked at first
	// Same is how a mark begins that may be replaced. With Take, a schema without a mark is marked,
	// too. Without Create, a missing schema is not made.
	Same   string   `json:"same"`
	Take   bool     `json:"take"`
	Create []string `json:"create"`
	// Absent means that nothing is changed if the queries return rows.
	Absent bool `json:"absent"`
	// Change are the statements that change something, in one transaction.
	Change []string `json:"change"`
}

// lookFor is a part that changes nothing.
func lookFor(queries ...string) part {
	return part{Queries: queries, Create: []string{}, Change: []string{}}
}

// WriteTask writes the dbt project that does a task to a directory, which may hold an earlier
// one. Its options are [Options].
func WriteTask(dir string, t Task) error {
	d := dialects[t.Adapter].schemas
	if d == nil {
		return fmt.Errorf("dot was never tried to manage schemas through the adapter %s", t.Adapter)
	}
	p := ask.Project{Name: schemasProject, Macros: macros}
	if t.Ask != nil {
		w := newWork(*t.Ask)
		for _, queries := range [][]string{w.Exist, w.Dependents, w.SearchPath} {
			p.Work = append(p.Work, lookFor(queries...))
		}
	}
	if len(t.Look) > 0 {
		p.Work = append(p.Work, lookFor(d.look(t.Look)))
	}
	if t.Marks {
		p.Work = append(p.Work, part{Queries: []string{d.marks}, Create: []string{}, Change: []string{}})
	}
	for _, m := range t.Mark {
		text, same := m.Mark.text()
		p.Work = append(p.Work, part{
			Queries: []string{d.comment(m.Schema)}, Same: same, Take: m.Take,
			Create: d.create(m.Schema), Change: d.mark(m.Schema, text),
		})
	}
	for _, drop := range t.Drop {
		p.Work = append(p.Work, part{Queries: []string{}, Create: []string{}, Change: d.drop(drop)})
	}
	for _, c := range t.Clone {
		p.Work = append(p.Work, clonePart(t.Adapter, c))
	}
	for _, c := range t.DropViews {
		p.Work = append(p.Work, dropViewPart(c))
	}
	if err := p.Write(dir); err != nil {
		return fmt.Errorf("writing the project that manages schemas: %w", err)
	}
	return nil
}

// ReadTask returns what the run of the task's project in a directory did. What failed alone is
// an error of its part.
func ReadTask(dir string, t Task) (Outcome, error) {
	results, err := ask.Results(dir)
	if err != nil {
		return Outcome{}, fmt.Errorf("managing schemas: %w", err)
	}
	next := 0
	read := func() (said partSaid, err error) {
		said, err = readPart(results[ask.ModelID(schemasProject, next)])
		next++
		return said, err
	}
	var out Outcome
	if t.Ask != nil {
		if out.Answer, err = readAsked(*t.Ask, read); err != nil {
			return out, fmt.Errorf("asking the warehouse: %w", err)
		}
	}
	if len(t.Look) > 0 {
		said, err := read()
		if err == nil && dialects[t.Adapter].oneDatabase {
			err = otherDatabase(said.Database, t.Look)
		}
		if err == nil {
			out.Found, err = found(t.Look, said.Rows)
		}
		if err != nil {
			return out, fmt.Errorf("looking at schemas: %w", err)
		}
	}
	if t.Marks {
		said, err := read()
		if err == nil {
			out.Marks, err = markedSchemas(said.Rows)
		}
		if err != nil {
			return out, fmt.Errorf("looking for marks: %w", err)
		}
	}
	for range t.Mark {
		said, err := read()
		out.Marked = append(out.Marked, marked(said, err))
	}
	for range t.Drop {
		_, err := read()
		out.Dropped = append(out.Dropped, Dropped{Err: err})
	}
	for _, c := range t.Clone {
		said, err := read()
		if err == nil && dialects[t.Adapter].oneDatabase {
			err = inDatabase(said.Database, c.To.Database, c.To.Schema+"."+c.To.Name)
		}
		out.Cloned = append(out.Cloned, Cloned{There: err == nil && !said.Did, Err: err})
	}
	for range t.DropViews {
		_, err := read()
		out.DroppedViews = append(out.DroppedViews, err)
	}
	return out, nil
}

// readAsked returns the answer to a task's question, whose three parts read returns in turn.
func readAsked(q Question, read func() (partSaid, error)) (Answer, error) {
	var all said
	for _, rows := range []func([][]string){
		func(rows [][]string) { all.Exist = rows },
		func(rows [][]string) { all.Dependents = rows },
		func(rows [][]string) {
			for _, row := range rows {
				all.SearchPath = append(all.SearchPath, row...)
			}
		},
	} {
		part, err := read()
		if err != nil {
			return Answer{}, err
		}
		all.Database = part.Database
		rows(part.Rows)
	}
	return all.checked(q)
}

// otherDatabase is an error if a schema is in another database than the one that was asked.
func otherDatabase(database string, schemas []Schema) error {
	for _, s := range schemas {
		if s.Database == "" {
			continue // the target's
		}
		if err := inDatabase(database, s.Database, s.Name); err != nil {
			return err
		}
	}
	return nil
}

// partSaid is what a model of the project hands back.
type partSaid struct {
	Version  int        `json:"version"`
	Database string     `json:"database"` // the target's
	Rows     [][]string `json:"rows"`     // of its queries
	Did      bool       `json:"did"`      // whether it changed something
}

func readPart(r artifact.Result) (partSaid, error) {
	var said partSaid
	if err := ended(r, "came to this"); err != nil {
		return said, err
	}
	err := json.Unmarshal([]byte(r.Response.Code), &said)
	if err == nil {
		err = checkVersion(said.Version)
	}
	if err != nil {
		return said, fmt.Errorf("dbt handed back what can't be read: %w", err)
	}
	return said, nil
}

// found returns what the rows of a look say about each schema.
func found(schemas []Schema, rows [][]string) ([]Found, error) {
	out := make([]Found, len(schemas))
	for _, row := range rows {
		if len(row) != 6 {
			return nil, fmt.Errorf("expected 6 values, found %d", len(row))
		}
		i, err := strconv.Atoi(row[0])
		if err != nil || i < 0 || i >= len(out) {
			return nil, fmt.Errorf("there is no schema %q", row[0])
		}
		if err := out[i].add(row[1:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// markedSchemas returns the schemas of the rows of a query for marks.
func markedSchemas(rows [][]string) ([]MarkedSchema, error) {
	var out []MarkedSchema
	for _, row := range rows {
		if len(row) != 3 {
			return nil, fmt.Errorf("expected 3 values, found %d", len(row))
		}
		out = append(out, MarkedSchema{Schema{row[0], row[1]}, row[2]})
	}
	return out, nil
}

// add adds a row: "schema" and its mark; or "inside" or "outside", and an object.
func (f *Found) add(row []string) error {
	switch row[0] {
	case "schema":
		f.There, f.Mark = true, row[1]
	case "inside":
		f.Objects = append(f.Objects, object(row))
	case "outside":
		if o := object(row); !slices.Contains(f.Outside, o) {
			f.Outside = append(f.Outside, o)
		}
	default:
		return fmt.Errorf("unexpected row about %q", row[0])
	}
	return nil
}

func object(row []string) Object {
	return Object{Schema: row[1], Kind: row[2], Name: row[3], Identity: row[4]}
}

// A Dropping drops schemas in one transaction. It drops their objects one by one, and then the
// schemas, which fails if anything else is there. So nothing else goes.
type Dropping struct {
	Schemas []Schema
	// Marks are the marks that the schemas must still have, in the same order.
	Marks   []string
	Objects []Object
}

// Dropped is what became of a Dropping. A schema that was no longer there is no error.
type Dropped struct{ Err error }
