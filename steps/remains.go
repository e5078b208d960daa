package steps

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// A Cleanup finds what builds have left in databases and in .dot/, and drops it. It reaches the databases
// through a program's builds.
type Cleanup struct{ program *Program }

// Cleanup returns the cleanup through the program's builds.
func (p *Program) Cleanup() Cleanup { return Cleanup{p} }

// Remains are what a build has left: its schemas, as the warehouse shows them, and its directory. Those
// of a working tree's build are what all builds of the working tree have left.
type Remains struct {
	// Build is the build or, for an orphan, one whose connection leads to the schemas.
	Build *Built
	// Name is the build's display name.
	Name string
	// Schemas are those that it has left, and Objects is how much lies in them.
	Schemas []string
	Objects int
	// Refused says why it must not be dropped, nil if it may.
	Refused error

	orphan bool              // there is no build, see orphans.go
	states []workspace.Build // the builds that go: the build itself or, of a working tree, all of its builds
	alone  bool              // only records go: other builds of the working tree, or other machines, need the schemas
	pulled bool              // another machine has built it
	places []workspace.Place
	stays  []string // says which schemas stay in other database files
	drop   warehouse.Dropping
	after  []string // the steps that drop its readers
}

// A remnant is a schema that a build has written to.
type remnant struct {
	place workspace.Place
	at    warehouse.Schema
	known map[string]bool // the names that the ledger has for the build, in lower case
	other []string        // builds that have relations there, too
}

// Remains looks at what builds have left, with one run of dbt for each database. The program's
// builds are those to drop. rests is set if builds that rest on them may lose what they rest on. alone
// reports whether only the files of a working tree's build go, since others still need the schema.
func (c Cleanup) Remains(ctx context.Context, rests bool, alone func(*Built) bool) ([]*Remains, error) {
	if len(c.program.Builds) == 0 {
		return nil, nil
	}
	resting, err := newResting(c.program.Builds[0].runtime)
	if err != nil {
		return nil, err
	}
	var all []*Remains
	byID := map[string]*Remains{}
	for _, b := range c.program.Builds {
		r := &Remains{Build: b, Name: b.Name, states: []workspace.Build{b.job.build.Build}, alone: b.job.inPlace() && alone(b), pulled: b.runtime.isPulled(b.job.build.Build)}
		r.alone = r.alone || r.pulled
		if b.job.inPlace() && !r.alone {
			r.states = statesOf(b.job.build.Build, resting.found)
		}
		for _, state := range r.states {
			resting.dropped[state.ID()], byID[state.ID()] = true, r
		}
		all = append(all, r)
	}
	byDatabase := map[workspace.Place][]*looking{}
	owners := map[string]*Remains{} // by schema, in lower case
	var looks []*looking
	for _, r := range all {
		if r.Refused = r.mayDrop(); r.Refused == nil && !rests {
			r.Refused = resting.refuse(ctx, r)
		}
		if r.Refused != nil || r.alone {
			continue
		}
		remnants, err := r.remnants()
		if err != nil {
			r.Refused = err
			continue
		}
		for _, one := range remnants {
			at, l := one.place, &looking{Remains: r, remnant: one}
			at.Schema = ""
			byDatabase[at] = append(byDatabase[at], l)
			looks, owners[strings.ToLower(one.at.Name)] = append(looks, l), r
		}
	}
	for _, at := range databases(byDatabase) {
		if err := c.look(ctx, byDatabase[at]); err != nil {
			return nil, err
		}
	}
	for _, l := range looks {
		l.decide()
	}
	for refused := true; refused; { // one that stays may read another, or rest on it
		refused = false
		for _, l := range looks {
			refused = l.decideReaders(owners) || refused
		}
		for _, r := range all {
			for _, other := range resting.above(r.states) {
				switch upper := byID[other.ID()]; {
				case upper == nil || upper == r || r.Refused != nil:
				case upper.Refused == nil:
					r.after = appendNew(r.after, upper.schemaStep())
				case !rests:
					r.refuse(upper.Name + ", which stays, rests on it")
					refused = true
				}
			}
		}
	}
	return all, nil
}

// databases returns the databases of a map, in an order that is always the same.
func databases[T any](by map[workspace.Place]T) []workspace.Place {
	return slices.SortedFunc(maps.Keys(by), func(a, b workspace.Place) int { return strings.Compare(a.ID(), b.ID()) })
}

// statesOf returns the builds of a build's working tree in its environment.
func statesOf(b workspace.Build, all []workspace.Found) (states []workspace.Build) {
	for _, other := range all {
		if b.Shares(other.ID()) {
			states = append(states, other.Build)
		}
	}
	return states
}

