package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// --reuse: a schema with all nodes, for the price of those that differ. What lies below is cloned into the
// build's schemas, as views; the rest is built.

// reusing are the commands that --reuse is for.
var reusing = []string{"build", "run"}

// checkReuse returns an error if --reuse doesn't go with the rest of the request.
func (p *planner) checkReuse(given arguments) error {
	if !slices.Contains(reusing, p.req.Command.Name) {
		return hint.New("dot "+p.req.Command.Name+" takes no --reuse", "it is for "+listNames(reusing), "to read from another build: --defer prod@main")
	}
	for _, flag := range selections {
		if o, ok := dbt.Lookup(given.Options, flag); ok && flag != "indirect-selection" {
			return hint.New("--reuse and "+o.Words()[0]+" can't be combined: --reuse builds all that it doesn't clone", "to build a part, and read the rest from another build: --defer prod@main")
		}
	}
	return nil
}

// onBelow returns the layer of a job's build, with a baseline below it. changed are the nodes that its
// commit changes.
func (ls *layers) onBelow(job *job, below standing, changed []string) *layer.Layer {
	own, _ := ls.ownLayer(job.build)
	l := NewLayer(job.build.String(), own.Standing, changed)
	l.Below = ls.stackOf(below).top
	return l
}

// withLacking adds to changes the nodes that neither the build nor a layer below has: they are built, too.
func (a *checkIsolation) withLacking(attempt *graph.Attempt, below standing, changes map[string][]string) (map[string][]string, error) {
	project, err := readGraph(filepath.Join(a.job.build.Target(), "manifest.json"))
	if err != nil {
		return nil, err
	}
	changed := slices.Sorted(maps.Keys(changes))
	built, l := project.Descendants(changed), a.onBelow(a.job, below, nil)
	all := maps.Clone(changes)
	var lacking []string
	for _, id := range project.Relations() {
		if r := l.Resolve(id); r.Kind == layer.Missing && changes[id] == nil && !built[id] {
			all[id] = []string{r.Why}
			lacking = append(lacking, workspace.NodeName(id)+" "+r.Why)
		}
	}
	if len(lacking) > 0 {
		attempt.Notef("built, since it can't be cloned: %s", listNames(lacking))
	}
	return all, nil
}

// findReused finds the nodes that are cloned: those that the command doesn't build and that lie below.
func (a *checkIsolation) findReused(attempt *graph.Attempt, out *checkOutputs) error {
	manifest := filepath.Join(a.job.build.Target(), "manifest.json")
	project, err := readGraph(manifest)
	if err != nil {
		return err
	}
	nodes, err := writtenNodes(manifest)
	if err != nil {
		return err
	}
	below, err := a.deferredTo(a.job)
	if err != nil {
		return err
	}
	l, builds := a.onBelow(a.job, below, out.Changed), map[string]bool{}
	for _, n := range out.Nodes {
		builds[n.ID] = true
	}
	var missing []string
	for _, id := range project.Relations() {
		if builds[id] {
			continue
		}
		switch r := l.Resolve(id); {
		case r.Kind == layer.Below && nodes[id].RelationName != "" && !strings.HasPrefix(id, "function."):
			n := nodes[id]
			out.Reused = append(out.Reused, checkedNode{ID: id, Type: n.ResourceType, Name: spelling(n)})
		case r.Kind != layer.Own:
			missing = append(missing, workspace.NodeName(id))
		}
	}
	if len(missing) > 0 {
		attempt.Notef("the schema will lack what is neither built nor cloned: %s", listNames(missing))
	}
	return nil
}

// reusedInput is the input for the relations below that a job clones, with the run that wrote each. ok is
// false if it isn't known.
func (ls *layers) reusedInput(job *job) (graph.Input, bool) {
	if !job.reuse {
		return graph.Input{}, false
	}
	checked, err := ls.checked(job)
	if err != nil {
		return graph.Input{}, false
	}
	below, err := ls.deferredTo(job)
	if err != nil {
		return graph.Input{}, false
	}
	var all [][]string
	top := ls.stackOf(below).top
	for _, n := range checked.Reused {
		r := top.Resolve(n.ID)
		all = append(all, []string{n.ID, string(r.Kind), r.Layer.Name, r.Node.Run})
	}
	value, err := json.Marshal(all)
	return graph.Input{Label: "reused nodes", Value: string(value)}, err == nil
}

