package steps

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/warehouse"
	"dot-for-dbt/internal/workspace"
)

// Cloning relations of lower layers into a build's schemas, with --clone-incremental. A clone doesn't
// count as a node that the build has: it only looks like what lies below, until dbt adds to it.

// cloneCommands are the commands that --clone-incremental is for.
var cloneCommands = []string{"build", "run", "snapshot"}

// checkCloneIncremental returns an error if --clone-incremental doesn't go with the rest of the request.
func (p *planner) checkCloneIncremental() error {
	switch {
	case p.req.Baseline == nil:
		return hint.New("--clone-incremental clones from a baseline, and there is no baseline", "name one: --defer prod@main")
	case !slices.Contains(cloneCommands, p.req.Command.Name):
		return hint.New("dot "+p.req.Command.Name+" takes no --clone-incremental: it adds to no relations", "it is for "+listNames(cloneCommands))
	}
	return nil
}

// refuseClones returns an error if a job's incremental models can't be cloned.
func (p *planner) refuseClones(job *job) error {
	flag := "--clone-incremental"
	if job.reuse {
		flag = "--reuse"
	}
	switch {
	case job.build == nil:
		return hint.New(flag+" clones into the schema of a build, and the working tree has none of its own", "name one: "+text.ShellQuote([]string{"dot", job.Command.Name, job.env.Name + "@HEAD"}))
	case job.inPlace():
		return hint.New(flag+" is not for the schema of a working tree, which keeps its rows from one build to the next", "give it a schema for these files alone: --own-schema")
	case !warehouse.Clones(job.output.Adapter):
		return hint.New(fmt.Sprintf("dot was never tried to clone relations through the adapter %s", job.output.Adapter),
			"dbt does it: "+text.ShellQuote([]string{"dot", "clone", job.spec.String(), "--defer", job.baseline.spec.String(), "-s", "config.materialized:incremental"}))
	case job.build.place.InMemory():
		return hint.New(flag+" has nothing to clone: the database is in memory, and ends with each dbt", "give the output a file: path: "+job.output.Profile+".duckdb")
	}
	return nil
}

// A cloning is a relation of a lower layer that a job clones.
type cloning struct {
	node  checkedNode
	to    workspace.Target
	from  workspace.Entry // of the lower layer
	layer string          // the display name of the layer
	view  bool
	// replaces is what is there of an earlier clone, see [warehouse.Cloning].
	replaces string
}

// warehouse returns the cloning for the warehouse.
func (c cloning) warehouse() warehouse.Cloning {
	return warehouse.Cloning{
		From:     warehouse.Clonable{Relation: inWarehouse(c.from.Name), SQL: c.from.Name.SQL},
		To:       warehouse.Clonable{Relation: inWarehouse(c.to.Spelling), SQL: c.to.Spelling.SQL},
		View:     c.view,
		Replaces: c.replaces,
	}
}

// clonings are what a job clones, in the order of the IDs.
type clonings struct {
	all []cloning
	// notes say why nodes with a history are built from scratch.
	notes []string
}

// clonings returns what a job has to clone now, according to a check: for each selected node with a
// history that is not in the build's schema yet, the relation of the layer below.
func (ls *layers) clonings(job *job, checked checkOutputs) (found clonings, err error) {
	below, err := ls.deferredTo(job)
	if err != nil {
		return found, err
	}
	base, err := ls.baseOf(job, below)
	if err != nil {
		return found, err
	}
	targets := checked.targets(job)
	last, err := ls.ws.Last(targets)
	if err != nil {
		return found, err
	}
	look := cloneSearch{
		stack: ls.stackOf(below), base: base, connection: ls.connectionOf(job),
		own: ownSchemasOf(job.build, targets), kinds: map[*layer.Layer]map[string]artifact.Node{},
	}
	nodes := slices.SortedFunc(slices.Values(checked.Nodes), func(a, b checkedNode) int { return strings.Compare(a.ID, b.ID) })
	for _, n := range nodes {
		had, there := last[n.ID]
		there = there && had.Status != workspace.Gone
		if !n.History || there && !had.IsClone() {
			continue
		}
		c, why, err := look.cloning(n, targets[n.ID])
		switch {
		case err != nil:
			return found, err
		case why != "":
			found.notes = append(found.notes, workspace.NodeName(n.ID)+" is not cloned but built from scratch: "+why)
		case c.layer == "":
		case !there:
			found.all = append(found.all, c)
		case had.Status != workspace.Cloned || had.Clone.View || had.Clone.From != c.from.Build || had.Clone.Run != c.from.Run:
			c.replaces = kindOfClone(*had.Clone)
			found.all = append(found.all, c)
		}
	}
	if job.reuse {
		views, err := ls.reused(job, checked, look.stack)
		if err != nil {
			return found, err
		}
		found.all, found.notes = append(found.all, views.all...), append(found.notes, views.notes...)
	}
	return found, nil
}

// A cloneSearch finds what nodes are cloned from.
type cloneSearch struct {
	stack      stack
	base       *artifact.Base
	connection connection
	own        map[workspace.Place]warehouse.Schema
	kinds      map[*layer.Layer]map[string]artifact.Node // the nodes of layers' manifests
}

