package steps

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// On PostgreSQL, dbt replaces a relation with drop … cascade: views on it go, whoever
// made them. Before a command runs, its check asks the warehouse for them.

// A loss is something that is dropped when a job replaces a relation, and that the job
// doesn't build again.
type loss struct {
	warehouse.Dependent
	with  string // the name of the node whose relation is replaced
	build string // the build that has the relation, "" if no ledger knows it
}

func (l loss) String() string {
	name := l.Schema + "." + l.Name
	if l.Part != "" {
		name = l.Part + " of " + name
	}
	switch {
	case l.build != "":
		name += fmt.Sprintf(" (%s of %s)", l.Kind, l.build)
	case l.Owner != "":
		name += fmt.Sprintf(" (%s, owner %s)", l.Kind, l.Owner)
	default:
		name += fmt.Sprintf(" (%s)", l.Kind)
	}
	return name + ", with " + l.with
}

// A LossError names what a job would drop: views of other builds or of other programs.
type LossError struct {
	job    *job
	losses []loss
}

func (e *LossError) Error() string {
	return fmt.Sprintf("nothing was run, because dbt would drop these with the relations that %s replaces:%s", e.job.build, lines(e.names()))
}

// Hints returns the ways to go on.
func (e *LossError) Hints() []string {
	var builds []string
	for _, l := range e.losses {
		if l.build != "" && !slices.Contains(builds, l.build) {
			builds = append(builds, l.build)
		}
	}
	hints := []string{"--yes goes on and drops them"}
	if len(builds) > 0 {
		hints = append(hints, "then build again: "+listNames(builds))
	}
	return hints
}

// names lists the losses.
func (e *LossError) names() []string {
	names := make([]string, len(e.losses))
	for i, l := range e.losses {
		names[i] = l.String()
	}
	return names
}

// replaced returns the relations that a job drops and makes again.
func (rt *runtime) replaced(job *job, checked checkOutputs) []warehouse.Relation {
	anew := rt.historyOf(job, checked.Nodes, nil).first.id != "" // though a resumed run may leave those with a history alone
	var out []warehouse.Relation
	for _, n := range checked.Nodes {
		if n.Replaces || anew && n.incremental() && !n.Keeps {
			out = append(out, inWarehouse(n.Name))
		}
	}
	return out
}

// findLosses finds what is dropped with the relations that the job replaces, and not
// built again. What is not the build's own needs --yes. When the run ends, the ledgers
// mark checked.Drops as gone.
func (a *checkIsolation) findLosses(attempt *graph.Attempt, answer warehouse.Answer, checked *checkOutputs) error {
	b, entry := a.job.build, a.entries()
	writes := map[workspace.Relation]bool{}
	for _, n := range checked.Nodes {
		writes[b.target(n.Name).Relation] = true
	}
	checked.Drops = map[string][]workspace.Relation{}
	seen := map[warehouse.Dependent]bool{}
	own := map[string][]string{} // the build's nodes that are lost, by the replaced node
	refused := &LossError{job: a.job}
	for _, n := range checked.Nodes {
		with := workspace.NodeName(n.ID)
		for _, d := range answer.Dependents(inWarehouse(n.Name)) {
			at, whole := b.dependent(d), d.Part == "" // if only a part goes, its relation stays
			if whole && writes[at] {
				continue
			}
			e, known := entry(at)
			if whole && known {
				checked.Drops[n.ID] = append(checked.Drops[n.ID], at)
			}
			d.Depth = 0 // one relation may hang on several
			d.Schema = b.secret.hidden(d.Schema)
			switch {
			case seen[d]:
			case whole && known && b.Shares(e.Build):
				own[with] = append(own[with], workspace.NodeName(e.Node))
			default:
				refused.losses = append(refused.losses, loss{Dependent: d, with: with, build: a.nameOfID(e.Build)})
			}
			seen[d] = true
		}
	}
	for _, with := range slices.Sorted(maps.Keys(own)) {
		attempt.Notef("dbt drops %s with %s, which it replaces (-s %s+ builds them again)", listNames(own[with]), with, with)
	}
	switch {
	case len(refused.losses) == 0:
		return nil
	case !a.job.yes:
		return refused
	}
	attempt.Notef("dbt drops with the relations that %s replaces: %s", b, strings.Join(refused.names(), "; "))
	return nil
}

// standOn notes for each view that the check lists on which relations of other builds it
// stands.
func (r resolution) standOn(checked *checkOutputs) {
	index := map[string]int{}
	for i, n := range checked.Nodes {
		if n.View {
			index[n.ID] = i
		}
	}
	for _, read := range r.reads {
		s := r.stack.standings[read.Layer]
		if read.Kind != layer.Below || s.Layer == nil {
			continue
		}
		at, _ := s.Claimed(read.ID)
		for _, reader := range read.readers {
			if i, ok := index[reader]; ok {
				checked.Nodes[i].On = append(checked.Nodes[i].On, at)
			}
		}
	}
}

// standers says how many views of other builds stand on the relations that a job may
// replace, according to the ledgers; "" if none do.
func (rt *runtime) standers(job *job) string {
	if !job.Command.WritesNodes() || !warehouse.SupportOf(job.build.output.Adapter).Cascades {
		return ""
	}
	on := map[workspace.Relation]bool{}
	if checked, err := rt.checked(job); err == nil {
		for _, n := range checked.Nodes {
			on[job.build.target(n.Name).Relation] = n.Replaces
		}
	} else if s, err := rt.standingOf(job.build.Build, job.build.place); err == nil && s.Layer != nil {
		for id := range s.Nodes {
			r, _ := s.Claimed(id)
			on[r] = true
		}
	}
	views, builds := 0, map[string]bool{}
	for _, e := range rt.views() {
		if e.Build != job.build.ID() && slices.ContainsFunc(e.On, func(r workspace.Relation) bool { return on[r] }) {
			views++
			builds[e.Build] = true
		}
	}
	if views == 0 {
		return ""
	}
	of, stand := text.Plural(len(builds), "build"), "stand"
	if len(builds) == 1 {
		of = slices.Collect(maps.Keys(builds))[0]
	}
	if views == 1 {
		stand = "stands"
	}
	return fmt.Sprintf("%s of %s %s on its relations", text.Plural(views, "view"), of, stand)
}

// dependent returns a dependent as the ledgers name it.
func (b *build) dependent(d warehouse.Dependent) workspace.Relation {
	at := b.relation(d.Database, d.Schema, d.Name, "")
	if d.Database == "" {
		at.Place.Database = b.place.Database
	}
	return at
}

// entries returns a function that finds a relation's entry in the ledgers. It reads each
// ledger once. A ledger that can't be read knows nothing.
func (rt *runtime) entries() func(workspace.Relation) (e workspace.Entry, known bool) {
	ledgers := map[workspace.Place]*workspace.Ledger{}
	return func(r workspace.Relation) (workspace.Entry, bool) {
		l, read := ledgers[r.Place]
		if !read {
			var err error
			if l, err = rt.ws.Ledger(r.Place); err != nil {
				l = &workspace.Ledger{}
			}
			ledgers[r.Place] = l
		}
		e, known := l.Relations[r.Name]
		if !known || e.Status == workspace.Gone {
			return workspace.Entry{}, false
		}
		return e, true
	}
}