// reused returns what a job clones as views now.
func (ls *layers) reused(job *job, checked checkOutputs, st stack) (found clonings, err error) {
	targets := map[string]workspace.Target{}
	for _, n := range checked.Reused {
		targets[n.ID] = job.build.target(n.Name)
	}
	last, err := ls.ws.Last(targets)
	if err != nil {
		return found, err
	}
	own, connection := ownSchemasOf(job.build, targets), ls.connectionOf(job)
	for _, n := range checked.Reused {
		to, r := targets[n.ID], st.top.Resolve(n.ID)
		had, there := last[n.ID]
		there = there && had.Status != workspace.Gone
		if r.Kind == layer.Missing || there && !had.IsClone() {
			continue
		}
		s, from := st.standings[r.Layer], st.entry(r)
		at := relationIn(s, n.ID)
		switch why := connection.cantRead(s.place()); {
		case why != "":
			return found, hint.New(fmt.Sprintf("%s can't be cloned from %s, which %s", workspace.NodeName(n.ID), r.Layer.Name, why), "build all of it: leave out --reuse")
		case own[to.Place].Name == "":
			found.notes = append(found.notes, fmt.Sprintf("%s is not cloned: its schema %s is not only this build's", workspace.NodeName(n.ID), job.build.secret.hidden(to.Spelling.Schema)))
			continue
		case to.Relation == at:
			continue
		case there && had.Status == workspace.Cloned && had.Clone.View && had.Clone.From == from.Build && had.Clone.Run == from.Run:
			continue
		}
		if at != (workspace.Relation{}) {
			to.On = []workspace.Relation{at}
		}
		c := cloning{node: n, to: to, from: from, layer: r.Layer.Name, view: true}
		if there {
			c.replaces = kindOfClone(*had.Clone)
		}
		found.all = append(found.all, c)
	}
	return found, nil
}

// dropViews drops views that are clones of what a run builds: dbt doesn't load a seed into a view.
func (a *runCommand) dropViews(ctx context.Context, attempt *graph.Attempt, targets map[string]workspace.Target) error {
	b := a.job.build
	last, err := a.ws.Last(targets)
	if err != nil || !warehouse.Clones(b.place.Adapter) {
		return nil // an unreadable ledger is replaced
	}
	task := warehouse.Task{Adapter: b.place.Adapter}
	var relations []workspace.Relation
	for _, id := range slices.Sorted(maps.Keys(last)) {
		if e := last[id]; e.Status != workspace.Gone && e.IsClone() && e.Clone.View && e.Build == b.ID() {
			task.DropViews = append(task.DropViews, warehouse.Clonable{Relation: inWarehouse(e.Name), SQL: e.Name.SQL})
			relations = append(relations, targets[id].Relation)
		}
	}
	if len(relations) == 0 {
		return nil
	}
	out, err := a.manageOnce(ctx, a.job, b.cloneDir(), task, attempt.LockFiles())
	if err != nil {
		return fmt.Errorf("drop the clones that %s builds: %w", b, err)
	}
	for i, err := range out.DroppedViews {
		if err != nil {
			return hint.New(fmt.Sprintf("%s, a clone, can't be dropped to be built: %v", b.secret.hidden(task.DropViews[i].Name), err), "drop what reads it, or drop the build: dot drop "+b.String())
		}
	}
	return a.ws.Strike(relations, "was only a clone, and was dropped to be built")
}

// warnOfClones warns that a command reads copies of other code: tables that were cloned and not built.
func (a *runCommand) warnOfClones(attempt *graph.Attempt) {
	if a.job.baseline != nil || a.job.Command.WritesNodes() || len(a.job.Command.Builds) == 0 && a.job.Command.Name != "show" {
		return
	}
	own, _ := a.ownLayer(a.job.build)
	var names []string
	for _, id := range slices.Sorted(maps.Keys(own.Nodes)) {
		if e := own.Nodes[id]; e.Status == workspace.Cloned && !e.Clone.View {
			names = append(names, workspace.NodeName(id)+" of "+e.Clone.From)
		}
	}
	if len(names) > 0 {
		attempt.Notef("these were cloned and not built, so what reads them reads the rows of other code: %s", listNames(names))
	}
}
