package compare

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/steps"
)

// What is asked of the warehouse, and what its findings mean.

// verdicts are those of one comparison in the making.
type verdicts struct {
	a, b  steps.Side
	how   How
	nodes []code.Node // parents first
	byID  map[string]code.Node

	relations map[string]*report.Relation // that are reported, by unique_id
	asked     []ladder.Pair
	// edges are those that are asked about only because something that differs is
	// made of them.
	edges map[string]bool
	// tops and today are what onTop and showsToday have found, by unique_id.
	tops, today map[string]bool
}

func newVerdicts(a, b steps.Side, how How, nodes []code.Node) *verdicts {
	v := &verdicts{
		a: a, b: b, how: how, nodes: nodes, byID: make(map[string]code.Node, len(nodes)),
		relations: map[string]*report.Relation{}, edges: map[string]bool{},
		tops: map[string]bool{}, today: map[string]bool{},
	}
	for _, n := range nodes {
		v.byID[n.ID] = n
	}
	return v
}

// settle decides what it can without a query, and what is to be asked. chosen is
// what was selected, nil for all.
func (v *verdicts) settle(chosen map[string]bool) {
	for _, n := range v.nodes {
		if chosen != nil && !chosen[n.ID] {
			continue
		}
		r := &report.Relation{
			Node: n.ID, Name: n.Name, ResourceType: n.ResourceType, Materialized: n.Materialized, File: n.File,
			Baseline: n.A.SQL, Candidate: n.B.SQL, Parents: n.Parents, History: n.History,
			Code: n.Differences, SQL: n.Diff,
		}
		switch settled := v.settled(n, r); {
		case !settled:
			v.ask(n, v.depth())
		case r.Verdict == report.Added, r.Verdict == report.Removed && v.has(v.a, n) && r.Reason == "":
			v.ask(n, v.depthAlone())
		}
		if r.Verdict != report.Removed || v.has(v.a, n) {
			v.relations[n.ID] = r
		}
	}
	asked := map[string]bool{}
	for _, pair := range v.asked {
		asked[pair.ID] = true
	}
	for _, pair := range slices.Clone(v.asked) {
		if pair.Depth != ladder.Detail {
			continue
		}
		edge, _ := v.edge(v.byID[pair.ID])
		for _, id := range edge {
			if !asked[id] {
				asked[id], v.edges[id] = true, true
				v.ask(v.byID[id], ladder.Fingerprint)
			}
		}
	}
}

// settled decides about a node without a query, if that can be done.
func (v *verdicts) settled(n code.Node, r *report.Relation) bool {
	decide := func(verdict report.Verdict, reason string) bool {
		r.Verdict, r.Rung, r.Reason = verdict, report.ByColumns, reason
		return true
	}
	heldA, inA := v.a.Nodes[n.ID]
	heldB, inB := v.b.Nodes[n.ID]
	leftOut := func(s steps.Side) bool {
		if n.Diff == "" { // of what did not run nothing else is known
			r.Code = nil
		}
		return decide(report.NotBuilt, "the runs of "+s.Name+" left it out")
	}
	switch {
	case n.A.In && !n.B.In:
		return decide(report.Removed, heldA.Problem)
	case !inB:
		return leftOut(v.b)
	case heldB.Problem != "":
		return decide(report.Unknown, heldB.Problem)
	case !n.A.In:
		return decide(report.Added, "")
	case !inA:
		return leftOut(v.a)
	case heldA.Problem != "":
		return decide(report.Unknown, heldA.Problem)
	case n.Same && !v.how.All && !v.onTop(n):
		r.Verdict, r.Rung = report.SameCode, report.ByCode
		return true
	}
	return false
}

// onTop reports whether a node, or one that it is made of, was built on top of
// what was there before, on either side: then the same code may have left other
// data.
func (v *verdicts) onTop(n code.Node) bool {
	return known(v.tops, n.ID, func() bool {
		return n.History && !v.anew(n.ID) ||
			n.HistoryAbove && slices.ContainsFunc(n.Parents, func(id string) bool { return v.onTop(v.byID[id]) })
	})
}