// cloning returns the cloning of a node; zero if there is nothing to clone. why says why the node is built from
// scratch instead.
func (s *cloneSearch) cloning(n checkedNode, to workspace.Target) (c cloning, why string, err error) {
	r := s.stack.top.Resolve(n.ID)
	if r.Kind == layer.Missing {
		if s.base.Has(n.ID) {
			why = "it " + r.Why
		}
		return cloning{}, why, nil
	}
	of, from := s.stack.standings[r.Layer], s.stack.entry(r)
	if s.kinds[r.Layer] == nil {
		if s.kinds[r.Layer], err = writtenNodes(filepath.Join(of.state, "manifest.json")); err != nil {
			return cloning{}, "", err
		}
	}
	if why := s.connection.cantRead(of.place()); why != "" {
		return cloning{}, "", hint.New(fmt.Sprintf("%s can't be cloned from %s, which %s", workspace.NodeName(n.ID), r.Layer.Name, why),
			"build it from scratch: leave out --clone-incremental")
	}
	kind := s.kinds[r.Layer][n.ID].Config.Materialized
	switch {
	case s.own[to.Place].Name == "":
		return cloning{}, fmt.Sprintf("its schema %s is not only this build's", to.Spelling.Schema), nil
	case to.Relation == relationIn(of, n.ID):
		return cloning{}, "", nil
	case n.Type != "snapshot" && kind != "incremental" && kind != "table":
		return cloning{}, fmt.Sprintf("in %s it is materialized as %s", r.Layer.Name, kind), nil
	case from.Unfinished:
		return cloning{}, fmt.Sprintf("in %s only unfinished runs have built it", r.Layer.Name), nil
	}
	return cloning{node: n, to: to, from: from, layer: r.Layer.Name}, "", nil
}

// copied returns the clones of a job that copy rows: those that become tables. It returns none if they can't be
// found. Then the clone step fails, and says why.
func (a *checkIsolation) copied(checked checkOutputs) []cloning {
	if !a.job.cloneIncremental {
		return nil
	}
	found, err := a.clonings(a.job, checked)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(found.all, func(c cloning) bool { return c.view })
}

// relationIn returns the relation that a standing has for a node; zero if no ledger says so.
func relationIn(s standing, id string) workspace.Relation {
	if s.Layer == nil {
		return workspace.Relation{}
	}
	r, _ := s.Claimed(id)
	return r
}

// kindOfClone is what a clone is for the warehouse.
func kindOfClone(c workspace.Clone) string {
	if c.View {
		return "view"
	}
	return "table"
}

// cloneStep clones what the job's command needs. It runs whenever the command does, and clones
// what is not there yet.
func (rt *runtime) cloneStep(job *job, inputs []graph.Input, below []string) *graph.Step {
	b := job.build
	return &graph.Step{
		Name: "clone " + b.String(), Kind: "clone-incremental", Version: 1, With: job.step(),
		Deps: below, Inputs: inputs,
		Late: func(context.Context) ([]graph.Input, error) {
			return append(rt.lateCheckInputs(job), checkedBaseline(job)), nil
		},
		Record: b.Record("clone-" + job.slot),
		Summary: func(r graph.Record) string {
			var out cloneOutputs
			if r.Decode(&out) != nil {
				return ""
			}
			return out.String()
		},
		Detail: func(graph.Record) string {
			checked, err := rt.checked(job)
			if err != nil {
				return ""
			}
			found, err := rt.clonings(job, checked)
			if err != nil {
				return ""
			}
			return found.cost(checked.Rows)
		},
		Locks:  append(b.warehouseLocks(false), b.buildLock()),
		Pools:  job.pools,
		Action: &cloneRelations{runtime: rt, job: job},
	}
}

// cost says what will be cloned, and what that costs: "copies all rows of events of prod@9b13827 (about
// 1,200); views on orders of prod@9b13827 (no rows are copied)". rows are those of the nodes, as far as
// they are known.
func (c clonings) cost(rows map[string]int64) string {
	var tables, views []clonedNode
	known, all := true, int64(0)
	for _, one := range c.all {
		if node := (clonedNode{ID: one.node.ID, From: one.layer}); one.view {
			views = append(views, node)
		} else {
			tables = append(tables, node)
			n, ok := rows[node.ID]
			known, all = known && ok, all+n
		}
	}
	var parts []string
	if len(tables) > 0 {
		part := "copies all rows of " + byLayer(tables)
		if known {
			part += " (about " + humanize.Comma(all) + ")"
		}
		parts = append(parts, part)
	}
	if len(views) > 0 {
		parts = append(parts, "views on "+byLayer(views)+" (no rows are copied)")
	}
	if len(parts) == 0 {
		return "nothing to clone"
	}
	return strings.Join(parts, "; ")
}

// A cloneOutputs is what a clone step keeps: what it has cloned.
type cloneOutputs struct {
	Clones []clonedNode `json:"clones,omitempty"`
}

