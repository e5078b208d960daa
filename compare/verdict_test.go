package compare

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/compare/report"
	"dot-for-dbt/steps"
)

// A lineage is a small project on both sides of a comparison.
type lineage struct {
	nodes []code.Node
	a, b  steps.Side
}

// newLineage reads "a<src b<a! c<b,a": nodes, parents first, each with its parents. src
// is a source. ! marks a node whose own code differs.
func newLineage(text string) *lineage {
	l := &lineage{
		a: steps.Side{Built: &steps.Built{Name: "prod@1"}, Nodes: map[string]steps.NodeState{}},
		b: steps.Side{Built: &steps.Built{Name: "dev@2"}, Nodes: map[string]steps.NodeState{}},
	}
	l.a.Absent, l.b.Absent = "was never built by prod@1", "was never built by dev@2"
	l.a.Specs, l.b.Specs = []string{"prod@main"}, []string{"dev@HEAD"}
	same := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		name, parents, _ := strings.Cut(word, "<")
		changed := strings.HasSuffix(word, "!")
		name, parents = strings.TrimSuffix(name, "!"), strings.TrimSuffix(parents, "!")
		n := code.Node{ID: name, Name: name, ResourceType: "model", Own: !changed, Same: !changed}
		for parent := range strings.SplitSeq(parents, ",") {
			switch {
			case parent == "src":
				n.Sources = true
			case parent != "":
				n.Parents = append(n.Parents, parent)
				n.Same = n.Same && same[parent]
			}
		}
		same[name] = n.Same
		n.A = code.Location{In: true, SQL: "prod_1." + name}
		n.B = code.Location{In: true, SQL: "dev_2." + name}
		l.nodes = append(l.nodes, n)
		l.a.Nodes[name] = steps.NodeState{At: time.Unix(1, 0), Anew: true}
		l.b.Nodes[name] = steps.NodeState{At: time.Unix(2, 0), Anew: true}
	}
	return l
}

// deferTo makes the candidate read a node from the baseline instead of building it.
func (l *lineage) deferTo(name, materialized string, reader string) {
	delete(l.b.Nodes, name)
	l.node(name).Same, l.node(name).A.Materialized = false, materialized
	l.node(reader).Deferred = []string{name}
}

// share makes a node one relation on both sides, which both have read.
func (l *lineage) share(name, reader string) {
	l.node(name).One, l.node(name).A.Materialized = true, "table"
	l.node(reader).Deferred = []string{name}
}

func (l *lineage) node(name string) *code.Node {
	for i := range l.nodes {
		if l.nodes[i].ID == name {
			return &l.nodes[i]
		}
	}
	panic(name)
}

// compare returns what the warehouse is asked and, given its answers, a verdict for
// each node.
func (l *lineage) compare(how How, chosen map[string]bool, answers map[string]ladder.Answer) (asked, verdicts string) {
	v := newVerdicts(l.a, l.b, how, l.nodes)
	v.settle(chosen)
	var words []string
	var found []ladder.Answer
	for _, pair := range v.asked {
		words = append(words, fmt.Sprintf("%s:%s", pair.ID, pair.Depth))
		answer := answers[pair.ID]
		answer.ID = pair.ID
		found = append(found, answer)
	}
	asked = strings.Join(words, " ")
	relations := map[string]report.Relation{}
	for _, r := range v.comparison(found).Relations {
		relations[r.Node] = r
	}
	words = nil
	for _, n := range l.nodes {
		r, ok := relations[n.ID]
		if !ok {
			continue
		}
		word := n.ID + ":" + string(r.Verdict)
		if r.Inputs != "" {
			word += "/" + string(r.Inputs)
		}
		words = append(words, word)
	}
	return asked, strings.Join(words, " ")
}

// is returns an answer about two relations that exist.
func is(equal bool) ladder.Answer {
	return ladder.Answer{A: ladder.RelationInfo{Exists: true, Kind: "table"}, B: ladder.RelationInfo{Exists: true, Kind: "table"}, Equal: &equal}
}