// known returns what is known of a node, finding it out the first time: the ways
// up a lineage multiply.
func known(answers map[string]bool, id string, find func() bool) bool {
	answer, ok := answers[id]
	if !ok {
		answer = find()
		answers[id] = answer
	}
	return answer
}

// anew reports whether a node is known to have been made from nothing on both
// sides.
func (v *verdicts) anew(id string) bool { return v.a.Nodes[id].Anew && v.b.Nodes[id].Anew }

// has reports whether a side has a node, in whatever state.
func (v *verdicts) has(s steps.Side, n code.Node) bool { _, ok := s.Nodes[n.ID]; return ok }

// whole reports whether both sides have a node as it was built.
func (v *verdicts) whole(id string) bool {
	a, inA := v.a.Nodes[id]
	b, inB := v.b.Nodes[id]
	return inA && inB && a.Problem == "" && b.Problem == ""
}

// edge returns the nearest nodes above one that have the same code on both sides:
// where those differ, the sources have moved. unknown tells whether the node, or a
// changed one on the way, reads what may have held something else when each side
// was built: a source, or a relation that both read and that was written since.
func (v *verdicts) edge(n code.Node) (found []string, unknown bool) {
	seen := map[string]bool{}
	var climb func(code.Node)
	climb = func(n code.Node) {
		unknown = unknown || n.Sources
		for _, id := range n.Parents {
			parent, ok := v.byID[id]
			if ok && slices.Contains(n.Deferred, id) {
				unknown = unknown || !v.stood(id, v.first(n.ID))
				continue
			}
			if !ok || seen[id] {
				continue
			}
			seen[id] = true
			if parent.Same {
				found = append(found, id)
			} else {
				climb(parent)
			}
		}
	}
	climb(n)
	return slices.DeleteFunc(found, func(id string) bool { return !v.whole(id) }), unknown
}

// first is when a node was first written, by whichever side; zero where that isn't
// known of both.
func (v *verdicts) first(id string) time.Time {
	a, b := v.a.Nodes[id].At, v.b.Nodes[id].At
	if a.Before(b) {
		return a
	}
	return b
}

// stood reports whether the baseline's relation of a node has shown the same since
// a time: it was written before, and so was all that it shows.
func (v *verdicts) stood(id string, since time.Time) bool {
	seen := map[string]bool{}
	var stood func(string) bool
	stood = func(id string) bool {
		if seen[id] {
			return true
		}
		seen[id] = true
		n, held := v.byID[id], v.a.Nodes[id]
		if held.Problem != "" || held.At.IsZero() || held.At.After(since) {
			return false
		}
		if slices.Contains(holdsRows, n.A.Materialized) {
			return true
		}
		return !n.Sources && n.Diff == "" && !slices.ContainsFunc(n.Parents, func(id string) bool { return !stood(id) })
	}
	return stood(id)
}

// holdsRows are the ways to materialize of which the warehouse does not read again
// what they were made of.
var holdsRows = []string{"table", "incremental", "seed", "snapshot"}

// depth is how far up the ladder what is compared is climbed.
func (v *verdicts) depth() ladder.Depth {
	switch {
	case v.how.ColumnsOnly:
		return ladder.Columns
	case v.how.CountsOnly:
		return ladder.Counts
	}
	return ladder.Detail
}

// depthAlone is how far what one side has is climbed.
func (v *verdicts) depthAlone() ladder.Depth {
	if depth := v.depth(); depth != ladder.Detail {
		return depth
	}
	return ladder.Counts
}

func (v *verdicts) ask(n code.Node, depth ladder.Depth) {
	key, _ := v.key(n)
	v.asked = append(v.asked, ladder.Pair{
		ID: n.ID, A: relation(n.A), B: relation(n.B), Depth: depth,
		Key: key, Where: v.how.Where, Ignore: v.how.Ignore, Tolerance: v.how.Tolerance,
		Sample: v.how.Sample, Distributions: v.how.Distributions,
		Rows: max(v.a.Nodes[n.ID].Rows, v.b.Nodes[n.ID].Rows),
	})
}

func relation(r code.Relation) ladder.Relation {
	return ladder.Relation{Database: r.Database, Schema: r.Schema, Identifier: r.Identifier, SQL: r.SQL}
}