// mayDrop says why a build must not be dropped, whatever is in the warehouse.
func (r *Remains) mayDrop() error {
	b, build := r.Build, r.Build.job.build
	switch {
	case !slices.ContainsFunc(r.states, workspace.Build.Exists):
		if build.Tree == "" && slices.ContainsFunc(build.Commit.Builds(), func(o workspace.Build) bool {
			return o.Tree == b.runtime.treeName() && o.Env == build.Env && o.Project == build.Project
		}) {
			return hint.New(fmt.Sprintf("%s was built in the schema of the working tree, which all its builds share", b.Name), "drop them all: dot drop "+build.Env+"@.")
		}
		return hint.New(fmt.Sprintf("%s was never built: there is nothing to drop", b.Name), "dot status lists the builds")
	case protectionOf(b.job.env, b.job.output) == Protected && !r.pulled:
		return fmt.Errorf("%s stays: environment %s is protected", b.Name, build.Env)
	}
	return nil
}

func rest(names []string) string {
	if len(names) == 1 {
		return names[0] + " rests"
	}
	return listNames(names) + " rest"
}

// looking is a look at a remnant.
type looking struct {
	*Remains
	remnant
	found warehouse.Found
}

// look looks at remnants in one database.
func (c Cleanup) look(ctx context.Context, all []*looking) error {
	first := all[0].Build
	task := warehouse.Task{Adapter: first.job.build.place.Adapter}
	if !warehouse.ManagesSchemas(task.Adapter) {
		for _, l := range all {
			l.refuse(fmt.Sprintf("dot was never tried to drop schemas through the adapter %s", task.Adapter), "drop schema "+l.at.Name+" by hand")
		}
		return nil
	}
	for _, l := range all {
		task.Look = append(task.Look, l.at)
	}
	out, err := first.runtime.manageApart(ctx, first.job, task, nil)
	if err != nil {
		return err
	}
	for i, l := range all {
		l.found = out.Found[i]
	}
	return nil
}

// specOf is the spec of a build or, where there is none, its name.
func (h *home) specOf(b workspace.Build) string {
	if b.Tree == "" {
		return b.String()
	}
	return h.nameOfID(b.ID())
}

// nameOfID is what a person calls the build with an ID: dev@. for those of this working tree.
func (h *home) nameOfID(id string) string {
	if of, ok := strings.CutSuffix(id, workspace.TreeMark+h.treeName()); ok {
		if at := strings.LastIndex(of, "@"); at >= 0 {
			return of[:at] + "@."
		}
	}
	return id
}

// remnants returns the schemas that the builds may have left. It is an error if some can't be reached.
func (r *Remains) remnants() ([]remnant, error) {
	var out []remnant
	b, rt := r.Build.job.build, r.Build.runtime
	seen := map[workspace.Place]bool{}
	places := []workspace.Place{b.place} // which another tool may have built in
	has, err := rt.placesOf(b)
	if err != nil {
		return nil, hint.Reword(err, fmt.Sprintf("%s stays, since dot can't tell which schemas it has: %v", b, err),
			"build it again, which mends that: "+text.ShellQuote([]string{"dot", "build", b.String()}))
	}
	places = append(places, has...)
	for _, place := range places {
		if seen[place] || place.InMemory() {
			continue
		}
		seen[place] = true
		if place.Adapter != b.place.Adapter || place.Host != b.place.Host {
			return nil, hint.New(fmt.Sprintf("%s also built in schema %s of %s, where its profile doesn't lead any more", b, place.Schema, cmp.Or(place.Host, place.Database)),
				"choose the target that leads there, or drop that schema by hand")
		}
		if place.IsFile() && place.Database != b.place.Database { // the connection can't reach that file
			if _, err := os.Stat(place.Database); err == nil {
				r.stays = append(r.stays, fmt.Sprintf("schema %s of %s stays, since the profile doesn't lead there", place.Schema, place.Database))
			}
			r.places = append(r.places, place)
			continue
		}
		one, has := rt.remnant(b, place)
		if has {
			out = append(out, one)
		}
	}
	return out, nil
}

// placesOf returns the places that a build has written to. Those of a working tree's builds are in the
// ledgers: the build that wrote to one may have been removed since.
func (ls *layers) placesOf(b *build) (places []workspace.Place, err error) {
	if b.Tree != "" {
		return ls.ws.PlacesOfTree(b.Build)
	}
	standings, errs := ls.ws.Standings(b.Build)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	for _, layer := range standings {
		places = append(append(places, layer.Place), layer.Places...)
	}
	return places, nil
}

// remnant returns a build's schema at a place. has is false for one without the build's suffix, which
// is not the build's alone.
func (rt *runtime) remnant(b *build, place workspace.Place) (one remnant, has bool) {
	one = remnant{place: place, at: warehouse.Schema{Name: rt.ws.Reveal(place.Schema)}, known: map[string]bool{}}
	if place == b.place {
		one.at.Name = b.schema
	}
	ledger, err := rt.ws.Ledger(place)
	if err == nil {
		for name, e := range ledger.Relations {
			if !b.Shares(e.Build) {
				if e.Status != workspace.Gone && !slices.Contains(one.other, e.Build) {
					one.other = append(one.other, e.Build)
				}
				continue
			}
			one.known[strings.ToLower(name)], one.known[strings.ToLower(e.Name.Name)] = true, true
			one.at = warehouse.Schema{Database: e.Name.Database, Name: e.Name.Schema}
		}
	}
	slices.Sort(one.other)
	return one, carries(one.at.Name, b.suffix)
}

