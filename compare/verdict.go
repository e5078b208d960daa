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

// What the warehouse is asked, and what its answers mean.

// verdicts collects the verdicts of one comparison.
type verdicts struct {
	a, b steps.Side
	how  How
	// upgrade is set for an upgrade check.
	upgrade bool
	nodes   []code.Node // parents first
	byID    map[string]code.Node

	relations map[string]*report.Relation // the reported ones, by unique_id
	asked     []ladder.Pair
	// edges has the nodes that are asked about only to explain a difference below
	// them.
	edges map[string]bool
	names []ladder.Name // of the builds' schemas and commits
	// tops and today remember the results of onTop and showsToday, by unique_id.
	tops, today map[string]bool
	// files remembers the results of shownFile, by unique_id.
	files map[string]string
}

func newVerdicts(a, b steps.Side, how How, nodes []code.Node) *verdicts {
	v := &verdicts{
		a: a, b: b, how: how, nodes: nodes, byID: make(map[string]code.Node, len(nodes)),
		relations: map[string]*report.Relation{}, edges: map[string]bool{},
		tops: map[string]bool{}, today: map[string]bool{}, files: map[string]string{},
	}
	for _, n := range nodes {
		v.byID[n.ID] = n
	}
	v.names = ownNames(a, b, nodes)
	return v
}