// job is what the warehouse is asked.
func (v *verdicts) job() ladder.Job {
	job := ladder.Job{Adapter: v.b.Place.Adapter, Profile: v.b.Profile, Threads: threads, Pairs: v.asked}
	if len(v.asked) > 0 { // of what stands there
		job.Database, job.Schema = v.asked[0].B.Database, v.asked[0].B.Schema
	}
	return job
}

// comparison says what the findings mean.
func (v *verdicts) comparison(findings []ladder.Finding) report.Comparison {
	moved := map[string]report.Inputs{} // of edges
	for _, f := range findings {
		r := v.relations[f.ID]
		n := v.byID[f.ID]
		if n.Same {
			moved[f.ID] = v.moved(n, f)
		}
		if r == nil { // an edge that was not selected
			continue
		}
		if v.edges[f.ID] && moved[f.ID] != report.InputsDiffer {
			continue // the verdict stays same code
		}
		v.judge(r, n, f)
	}
	for id, r := range v.relations {
		if r.Verdict == report.Differs || r.Verdict == report.HistoryDiffers {
			r.Inputs = v.inputs(v.byID[id], moved)
		}
	}
	c := report.Comparison{Baseline: side(v.a), Candidate: side(v.b)}
	for _, n := range v.nodes {
		if r := v.relations[n.ID]; r != nil {
			c.Relations = append(c.Relations, *r)
		}
	}
	report.Sort(c.Relations)
	if len(c.Relations) > 0 && !slices.ContainsFunc(v.nodes, func(n code.Node) bool { return n.A.In && n.B.In }) {
		c.Warnings = append(c.Warnings, "the builds have no relation in common: is this the same project, under the same name?")
	}
	if support, err := ladder.SupportOf(v.b.Place.Adapter); err == nil && !support.Run {
		c.Warnings = append(c.Warnings, "the SQL for "+v.b.Place.Adapter+" is from its manual and was never run by dot's tests: check what matters by hand")
	}
	if v.a.DBT != v.b.DBT {
		c.Warnings = append(c.Warnings, fmt.Sprintf("the builds were made by dbt %s and dbt %s", c.Baseline.DBT, c.Candidate.DBT))
	}
	return c
}

// moved says what the finding about a node with the same code on both sides says
// of what was read when they were built.
func (v *verdicts) moved(n code.Node, f ladder.Finding) report.Inputs {
	switch {
	case f.Failed != "" || f.Equal == nil:
		return report.InputsUnknown
	case !*f.Equal:
		return report.InputsDiffer
	case v.showsToday(n):
		return report.InputsUnknown
	}
	return report.InputsSame
}

// showsToday reports whether a node is a view that shows what sources hold today,
// rather than when it was built.
func (v *verdicts) showsToday(n code.Node) bool {
	return known(v.today, n.ID, func() bool {
		return n.Materialized == "view" &&
			(n.Sources || slices.ContainsFunc(n.Parents, func(id string) bool { return v.showsToday(v.byID[id]) }))
	})
}

// inputs says whether a node that differs was made of the same data on both
// sides.
func (v *verdicts) inputs(n code.Node, moved map[string]report.Inputs) report.Inputs {
	found := report.InputsSame
	edge, unknown := v.edge(n)
	for _, id := range edge {
		switch moved[id] {
		case report.InputsDiffer:
			return report.InputsDiffer
		case report.InputsSame:
		default:
			found = report.InputsUnknown
		}
	}
	if unknown {
		found = report.InputsUnknown
	}
	return found
}