// refuse keeps the build, for the first reason that is found.
func (r *Remains) refuse(what string, hints ...string) {
	if r.Refused == nil {
		r.Refused = hint.New(fmt.Sprintf("%s stays: %s", r.Name, what), hints...)
	}
}

// schemaStep is the name of the step that drops the schemas.
func (r *Remains) schemaStep() string { return "schema " + r.Name }

// decide decides by what lies in a schema whether it may be dropped, and refuses the whole build if
// not.
func (l *looking) decide() {
	b, found := l.Build.job.build, l.found
	name := b.secret.hidden(l.at.Name)
	l.places = append(l.places, l.place)
	if !found.There {
		return
	}
	mark, err := warehouse.ParseMark(found.Mark)
	want := l.Build.runtime.mark(b)
	switch {
	case found.Mark == "" && len(found.Objects) == 0 && len(l.known) > 0: // dropping it was stopped: nothing is lost
	case err != nil:
		l.refuse(fmt.Sprintf("schema %s has no mark of dot's, so it may be somebody else's", name),
			"if it is this build's, build it again, which marks it: "+text.ShellQuote([]string{"dot", "build", l.Build.Specs[0], "--force"}),
			"or drop the schema by hand: then dot drop removes the rest")
	case !mark.OfClone(want):
		of := mark.Build()
		if mark.TreeName() == b.Tree && b.Tree != "" {
			of += " of another clone"
		}
		l.refuse(fmt.Sprintf("schema %s is marked as that of %s of project %s", name, of, mark.Project))
	case len(l.other) > 0:
		l.refuse(fmt.Sprintf("%s built in its schema %s, too", listNames(l.other), name))
	}
	l.take(name, mark)
}

// take adds a schema to what is dropped. It refuses the build if there is anything in it that is not the
// build's.
func (l *looking) take(name string, mark warehouse.Mark) {
	b, found := l.Build.job.build, l.found
	for _, r := range mark.Relations {
		l.known[strings.ToLower(r)] = true
	}
	var strangers []string
	for _, o := range found.Objects {
		if !l.knows(o) {
			strangers = append(strangers, b.secret.hidden(o.String()))
		}
	}
	if len(strangers) > 0 {
		l.refuse(fmt.Sprintf("dot did not make everything in its schema: %s", listNames(strangers)), "move or drop that first")
	}
	for _, o := range found.Objects {
		if o.Kind != "view" || !strings.EqualFold(o.Name, warehouse.MarkView) {
			l.Objects++
		}
	}
	l.Schemas = append(l.Schemas, name)
	l.drop.Schemas, l.drop.Marks = append(l.drop.Schemas, l.at), append(l.drop.Marks, found.Mark)
	l.drop.Objects = append(l.drop.Objects, found.Objects...)
}

// decideReaders decides by what reads a schema whether it may be dropped. Readers in a schema that is
// dropped, too, go first. It reports whether it has refused the build now.
func (l *looking) decideReaders(owners map[string]*Remains) bool {
	if l.Refused != nil {
		return false
	}
	var readers []string
	for _, o := range l.found.Outside {
		switch owner := owners[strings.ToLower(o.Schema)]; {
		case owner == l.Remains:
		case owner != nil && owner.Refused == nil:
			l.after = appendNew(l.after, owner.schemaStep())
		default:
			readers = append(readers, l.Build.job.build.secret.hidden(o.String()))
		}
	}
	if len(readers) == 0 {
		return false
	}
	l.refuse(fmt.Sprintf("these read its schema %s: %s", l.Build.job.build.secret.hidden(l.at.Name), listNames(readers)), "drop them first, or let them read another schema")
	return true
}

// leftovers are what dbt appends to the name of a relation while it replaces it.
var leftovers = []string{"__dbt_tmp", "__dbt_backup", "__dbt_new_data"}

// knows reports whether an object in the schema is one of the build's.
func (l *looking) knows(o warehouse.Object) bool {
	name, _, _ := strings.Cut(strings.ToLower(o.Name), "(") // a function's has arguments
	if o.Kind == "view" && name == warehouse.MarkView {
		return true
	}
	if l.known[name] || l.known[strings.ToLower(o.Name)] {
		return true
	}
	for _, end := range leftovers {
		if i := strings.LastIndex(name, end); i > 0 && l.known[name[:i]] {
			return true
		}
	}
	return false
}

// String says how much lies in the schemas: "schema dev_24256d1, 9 relations".
func (r *Remains) String() string {
	if r.pulled {
		return "only its files: another machine has built its schema"
	}
	if r.alone {
		return "only its files, not the schema"
	}
	more := ""
	if len(r.states) > 1 {
		more = ", " + text.Plural(len(r.states), "build")
	}
	for _, stays := range r.stays {
		more += "; " + stays
	}
	if len(r.Schemas) == 0 {
		return "no schema is left" + more
	}
	out := text.Plural(len(r.Schemas), "schema") + " "
	if len(r.Schemas) == 1 {
		out = "schema "
	}
	return out + listNames(r.Schemas) + ", " + text.Plural(r.Objects, "object") + more
}
