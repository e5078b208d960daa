package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Orphans: marked schemas of the project of which there is no build here. Another clone has made
// them, or the build was removed without them.

// An Orphan is the marked schemas of one environment at one commit, or of one working tree.
type Orphan struct {
	Remains
	Env, Commit string
	// Tree is the working tree, whose files were those of many commits; then there is no Commit.
	Tree string
	// By has made the schemas, as git knows them; At is when the newest of them was marked, zero if that
	// isn't known.
	By string
	At time.Time

	schemas []warehouse.MarkedSchema
	marks   []warehouse.Mark
}

// here is what this repository has builds of.
type here struct {
	rt     *runtime
	builds []workspace.Found
	flaws  []workspace.Flaw
}

func (rt *runtime) findHere() (here, error) {
	found, flaws, err := rt.ws.Builds()
	return here{rt, found, flaws}, err
}

// unread is an error if builds may be missing, since a directory can't be read.
func (h here) unread() error {
	if len(h.flaws) == 0 {
		return nil
	}
	return hint.New(fmt.Sprintf("%s can't be read, so dot can't tell what was built here: %v", h.flaws[0].Path, h.flaws[0].Err), "dot doctor names all that can't be read")
}

// has reports whether a mark is that of a build here. A build whose commit isn't known may be any.
func (h here) has(m warehouse.Mark) bool {
	return slices.ContainsFunc(h.builds, func(b workspace.Found) bool {
		if b.Tree != "" || m.Tree != "" {
			return b.Project == m.Path && b.Env == m.Env && b.Tree == m.TreeName() && h.rt.treeMark(b.Tree) == m.Tree
		}
		short, _, _ := strings.Cut(b.Commit.Short, ".") // of a variant
		return b.Project == m.Path && b.Env == m.Env && (b.Commit.Hash == m.Commit || b.Commit.Hash == "" && strings.HasPrefix(m.Commit, short))
	})
}