// judge says what a finding means for a relation.
func (v *verdicts) judge(r *report.Relation, n code.Node, f ladder.Finding) {
	r.Columns = f.Columns
	if r.Verdict == report.Added || r.Verdict == report.Removed {
		v.judgeAlone(r, n, f)
		return
	}
	if f.A.Rows != nil && f.B.Rows != nil {
		r.Rows = &report.Counts{Baseline: *f.A.Rows, Candidate: *f.B.Rows}
	}
	r.Reason = strings.Join(f.Notes, "; ")
	if d := f.Detail; d != nil {
		r.Rung, r.Changes, r.Sample = d.Rung, &d.Changes, d.Sample
		if key, from := v.key(n); len(key) > 0 {
			r.Key = &report.Key{Columns: key, From: from}
			if d.KeyProblem != nil {
				r.Key.Problem = d.KeyProblem.Say(v.a.Name, v.b.Name)
			}
		}
	}
	switch {
	case f.Failed != "":
		r.Verdict, r.Reason = report.Unknown, f.Failed
	case !f.A.Exists:
		r.Verdict, r.Reason = report.Unknown, gone(v.a, n.A)
	case !f.B.Exists:
		r.Verdict, r.Reason = report.Unknown, gone(v.b, n.B)
	case v.how.ColumnsOnly:
		r.Verdict, r.Rung = columnsOr(r, report.SameColumns), report.ByColumns
	case v.how.CountsOnly:
		r.Verdict, r.Rung = columnsOr(r, report.SameCounts), report.ByCounts
		if r.Rows != nil && r.Rows.Baseline != r.Rows.Candidate {
			r.Verdict = report.Differs
		}
	case f.Equal == nil:
		r.Verdict, r.Reason = report.Unknown, "its content was not compared"
	case *f.Equal:
		r.Verdict, r.Rung = columnsOr(r, report.Same), report.ByContent
	case f.Detail != nil && f.Detail.Tolerated:
		r.Verdict = columnsOr(r, report.WithinLimits)
	case v.otherHistory(n):
		r.Verdict, r.Reason = report.HistoryDiffers, "its own code is the same, and it is built on top of what was there before"
		if v.anew(n.ID) {
			r.Reason = "its own code is the same, and a snapshot keeps the time of the run that made it"
		}
	default:
		r.Verdict = report.Differs
		if n.Same {
			r.Reason = "its code is the same: the sources have moved, or it asks for the time or for chance"
		}
		if r.Rung == "" {
			r.Rung = report.ByContent
		}
	}
}

// judgeAlone says what a finding means for a relation that one side has.
func (v *verdicts) judgeAlone(r *report.Relation, n code.Node, f ladder.Finding) {
	there, side, relation := f.B, v.b, n.B
	if r.Verdict == report.Removed {
		there, side, relation = f.A, v.a, n.A
	}
	switch {
	case f.Failed != "":
		r.Verdict, r.Reason = report.Unknown, f.Failed
	case !there.Exists:
		r.Verdict, r.Reason = report.Unknown, gone(side, relation)
	case there.Rows == nil:
	case r.Verdict == report.Added:
		r.Rows = &report.Counts{Candidate: *there.Rows}
	default:
		r.Rows = &report.Counts{Baseline: *there.Rows}
	}
}

// columnsOr is the verdict where the columns that both sides have hold the same.
func columnsOr(r *report.Relation, verdict report.Verdict) report.Verdict {
	for _, c := range r.Columns {
		switch c.Status {
		case report.ColumnAdded, report.ColumnRemoved, report.TypeChanged:
			return report.ColumnsDiffer
		}
	}
	return verdict
}

// otherHistory reports whether a difference of a node may come of what was there
// before it was built: its own code is the same, and it wasn't made from nothing on
// both sides. A snapshot keeps the time of each run.
func (v *verdicts) otherHistory(n code.Node) bool {
	return n.History && n.Own && (n.ResourceType == "snapshot" || !v.anew(n.ID))
}

func gone(s steps.Side, r code.Relation) string {
	return fmt.Sprintf("%s is not there, though %s built it: build it again", r.SQL, s.Name)
}

// side is what the report says of a build.
func side(s steps.Side) report.Side {
	out := report.Side{
		Spec: s.Specs[0], Name: s.Name, Commit: s.Commit.Hash, Subject: s.Commit.Subject,
		Schema: s.Schema, Adapter: s.Place.Adapter, DBT: s.DBT,
	}
	for _, held := range s.Nodes {
		if held.At.IsZero() {
			continue
		}
		if out.First.IsZero() || held.At.Before(out.First) {
			out.First = held.At
		}
		if held.At.After(out.Last) {
			out.Last = held.At
		}
	}
	out.First, out.Last = out.First.UTC().Truncate(time.Second), out.Last.UTC().Truncate(time.Second)
	return out
}

// threads is how many queries of a comparison run at once: few, since each reads
// whole tables.
const threads = 4