// onlyNames says that the data of an answer differs only by the builds' names.
func onlyNames(answer ladder.Answer) ladder.Answer {
	answer.OnlyNames, answer.Holding = true, []string{"id"}
	return answer
}

func tolerated() ladder.Answer {
	answer := is(false)
	answer.Detail = &ladder.Details{Rung: report.ByJoin, Tolerated: true}
	return answer
}

// TestVerdicts checks the verdicts for answers about small lineages.
func TestVerdicts(t *testing.T) {
	rows := func(a, b int64) ladder.Answer {
		answer := is(true)
		answer.Equal, answer.A.Rows, answer.B.Rows = nil, &a, &b
		return answer
	}
	columns := func(answer ladder.Answer, status report.ColumnStatus) ladder.Answer {
		answer.Columns = []report.Column{{Name: "id", Status: report.Common}, {Name: "x", Status: status}}
		return answer
	}
	renamedColumns := func(answer ladder.Answer) ladder.Answer {
		answer.Columns = []report.Column{{Name: "orders", Status: report.ColumnAdded, Candidate: "integer"}, {Name: "n", Status: report.ColumnRemoved, Baseline: "integer"}}
		return answer
	}
	for _, test := range []struct {
		name, lineage   string
		change          func(*lineage)
		how             How
		chosen          map[string]bool
		answers         map[string]ladder.Answer
		asked, verdicts string
	}{
		{
			name: "nothing changed: nothing is asked", lineage: "a<src b<a",
			verdicts: "a:same code b:same code",
		},
		{
			name: "--all asks about the same code", lineage: "a<src b<a", how: How{All: true},
			answers: map[string]ladder.Answer{"a": is(true), "b": is(false)},
			asked:   "a:detail b:detail", verdicts: "a:same b:differs/same",
		},
		{
			name: "a change that alters nothing", lineage: "a<src b<a!", answers: map[string]ladder.Answer{"a": is(true), "b": is(true)},
			asked: "b:detail a:fingerprint", verdicts: "a:same code b:same",
		},
		{
			name: "a change, over inputs that are the same", lineage: "a<src b<a! c<b",
			answers: map[string]ladder.Answer{"a": is(true), "b": is(false), "c": is(false)},
			asked:   "b:detail c:detail a:fingerprint", verdicts: "a:same code b:differs/same c:differs",
		},
		{
			name: "the sources have moved", lineage: "a<src b<a! c<b",
			answers: map[string]ladder.Answer{"a": is(false), "b": is(false), "c": is(true)},
			asked:   "b:detail c:detail a:fingerprint", verdicts: "a:differs/unknown b:differs/differ c:same",
		},
		{
			name: "a view shows what its sources hold today", lineage: "a<src v<a b<v!",
			change:  func(l *lineage) { l.node("a").Materialized, l.node("v").Materialized = "view", "view" },
			answers: map[string]ladder.Answer{"v": is(true), "b": is(false)},
			asked:   "b:detail v:fingerprint", verdicts: "a:same code v:same code b:differs/unknown",
		},
		{
			name: "a view of what was built shows that", lineage: "a<src v<a b<v!",
			change:  func(l *lineage) { l.node("v").Materialized = "view" },
			answers: map[string]ladder.Answer{"v": is(true), "b": is(false)},
			asked:   "b:detail v:fingerprint", verdicts: "a:same code v:same code b:differs/same",
		},
		{
			name: "what a change reads from a source itself is not known", lineage: "b<src! c<b",
			answers: map[string]ladder.Answer{"b": is(false), "c": is(false)},
			asked:   "b:detail c:detail", verdicts: "b:differs/unknown c:differs/unknown",
		},
		{
			name: "what both read from one table is the same", lineage: "a<src b<a! c<b",
			change: func(l *lineage) {
				l.deferTo("a", "table", "b")
			},
			answers: map[string]ladder.Answer{"b": is(false), "c": is(false)},
			asked:   "b:detail c:detail", verdicts: "a:not built b:differs/same c:differs",
		},
		{
			name: "unless it was written between the two", lineage: "a<src b<a!",
			change: func(l *lineage) {
				l.deferTo("a", "table", "b")
				l.a.Nodes["a"] = steps.NodeState{At: time.Unix(3, 0)}
			},
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "a:not built b:differs/unknown",
		},
		{
			name: "or is a view of a source", lineage: "a<src b<a!",
			change:  func(l *lineage) { l.deferTo("a", "view", "b") },
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "a:not built b:differs/unknown",
		},
		{
			name: "but not of a table", lineage: "t<src a<t b<a!",
			change: func(l *lineage) {
				l.deferTo("a", "view", "b")
				l.node("t").A.Materialized = "table"
			},
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "t:same code a:not built b:differs/same",
		},
		{
			name: "one relation on both sides is not asked about", lineage: "a<src b<a! c<a",
			change: func(l *lineage) {
				l.share("a", "b")
				l.node("c").One = true
			},
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "a:same relation b:differs/same c:same relation",
		},
		{
			name: "not by --all either", lineage: "a<src b<a", how: How{All: true},
			change:   func(l *lineage) { l.node("a").One, l.node("b").One = true, true },
			verdicts: "a:same relation b:same relation",
		},
		{
			name: "a side may have read another than it has today", lineage: "a<src b<a!",
			change:  func(l *lineage) { l.node("a").One = true },
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "a:same relation b:differs/unknown",
		},
		{
			name: "one relation that was written between the two", lineage: "a<src b<a!",
			change: func(l *lineage) {
				l.share("a", "b")
				l.a.Nodes["a"] = steps.NodeState{At: time.Unix(3, 0)}
			},
			answers: map[string]ladder.Answer{"b": is(false)},
			asked:   "b:detail", verdicts: "a:same relation b:differs/unknown",
		},
		{
			name: "an input that the change altered is not the same data", lineage: "a b<a! o<a c<b,o",
			answers: map[string]ladder.Answer{"a": is(true), "b": is(false), "c": is(false), "o": is(true)},
			asked:   "b:detail c:detail a:fingerprint o:fingerprint", verdicts: "a:same code b:differs/same o:same code c:differs",
		},
		{
			name: "an input that was changed and came out equal is", lineage: "a b<a! c<b",
			answers: map[string]ladder.Answer{"a": is(true), "b": is(true), "c": is(false)},
			asked:   "b:detail c:detail a:fingerprint", verdicts: "a:same code b:same c:differs/same",
		},
		{
			name: "what reads nothing has no inputs", lineage: "s! b<s",
			answers: map[string]ladder.Answer{"s": is(false), "b": is(false)},
			asked:   "s:detail b:detail", verdicts: "s:differs b:differs",
		},
		{
			name: "an input that was not chosen was not compared", lineage: "a b<a! c<b",
			chosen: map[string]bool{"c": true}, answers: map[string]ladder.Answer{"a": is(true), "c": is(false)},
			asked: "c:detail a:fingerprint", verdicts: "c:differs",
		},
		{
			name: "an edge that can't be compared spoils nothing", lineage: "a<src b<a!",
			answers: map[string]ladder.Answer{"a": {Failed: "permission denied"}, "b": is(false)},
			asked:   "b:detail a:fingerprint", verdicts: "a:same code b:differs/unknown",
		},
		{
			name: "only what is selected is reported, and its edge asked about", lineage: "a<src b<a! c<b",
			chosen: map[string]bool{"c": true}, answers: map[string]ladder.Answer{"a": is(false), "c": is(false)},
			asked: "c:detail a:fingerprint", verdicts: "c:differs/differ",
		},
		{
			name: "failed and gone", lineage: "b! c!",
			answers: map[string]ladder.Answer{"b": {Failed: "boom"}, "c": {A: ladder.RelationInfo{Exists: true}}},
			asked:   "b:detail c:detail", verdicts: "b:unknown c:unknown",
		},
		{
			name: "content that was not compared is never the same", lineage: "b!",
			answers: map[string]ladder.Answer{"b": rows(1, 1)},
			asked:   "b:detail", verdicts: "b:unknown",
		},
		{
			name: "columns", lineage: "b! c! d! e!",
			answers: map[string]ladder.Answer{
				"b": columns(is(true), report.ColumnAdded), "c": columns(is(true), report.TypeChanged),
				"d": columns(is(true), report.Ignored), "e": columns(tolerated(), report.ColumnRemoved),
			},
			asked: "b:detail c:detail d:detail e:detail", verdicts: "b:columns differ c:columns differ d:same e:columns differ",
		},
		{
			name: "within tolerance", lineage: "b!", answers: map[string]ladder.Answer{"b": tolerated()},
			asked: "b:detail", verdicts: "b:equal within tolerance",
		},
		{
			name: "only the schema's name in values", lineage: "a<src b<a! c<b", how: How{All: true},
			change: func(l *lineage) { l.node("c").Own = true },
			answers: map[string]ladder.Answer{
				"a": onlyNames(is(false)), "b": columns(onlyNames(is(false)), report.ColumnAdded), "c": is(false),
			},
			asked: "a:detail b:detail c:detail", verdicts: "a:same but for the schema b:columns differ c:differs",
		},
		{
			name: "an input that differs only by the schema's name", lineage: "a<src b<a! c<b!",
			answers: map[string]ladder.Answer{"a": onlyNames(is(false)), "b": onlyNames(is(false)), "c": is(false)},
			asked:   "b:detail c:detail a:fingerprint", verdicts: "a:same code b:same but for the schema c:differs/same",
		},
		{
			name: "no column in common", lineage: "b! c!",
			answers: map[string]ladder.Answer{"b": renamedColumns(rows(1, 1)), "c": rows(1, 1)},
			asked:   "b:detail c:detail", verdicts: "b:columns differ c:unknown",
		},
		{
			name: "columns only", lineage: "a<src b<a! c!", how: How{ColumnsOnly: true},
			answers: map[string]ladder.Answer{"b": rows(0, 0), "c": columns(rows(0, 0), report.ColumnAdded)},
			asked:   "b:columns c:columns", verdicts: "a:same code b:same columns c:columns differ",
		},
		{
			name: "counts only", lineage: "b! c!", how: How{CountsOnly: true},
			answers: map[string]ladder.Answer{"b": rows(3, 3), "c": rows(3, 4)},
			asked:   "b:counts c:counts", verdicts: "b:same counts c:differs",
		},
		{
			name: "one side only, and not built", lineage: "a! b! c! d! e!",
			change: func(l *lineage) {
				l.node("a").B.In = false
				l.node("b").A.In = false
				delete(l.a.Nodes, "c")
				delete(l.b.Nodes, "d")
				l.node("e").B.In = false
				delete(l.a.Nodes, "e")
			},
			answers: map[string]ladder.Answer{"a": rows(5, 0), "b": rows(0, 7)},
			asked:   "a:counts b:counts", verdicts: "a:removed b:added c:not built d:not built",
		},
		{
			name: "what one side only has is there, or it is unknown", lineage: "a! b!",
			change: func(l *lineage) {
				l.node("a").B.In = false
				l.node("b").A.In = false
			},
			answers: map[string]ladder.Answer{"a": {B: ladder.RelationInfo{Exists: true}}, "b": {Failed: "permission denied"}},
			asked:   "a:counts b:counts", verdicts: "a:unknown b:unknown",
		},
		{
			name: "what failed or was overwritten is unknown", lineage: "a! b<a",
			change: func(l *lineage) {
				l.a.Nodes["a"] = steps.NodeState{Problem: "it failed"}
				l.b.Nodes["b"] = steps.NodeState{Problem: "it failed"}
			},
			verdicts: "a:unknown b:unknown",
		},
		{
			name: "an incremental model made from nothing on both sides", lineage: "a! i<a",
			change:  func(l *lineage) { l.node("i").History = true },
			answers: map[string]ladder.Answer{"a": is(true), "i": is(false)},
			asked:   "a:detail i:detail", verdicts: "a:same i:differs/same",
		},
		{
			name: "an incremental model on top of something", lineage: "a! i<a j<i!",
			change: func(l *lineage) {
				l.node("i").History, l.node("j").History = true, true
				l.a.Nodes["i"], l.a.Nodes["j"] = steps.NodeState{}, steps.NodeState{}
			},
			answers: map[string]ladder.Answer{"a": is(true), "i": is(false), "j": is(false)},
			asked:   "a:detail i:detail j:detail", verdicts: "a:same i:history differs/same j:differs",
		},
		{
			name: "the same code on top of something is looked at, and what is above it", lineage: "a<src i<a m<i j<a k<a",
			change: func(l *lineage) {
				l.node("i").History, l.node("m").HistoryAbove = true, true
				l.node("j").History, l.node("k").HistoryAbove = true, true
				l.b.Nodes["i"] = steps.NodeState{}
			},
			answers: map[string]ladder.Answer{"a": is(true), "i": is(false), "m": is(false)},
			asked:   "i:detail m:detail a:fingerprint", verdicts: "a:same code i:history differs/same m:differs/differ j:same code k:same code",
		},
		{
			name: "a snapshot, made from nothing and on top of something", lineage: "a! s<a t<a",
			change: func(l *lineage) {
				for _, name := range []string{"s", "t"} {
					l.node(name).History, l.node(name).ResourceType = true, "snapshot"
				}
				l.b.Nodes["t"] = steps.NodeState{}
			},
			answers: map[string]ladder.Answer{"a": is(true), "s": is(false), "t": is(false)},
			asked:   "a:detail s:detail t:detail", verdicts: "a:same s:differs/same t:history differs/same",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLineage(test.lineage)
			if test.change != nil {
				test.change(l)
			}
			asked, verdicts := l.compare(test.how, test.chosen, test.answers)
			if diff := cmp.Diff(test.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.verdicts, verdicts); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNothingInCommon: a warning says that two projects have no relation in common.
func TestNothingInCommon(t *testing.T) {
	l := newLineage("a! b!")
	l.node("a").B.In = false
	l.node("b").A.In = false
	v := newVerdicts(l.a, l.b, How{ColumnsOnly: true}, l.nodes)
	v.settle(nil)
	there := ladder.RelationInfo{Exists: true}
	got := v.comparison([]ladder.Answer{{ID: "a", A: there}, {ID: "b", B: there}})
	if len(got.Warnings) == 0 || !strings.Contains(got.Warnings[0], "no relation in common") {
		t.Errorf("warnings %q", got.Warnings)
	}
}

// A relation counts as large if the last run of either side wrote many rows.
func TestExpectedRows(t *testing.T) {
	l := newLineage("a<src! b<src!")
	l.a.Nodes["a"] = steps.NodeState{Rows: 10}
	l.b.Nodes["a"] = steps.NodeState{Rows: 2_000_000}
	v := newVerdicts(l.a, l.b, How{}, l.nodes)
	v.settle(nil)
	got := map[string]int64{}
	for _, pair := range v.asked {
		got[pair.ID] = pair.Rows
	}
	if diff := cmp.Diff(map[string]int64{"a": 2_000_000, "b": 0}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestDiamonds: with each level of this lineage the number of paths doubles. The work
// must not.
func TestDiamonds(t *testing.T) {
	const levels = 60
	text := "a<src i<a"
	last := []string{"i"}
	for level := range levels {
		var next []string
		for _, side := range []string{"l", "r"} {
			name := fmt.Sprintf("%s%d", side, level)
			text += " " + name + "<" + strings.Join(last, ",")
			next = append(next, name)
		}
		last = next
	}
	l := newLineage(text + " z<" + strings.Join(last, ",") + "!")
	for i := range l.nodes {
		l.nodes[i].Materialized, l.nodes[i].HistoryAbove = "view", l.nodes[i].ID != "a" && l.nodes[i].ID != "i"
	}
	l.node("a").Materialized = "table"
	l.node("i").Materialized, l.node("i").History = "incremental", true
	answers := map[string]ladder.Answer{"z": is(false)}
	for _, name := range last {
		answers[name] = is(true)
	}
	asked, verdicts := l.compare(How{}, nil, answers)
	if want := fmt.Sprintf("z:detail %s:fingerprint %s:fingerprint", last[0], last[1]); asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	if !strings.HasSuffix(verdicts, " z:differs/same") {
		t.Errorf("z is judged otherwise: %s", verdicts[max(0, len(verdicts)-60):])
	}
}

// TestGone: the reason names the build that should have the relation, and what to type.
func TestGone(t *testing.T) {
	l := newLineage("a! b!")
	l.a.Own = &steps.Layer{Name: "prod@1"}
	l.a.Nodes["a"] = steps.NodeState{Layer: l.a.Own}
	l.a.Nodes["b"] = steps.NodeState{Layer: &steps.Layer{Name: "prod@0"}}
	v := newVerdicts(l.a, l.b, How{building: []string{"--target", "other one"}}, l.nodes)
	v.settle(nil)
	missing := ladder.Answer{B: ladder.RelationInfo{Exists: true}, Columns: []report.Column{{Name: "x", Status: report.ColumnAdded}}}
	a, b := missing, missing
	a.ID, b.ID = "a", "b"
	want := map[string]string{
		"a": "prod_1.a is not there, although prod@1 built it: dot build prod@main --check-warehouse -- --target 'other one'",
		"b": "prod_1.b is not there, although prod@0 built it: dot build prod@0 --check-warehouse -- --target 'other one'",
	}
	for _, r := range v.comparison([]ladder.Answer{a, b}).Relations {
		if r.Verdict != report.Unknown || r.Reason != want[r.Node] || len(r.Columns) > 0 {
			t.Errorf("%s is %s: %s; columns %v", r.Node, r.Verdict, r.Reason, r.Columns)
		}
	}
}

// Times of runs are left out of a snapshot, and the reason says so.
func TestSnapshotTimes(t *testing.T) {
	l := newLineage("s!")
	l.node("s").Snapshot = code.Snapshot{RunTimes: []string{"dbt_scd_id", "dbt_valid_from"}, ValidTo: "dbt_valid_to", Current: "date '9999-12-31'"}
	for _, test := range []struct {
		how    How
		ignore []string
		ends   map[string]string
		reason string
	}{
		{
			How{Ignore: []string{"x"}},
			[]string{"x", "dbt_scd_id", "dbt_valid_from"},
			map[string]string{"dbt_valid_to": "date '9999-12-31'"},
			"a note; not compared, since they hold times of runs: dbt_scd_id, dbt_valid_from; of dbt_valid_to only which rows are current",
		},
		{how: How{CountsOnly: true}, reason: "a note"},
	} {
		v := newVerdicts(l.a, l.b, test.how, l.nodes)
		v.settle(nil)
		if diff := cmp.Diff(test.ignore, v.asked[0].Ignore); diff != "" {
			t.Errorf("%+v: ignored (-want +got):\n%s", test.how, diff)
		}
		if diff := cmp.Diff(test.ends, v.asked[0].Ends); diff != "" {
			t.Errorf("%+v: ends (-want +got):\n%s", test.how, diff)
		}
		answer := is(true)
		answer.ID, answer.Notes = "s", []string{"a note"}
		if got := v.comparison([]ladder.Answer{answer}).Relations[0].Reason; got != test.reason {
			t.Errorf("%+v: reason %q, want %q", test.how, got, test.reason)
		}
	}
}