// fullHash is a commit's whole hash, which each mark of dot's has.
var fullHash = lazy.Regexp(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// orphans groups the marks of the project that were found in a database by build. through are the builds
// that connect to it.
func (rt *runtime) orphans(through []*Built, marks []warehouse.MarkedSchema, here here) []*Orphan {
	var all []*Orphan
	byBuild := map[string]*Orphan{}
	own := rt.mark(through[0].job.build)
	for _, found := range marks {
		mark, err := warehouse.ParseMark(found.Mark)
		if err != nil || mark.Commit != "" && !fullHash().MatchString(mark.Commit) || mark.Project != own.Project || mark.Path != own.Path || mark.Repository != own.Repository || here.has(mark) {
			continue
		}
		id := strings.Join([]string{mark.Env, mark.Commit, mark.Tree}, " ")
		one := byBuild[id]
		if one == nil {
			one = &Orphan{Env: mark.Env, Commit: mark.Commit, Tree: mark.Tree, By: mark.By, At: mark.At}
			one.Name, one.Build, one.orphan = nameOf(mark), through[0], true
			byBuild[id] = one
			all = append(all, one)
			if i := slices.IndexFunc(through, func(b *Built) bool { return b.job.env.Name == mark.Env }); i >= 0 {
				one.Build = through[i]
			} else {
				one.refuse(fmt.Sprintf("no environment %s leads to its database here", mark.Env), "drop it by hand: schema "+one.Build.job.build.secret.hidden(found.Name))
			}
		}
		if mark.At.IsZero() || one.At.IsZero() {
			one.At = time.Time{}
		} else if mark.At.After(one.At) {
			one.By, one.At = mark.By, mark.At
		}
		b := one.Build.job.build
		one.Schemas = append(one.Schemas, b.secret.hidden(found.Name))
		one.schemas, one.marks = append(one.schemas, found), append(one.marks, mark)
		one.places = append(one.places, b.relation(found.Database, found.Name, "", "").Place)
		switch {
		case protectionOf(b.env, b.output) == Protected:
			one.refuse(fmt.Sprintf("environment %s is protected", mark.Env))
		case !endsAsBuild(found.Name, b, mark):
			lacks := "the commit's hash"
			if mark.Tree != "" {
				lacks = "the working tree's name"
			}
			one.refuse(fmt.Sprintf("the name of its schema %s lacks %s", b.secret.hidden(found.Name), lacks), "drop it by hand")
		}
	}
	return all
}

// nameOf is the display name of a mark's build.
func nameOf(m warehouse.Mark) string {
	if m.Path == "" {
		return m.Build()
	}
	return m.Path + ":" + m.Build()
}

// minSuffix is the shortest abbreviation of a hash that a schema's name may have; see
// [config.Settings].Short.
const minSuffix = 4

// endsAsBuild reports whether a schema's name has the suffix of the marked working tree's builds, or of a
// build of the marked commit, with its hash however abbreviated.
func endsAsBuild(schema string, b *build, m warehouse.Mark) bool {
	if m.Tree != "" {
		return carries(schema, suffix(b.env, m.TreeName()))
	}
	return len(m.Commit) >= minSuffix && carries(schema, suffix(b.env, m.Commit[:minSuffix]))
}

// LookAt looks at what lies in orphans' schemas, with one run of dbt for each database, and refuses those
// that must stay. It changes nothing.
func (c Cleanup) LookAt(ctx context.Context, orphans []*Orphan) error {
	byDatabase := map[workspace.Place][]*looking{}
	owners := map[string]*Remains{}
	var looks []*looking
	var decisions []func()
	for _, o := range orphans {
		if o.Refused != nil {
			continue
		}
		o.Schemas = nil // take adds them
		for i, found := range o.schemas {
			l := &looking{Remains: &o.Remains, remnant: remnant{place: o.places[i], at: found.Schema, known: map[string]bool{}}}
			at := o.Build.job.build.place
			at.Schema = ""
			byDatabase[at] = append(byDatabase[at], l)
			looks, owners[strings.ToLower(found.Name)] = append(looks, l), &o.Remains
			decisions = append(decisions, func() { l.decideOrphan(found.Mark, o.marks[i]) })
		}
	}
	for _, at := range databases(byDatabase) {
		if err := c.look(ctx, byDatabase[at]); err != nil {
			return err
		}
	}
	for _, decide := range decisions {
		decide()
	}
	for refused := true; refused; {
		refused = false
		for _, l := range looks {
			refused = l.decideReaders(owners) || refused
		}
	}
	return nil
}

// decideOrphan decides by what lies in a schema whether it may be dropped. text is the text that its
// mark had.
func (l *looking) decideOrphan(text string, mark warehouse.Mark) {
	if !l.found.There {
		return
	}
	name := l.Build.job.build.secret.hidden(l.at.Name)
	if l.found.Mark != text {
		l.refuse(fmt.Sprintf("the mark of schema %s has changed", name))
	}
	l.take(name, mark)
}

// OrphanSteps returns the steps that drop orphans' schemas. why is the reason that the plan gives.
func (c Cleanup) OrphanSteps(orphans []*Orphan, why func(*Orphan) string) []*graph.Step {
	var steps []*graph.Step
	dropped := map[string]bool{}
	for _, o := range orphans {
		dropped[o.schemaStep()] = true
	}
	for _, o := range orphans {
		b := o.Build.job.build
		step := &graph.Step{
			Name: o.schemaStep(), Kind: "schema", Version: 1, Always: why(o),
			Deps:   slices.DeleteFunc(o.after, func(step string) bool { return !dropped[step] }),
			Detail: func(graph.Record) string { return o.String() },
			Locks:  o.placeLocks(),
			Pools:  b.askingPools(),
			Action: &dropOrphan{dropSchemas{&o.Remains}, o},
		}
		if b.duckdb != "" {
			step.Locks = append(step.Locks, duckdbLock(b.duckdb, b.place.Database))
		}
		steps = append(steps, step)
	}
	return steps
}

// dropOrphan drops an orphan's schemas, unless it has been built here by now.
type dropOrphan struct {
	dropSchemas
	orphan *Orphan
}

func (a *dropOrphan) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	here, err := a.Build.runtime.findHere()
	if err != nil {
		return nil, err
	}
	if err := here.unread(); err != nil {
		return nil, fmt.Errorf("%s stays: %w", a.Name, err)
	}
	if slices.ContainsFunc(a.orphan.marks, here.has) {
		return nil, fmt.Errorf("%s stays: it has been built here meanwhile", a.Name)
	}
	out, err := a.dropSchemas.Run(ctx, attempt)
	if err != nil {
		return nil, err
	}
	return out, a.forgetRelations()
}

// forgetRelations notes that relations are gone which ledgers have, as when only a build's directory was
// removed.
func (a *dropOrphan) forgetRelations() error {
	var gone []workspace.Relation
	for _, place := range a.places {
		ledger, err := a.Build.runtime.ws.Ledger(place)
		if err != nil {
			continue // it can't be trusted anyway
		}
		for name := range ledger.Relations {
			gone = append(gone, workspace.Relation{Place: place, Name: name})
		}
	}
	return a.Build.runtime.ws.Strike(gone, notThere)
}

// Refuse keeps the schemas, unless there was a reason to already.
func (o *Orphan) Refuse(why string, hints ...string) { o.refuse(why, hints...) }

// String says how much lies in the schemas, and who has left it.
func (o *Orphan) String() string {
	said := o.Remains.String()
	if o.By != "" {
		said += ", by " + o.By
	}
	if !o.At.IsZero() {
		said += " on " + o.At.UTC().Format(time.DateOnly)
	}
	return said
}

// ManagesSchemas reports whether dot can mark and drop schemas through an adapter.
func ManagesSchemas(adapter string) bool { return warehouse.ManagesSchemas(adapter) }

// Identified reports whether the address of the repository's origin tells it from all others. The path
// of a directory, or no origin, doesn't.
func (c Cleanup) Identified() bool { return strings.Contains(c.program.runtime.identity().Origin, "/") }