type clonedNode struct {
	ID   string `json:"id"`
	From string `json:"from"` // the layer's display name
}

func (o cloneOutputs) String() string {
	if len(o.Clones) == 0 {
		return "nothing was to be cloned"
	}
	return "cloned " + byLayer(o.Clones)
}

// byLayer lists nodes with the layers that they are cloned from.
func byLayer(nodes []clonedNode) string {
	names := map[string][]string{}
	for _, n := range nodes {
		names[n.From] = append(names[n.From], workspace.NodeName(n.ID))
	}
	var parts []string
	for _, from := range slices.Sorted(maps.Keys(names)) {
		slices.Sort(names[from])
		parts = append(parts, listNames(names[from])+" of "+from)
	}
	return strings.Join(parts, "; ")
}

// cloneRelations clones relations by a dbt project of dot's own.
type cloneRelations struct {
	*runtime
	job *job
}

func (a *cloneRelations) Describe(graph.Planned) []string {
	checked, err := a.checked(a.job)
	if err != nil {
		return nil
	}
	found, err := a.clonings(a.job, checked)
	if err != nil {
		return nil
	}
	lines := slices.Clone(found.notes)
	for _, c := range found.all {
		line := fmt.Sprintf("%s  cloned from %s", workspace.NodeName(c.node.ID), c.layer)
		if rows, ok := checked.Rows[c.node.ID]; ok && !c.view {
			line += fmt.Sprintf(", about %s rows", humanize.Comma(rows))
		}
		lines = append(lines, line)
		for _, sql := range c.warehouse().Statements(a.job.output.Adapter) {
			lines = append(lines, "  "+a.job.build.secret.hidden(sql))
		}
	}
	return lines
}

func (a *cloneRelations) Run(ctx context.Context, attempt *graph.Attempt) (any, error) {
	b := a.job.build
	if err := a.settleKilled(b); err != nil {
		return nil, err
	}
	checked, err := a.checked(a.job)
	if err != nil {
		return nil, fmt.Errorf("read which nodes %s may write: %w", a.job.Command.Name, err)
	}
	found, err := a.clonings(a.job, checked)
	if err != nil {
		return nil, err
	}
	for _, note := range found.notes {
		attempt.Notef("%s", note)
	}
	if len(found.all) == 0 {
		return cloneOutputs{}, nil
	}
	return a.clone(ctx, attempt, found.all)
}

// cloneDir is the directory of the dbt project that clones, while it runs.
func (b *build) cloneDir() string { return filepath.Join(b.Dir(), "clone") }

// clone clones relations. While it runs, the ledger says that they may be anything.
func (a *cloneRelations) clone(ctx context.Context, attempt *graph.Attempt, all []cloning) (out cloneOutputs, err error) {
	b := a.job.build
	targets, task := map[string]workspace.Target{}, warehouse.Task{Adapter: b.place.Adapter}
	for _, c := range all {
		t := c.to
		t.Clone = &workspace.Clone{From: c.from.Build, Run: c.from.Run, View: c.view, Since: c.from.Since}
		targets[c.node.ID] = t
		task.Clone = append(task.Clone, c.warehouse())
	}
	if err := a.markSchemas(ctx, attempt, a.job, targets); err != nil {
		return out, err
	}
	run := workspace.Run{ID: rand.Text()[:12], Command: a.job.Command.Name, Time: a.world.Now(), Clones: true}
	if err := a.ws.Begin(b.Build, b.place, run, targets); err != nil {
		return out, err
	}
	answer, err := a.manageOnce(ctx, a.job, b.cloneDir(), task, attempt.LockFiles())
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil { // what is there isn't known: it stays so in the ledger
		_, endErr := a.ws.End(b.Build, b.place, run, targets, workspace.Ending{})
		return out, errors.Join(fmt.Errorf("clone into %s: %w", b, err), endErr)
	}
	end := workspace.Ending{Complete: true, Succeeded: true}
	var failed []string
	for i, done := range answer.Cloned {
		c := all[i]
		name := workspace.NodeName(c.node.ID)
		switch {
		case done.Err != nil:
			end.Failed = append(end.Failed, c.node.ID)
			failed = append(failed, name+": "+done.Err.Error())
		case done.There:
			attempt.Notef("%s is not cloned: its schema %s has one that no ledger of dot's knows, and dbt will use it", name, b.secret.hidden(c.to.Spelling.Schema))
		default:
			end.Written = append(end.Written, c.node.ID)
			out.Clones = append(out.Clones, clonedNode{c.node.ID, c.layer})
		}
	}
	if _, err := a.ws.End(b.Build, b.place, run, targets, end); err != nil {
		return out, err
	}
	if len(failed) > 0 {
		return out, hint.New(fmt.Sprintf("nothing was run, because these could not be cloned into %s:%s", b, lines(failed)),
			"if a schema is gone, --force makes it again", "or build it all: leave out --clone-incremental or --reuse")
	}
	if len(out.Clones) > 0 {
		to, end := a.aside(attempt)
		_, err = fmt.Fprintln(to, out)
		end()
	}
	return out, err
}