// settle gives the verdicts that need no query, and collects the pairs to ask about.
// chosen has the selected nodes; nil means all.
func (v *verdicts) settle(chosen map[string]bool) {
	for _, n := range v.nodes {
		if chosen != nil && !chosen[n.ID] {
			continue
		}
		r := &report.Relation{
			Node: n.ID, Name: n.Name, RenamedFrom: n.OldName, ResourceType: n.ResourceType, Materialized: n.Materialized, File: n.File,
			Baseline: n.A.SQL, Candidate: n.B.SQL, Parents: n.Parents, History: n.History,
			Code: n.Differences, SQL: n.Diff,
		}
		if v.upgrade { // the report says once which dbt built a side
			r.Code = slices.DeleteFunc(slices.Clone(r.Code), func(why string) bool { return strings.HasPrefix(why, "dbt: ") })
		}
		switch settled := v.settled(n, r); {
		case !settled:
			v.ask(n, v.depth())
		case r.Verdict == report.Added, r.Verdict == report.Removed && v.has(v.a, n) && r.Reason == "":
			v.ask(n, v.depthAlone(r))
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

// settled gives a node's verdict without a query, if that is possible.
func (v *verdicts) settled(n code.Node, r *report.Relation) bool {
	decide := func(verdict report.Verdict, reason string) bool {
		r.Verdict, r.Rung, r.Reason = verdict, report.ByColumns, reason
		return true
	}
	stateA, stateB := state(v.a, n.ID), state(v.b, n.ID)
	missing := func(s steps.NodeState) bool {
		if !s.NotBuilt {
			if v.upgrade {
				r.Fails = failsIn(stateA, stateB)
				r.Code = slices.DeleteFunc(r.Code, func(why string) bool { return strings.Contains(why, "code is not known") })
				s.Problem = joined(s.Problem, s.Message)
				if r.Fails == report.FailsInBoth {
					s.Problem = "with the old dbt: " + joined(stateA.Problem, stateA.Message) + "; with the new one: " + s.Problem
				}
			}
			return decide(report.Unknown, s.Problem)
		}
		if n.Diff == "" || !n.A.In || !n.B.In { // the node did not run: nothing else is known about it
			r.Code = nil
		}
		return decide(report.NotBuilt, s.Problem)
	}
	switch {
	case n.A.In && !n.B.In:
		return decide(report.Removed, stateA.Problem)
	case stateB.Problem != "":
		return missing(stateB)
	case !n.A.In:
		return decide(report.Added, "")
	case stateA.Problem != "":
		return missing(stateA)
	case n.One:
		r.Verdict, r.Rung = report.SameRelation, report.ByRelation
		return true
	case n.Same && !v.how.All && !v.onTop(n):
		r.Verdict, r.Rung = report.SameCode, report.ByCode
		return true
	}
	if file := v.shownFile(n); file != "" {
		return decide(report.Unknown, fmt.Sprintf("it shows the file %s by a relative path, so that a query reads one file for both sides: make the view that reads it a table", file))
	}
	return false
}

// failsIn says on which sides of an upgrade check a node failed or was skipped.
func failsIn(a, b steps.NodeState) string {
	inA, inB := a.Problem != "" && !a.NotBuilt, b.Problem != "" && !b.NotBuilt
	switch {
	case inA && inB:
		return report.FailsInBoth
	case inA:
		return report.FailsInBaseline
	}
	return report.FailsInCandidate
}

// state is the state of a node of a side.
func state(s steps.Side, id string) steps.NodeState {
	if found, ok := s.Nodes[id]; ok {
		return found
	}
	return steps.NodeState{Problem: s.Absent, NotBuilt: true}
}

// onTop reports whether a node or one of its ancestors was built on existing data, on
// either side. Then the same code may have left other data.
func (v *verdicts) onTop(n code.Node) bool {
	return known(v.tops, n.ID, func() bool {
		return n.History && !v.anew(n.ID) ||
			n.HistoryAbove && slices.ContainsFunc(n.Parents, func(id string) bool { return v.onTop(v.byID[id]) })
	})
}

// known remembers the result of find for a node. A node has many paths to its
// ancestors, so that without this the work would multiply.
func known[T any](answers map[string]T, id string, find func() T) T {
	answer, ok := answers[id]
	if !ok {
		answer = find()
		answers[id] = answer
	}
	return answer
}

// anew reports whether a node is known to have been built from scratch on both sides.
func (v *verdicts) anew(id string) bool { return state(v.a, id).Anew && state(v.b, id).Anew }

// has reports whether a side has a node, or tried to build it.
func (v *verdicts) has(s steps.Side, n code.Node) bool { return !state(s, n.ID).NotBuilt }

// whole reports whether both sides have a node unchanged since it was built.
func (v *verdicts) whole(id string) bool {
	return state(v.a, id).Problem == "" && state(v.b, id).Problem == ""
}

// edge returns a node's nearest ancestors that have the same code on both sides. If
// one of those differs, the sources changed between the builds.
//
// unknown is set if the node, or a changed node between it and the edge, reads data
// that may have changed between the builds: a source, or a relation that both sides
// read and that was written since.
func (v *verdicts) edge(n code.Node) (found []string, unknown bool) {
	seen := map[string]bool{}
	var climb func(code.Node)
	climb = func(n code.Node) {
		unknown = unknown || n.Sources
		for _, id := range n.Parents {
			parent, ok := v.byID[id]
			if ok && (parent.One || slices.Contains(n.Deferred, id)) {
				// One relation today need not be what both have read.
				read := slices.Contains(n.Deferred, id)
				unknown = unknown || !read || !v.stood(id, v.first(n.ID))
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

// first returns when the first of the two sides wrote a node; zero if a side's time is
// unknown.
func (v *verdicts) first(id string) time.Time {
	a, b := v.a.Nodes[id].At, v.b.Nodes[id].At
	if a.Before(b) {
		return a
	}
	return b
}

// stood reports whether the baseline's relation of a node has not changed since a
// time: it was written before, and so was everything that it shows.
func (v *verdicts) stood(id string, since time.Time) bool {
	seen := map[string]bool{}
	var stood func(string) bool
	stood = func(id string) bool {
		if seen[id] {
			return true
		}
		seen[id] = true
		n, there := v.byID[id], state(v.a, id)
		if there.Problem != "" || there.At.IsZero() || there.At.After(since) {
			return false
		}
		if slices.Contains(holdsRows, n.A.Materialized) {
			return true
		}
		return !n.Sources && n.Diff == "" && !slices.ContainsFunc(n.Parents, func(id string) bool { return !stood(id) })
	}
	return stood(id)
}

// holdsRows has the materializations that store rows: reading them does not read
// their parents again.
var holdsRows = []string{"table", "incremental", "seed", "snapshot"}

// depth is how far to climb for a node that both sides have.
func (v *verdicts) depth() ladder.Depth {
	switch {
	case v.how.ColumnsOnly:
		return ladder.Columns
	case v.how.CountsOnly:
		return ladder.Counts
	}
	return ladder.Detail
}

// depthAlone is how far to climb for a node that only one side has.
func (v *verdicts) depthAlone(r *report.Relation) ladder.Depth {
	switch depth := v.depth(); {
	case depth != ladder.Detail:
		return depth
	case v.how.Distributions && r.Verdict == report.Added:
		return ladder.Profile
	}
	return ladder.Counts
}

func (v *verdicts) ask(n code.Node, depth ladder.Depth) {
	key, _ := v.key(n)
	pair := ladder.Pair{
		ID: n.ID, A: relation(n.A), B: relation(n.B), Depth: depth,
		Key: key, Where: v.how.Where, Ignore: v.how.Ignore, Tolerance: v.how.Tolerance,
		Sample: v.how.Sample, Distributions: v.how.Distributions, Names: v.names,
		Rows: max(v.a.Nodes[n.ID].Rows, v.b.Nodes[n.ID].Rows),
	}
	if depth == ladder.Fingerprint || depth == ladder.Detail {
		pair.Ignore = slices.Concat(pair.Ignore, n.Snapshot.RunTimes)
		if n.Snapshot.ValidTo != "" {
			pair.Ends = map[string]string{n.Snapshot.ValidTo: n.Snapshot.Current}
		}
	}
	v.asked = append(v.asked, pair)
}

func relation(r code.Location) ladder.Relation {
	return ladder.Relation{Database: r.Database, Schema: r.Schema, Identifier: r.Identifier, SQL: r.SQL}
}

// batch returns the pairs to ask the warehouse about.
func (v *verdicts) batch() ladder.Batch {
	batch := ladder.Batch{Adapter: v.b.Place.Adapter, Profile: v.b.Profile, Threads: threads, Pairs: v.asked}
	if len(v.asked) > 0 { // these exist
		batch.Database, batch.Schema = v.asked[0].B.Database, v.asked[0].B.Schema
	}
	return batch
}

// comparison turns the answers into verdicts.
func (v *verdicts) comparison(answers []ladder.Answer) report.Comparison {
	moved := map[string]report.Inputs{} // by edge
	for _, answer := range answers {
		r := v.relations[answer.ID]
		n := v.byID[answer.ID]
		if n.Same {
			moved[answer.ID] = v.moved(n, answer)
		}
		if r == nil { // an edge that was not selected
			continue
		}
		if v.edges[answer.ID] && moved[answer.ID] != report.InputsDiffer {
			continue // the verdict stays same code
		}
		v.judge(r, n, answer)
	}
	for id, r := range v.relations {
		if r.Verdict == report.Differs || r.Verdict == report.HistoryDiffers {
			r.Inputs = v.inputs(v.byID[id], moved)
		}
	}
	c := report.Comparison{Baseline: side(v.a), Candidate: side(v.b), Tests: v.tests()}
	for _, n := range v.nodes {
		if r := v.relations[n.ID]; r != nil {
			for _, text := range []*string{&r.Baseline, &r.Candidate, &r.Reason} {
				*text = v.a.WithoutSecrets(v.b.WithoutSecrets(*text))
			}
			c.Relations = append(c.Relations, *r)
		}
	}
	report.Sort(c.Relations)
	if len(c.Relations) > 0 && !slices.ContainsFunc(v.nodes, func(n code.Node) bool { return n.A.In && n.B.In }) {
		c.Warnings = append(c.Warnings, "the builds have no relation in common: is this the same project, under the same name?")
	}
	if support, err := ladder.SupportOf(v.b.Place.Adapter); err == nil && !support.Run {
		c.Warnings = append(c.Warnings, "the SQL for "+v.b.Place.Adapter+" follows its manual and was never run by dot's tests: check important results by hand")
	}
	if v.a.DBT != v.b.DBT && !v.upgrade {
		c.Warnings = append(c.Warnings, fmt.Sprintf("the builds were made by dbt %s and dbt %s", c.Baseline.DBT, c.Candidate.DBT))
	}
	return c
}

// moved returns what the answer about a node with the same code on both sides tells
// about the builds' inputs.
func (v *verdicts) moved(n code.Node, answer ladder.Answer) report.Inputs {
	switch {
	case answer.Failed != "" || answer.Equal == nil:
		return report.InputsUnknown
	case !*answer.Equal && !answer.OnlyNames:
		return report.InputsDiffer
	case v.showsToday(n):
		return report.InputsUnknown
	}
	return report.InputsSame
}

// showsToday reports whether a node is a view that shows the sources' data of today,
// not that of its build.
func (v *verdicts) showsToday(n code.Node) bool {
	return known(v.today, n.ID, func() bool {
		return n.Materialized == "view" &&
			(n.Sources || slices.ContainsFunc(n.Parents, func(id string) bool { return v.showsToday(v.byID[id]) }))
	})
}

// inputs tells whether a node that differs was built from the same data on both sides;
// "" if it reads nothing, or what itself differs because of the change.
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
	switch {
	case unknown:
		return report.InputsUnknown
	case found == report.InputsSame && !v.equalParents(n, moved):
		return ""
	}
	return found
}

// equalParents reports whether a node reads relations, and each of them was compared
// and is equal, or is one that both sides read.
func (v *verdicts) equalParents(n code.Node, moved map[string]report.Inputs) bool {
	return len(n.Parents) > 0 && !slices.ContainsFunc(n.Parents, func(id string) bool {
		if slices.Contains(n.Deferred, id) || moved[id] == report.InputsSame {
			return false
		}
		r := v.relations[id]
		return r == nil || r.Verdict != report.Same && r.Verdict != report.SameButSchema || v.showsToday(v.byID[id])
	})
}

// judge turns an answer into a relation's verdict.
func (v *verdicts) judge(r *report.Relation, n code.Node, answer ladder.Answer) {
	if answer.A.Exists == n.A.In && answer.B.Exists == n.B.In { // else the columns of one side would seem added or removed
		r.Columns = answer.Columns
	}
	if r.Verdict == report.Added || r.Verdict == report.Removed {
		v.judgeAlone(r, n, answer)
		return
	}
	if answer.A.Rows != nil && answer.B.Rows != nil {
		r.Rows = &report.Counts{Baseline: *answer.A.Rows, Candidate: *answer.B.Rows}
	}
	notes := answer.Notes
	if len(answer.Holding) > 0 {
		for i := range r.Columns {
			r.Columns[i].HoldsSchema = slices.Contains(answer.Holding, r.Columns[i].Name)
		}
		what := "the schema's name was not compared, in "
		if answer.OnlyNames {
			what = "differs only by the schema's name, in "
		}
		notes = append([]string{what + strings.Join(answer.Holding, ", ")}, notes...)
	}
	if left := leftOut(n.Snapshot); left != "" && !v.how.ColumnsOnly && !v.how.CountsOnly {
		notes = append(slices.Clone(notes), left)
	}
	r.Reason = strings.Join(notes, "; ")
	if d := answer.Detail; d != nil {
		r.Rung, r.Changes, r.Sample = d.Rung, &d.Changes, d.Sample
		if key, from := v.key(n); len(key) > 0 {
			r.Key = &report.Key{Columns: key, From: from}
			if d.KeyProblem != nil {
				r.Key.Problem = d.KeyProblem.Say(v.a.Name, v.b.Name)
			}
		}
	}
	missing := v.missingKey(n, r.Columns)
	switch {
	case answer.Failed != "":
		r.Verdict, r.Reason = report.Unknown, v.failed(answer)
	case missing != "":
		r.Verdict, r.Reason = report.Unknown, missing
		r.Key, r.Rung, r.Changes, r.Sample = nil, "", nil, nil
	case !answer.A.Exists:
		r.Verdict, r.Reason = report.Unknown, v.gone(v.a, n, n.A)
	case !answer.B.Exists:
		r.Verdict, r.Reason = report.Unknown, v.gone(v.b, n, n.B)
	case v.how.ColumnsOnly:
		r.Verdict, r.Rung = columnsOr(r, report.SameColumns), report.ByColumns
	case v.how.CountsOnly:
		r.Verdict, r.Rung = columnsOr(r, report.SameCounts), report.ByCounts
		if r.Rows != nil && r.Rows.Baseline != r.Rows.Candidate {
			r.Verdict = report.Differs
		}
	case answer.Equal == nil && renamed(r.Columns):
		r.Verdict, r.Rung = report.ColumnsDiffer, report.ByColumns
	case answer.Equal == nil:
		r.Verdict, r.Reason = report.Unknown, "its data was not compared"
	case *answer.Equal:
		r.Verdict, r.Rung = columnsOr(r, report.Same), report.ByContent
	case answer.OnlyNames:
		r.Verdict, r.Rung = columnsOr(r, report.SameButSchema), report.ByContent
	case answer.Detail != nil && answer.Detail.Tolerated:
		r.Verdict = columnsOr(r, report.WithinLimits)
	case v.otherHistory(n):
		r.Verdict = report.HistoryDiffers
		r.Reason = joined("its own code is the same, and it was built on existing data", r.Reason)
	default:
		r.Verdict = report.Differs
		if n.Same {
			r.Reason = joined("its code is the same: the sources changed, or it uses the time or random values", r.Reason)
		}
		if r.Rung == "" {
			r.Rung = report.ByContent
		}
	}
}

// judgeAlone is judge for a relation that only one side has.
func (v *verdicts) judgeAlone(r *report.Relation, n code.Node, answer ladder.Answer) {
	there, side, relation := answer.B, v.b, n.B
	if r.Verdict == report.Removed {
		there, side, relation = answer.A, v.a, n.A
	}
	switch {
	case answer.Failed != "":
		r.Verdict, r.Reason = report.Unknown, v.failed(answer)
	case !there.Exists:
		r.Verdict, r.Reason = report.Unknown, v.gone(side, n, relation)
	case there.Rows == nil:
	case r.Verdict == report.Added:
		r.Rows = &report.Counts{Candidate: *there.Rows}
	default:
		r.Rows = &report.Counts{Baseline: *there.Rows}
	}
}

// renamed reports whether a relation has columns, and both sides none in common.
func renamed(columns []report.Column) bool {
	return len(columns) > 0 && !slices.ContainsFunc(columns, func(c report.Column) bool { return c.Baseline != "" && c.Candidate != "" })
}

// columnsOr returns columns differ if the sides' columns do, else the given verdict.
func columnsOr(r *report.Relation, verdict report.Verdict) report.Verdict {
	for _, c := range r.Columns {
		switch c.Status {
		case report.ColumnAdded, report.ColumnRemoved, report.TypeChanged:
			return report.ColumnsDiffer
		}
	}
	return verdict
}

// joined joins a reason with notes, if there are any.
func joined(reason, notes string) string {
	if notes == "" {
		return reason
	}
	return reason + "; " + notes
}

// leftOut says which columns of a snapshot are not compared; "" if all are.
func leftOut(s code.Snapshot) string {
	var left []string
	if len(s.RunTimes) > 0 {
		left = append(left, "not compared, since they hold times of runs: "+strings.Join(s.RunTimes, ", "))
	}
	if s.ValidTo != "" {
		left = append(left, "of "+s.ValidTo+" only which rows are current")
	}
	return strings.Join(left, "; ")
}

// otherHistory reports whether a node's difference may come from the data that it was
// built on: its own code is the same, and a side may not have built it from scratch.
func (v *verdicts) otherHistory(n code.Node) bool {
	return n.History && n.Own && !v.anew(n.ID)
}

// gone says that a node's relation on a side is missing, and how to build it again.
func (v *verdicts) gone(s steps.Side, n code.Node, relation code.Location) string {
	by, spec := s.Name, s.Specs[0]
	if layer := state(s, n.ID).Layer; layer != nil && layer != s.Own {
		by, spec = layer.Name, layer.Name
	}
	return fmt.Sprintf("%s is not there, although %s built it: %s", relation.SQL, by, buildCommand(v.how.building, spec, "--check-warehouse"))
}

// side describes a side for the report.
func side(s steps.Side) report.Side {
	out := report.Side{
		Spec: s.Specs[0], Name: s.ID, Commit: s.Commit.Hash, Subject: s.Commit.Subject,
		Schema: s.Schema, Adapter: s.Place.Adapter, DBT: s.DBT,
	}
	if draft := s.Commit.Draft; draft != nil {
		out.WorkingTree = &report.WorkingTree{Base: draft.Base.Hash, Files: draft.Files}
	}
	for _, state := range s.Nodes {
		if state.Layer != s.Own || state.At.IsZero() { // of a build below, or not built
			continue
		}
		if out.First.IsZero() || state.At.Before(out.First) {
			out.First = state.At
		}
		if state.At.After(out.Last) {
			out.Last = state.At
		}
	}
	out.First, out.Last = out.First.UTC().Truncate(time.Second), out.Last.UTC().Truncate(time.Second)
	return out
}

// threads is how many queries of a comparison run at once. There are few, since each
// query reads whole tables.
const threads = 4
