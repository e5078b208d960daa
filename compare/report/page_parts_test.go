package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// lineage makes relations. Each names its parents by number.
func lineage(verdict func(i int) Verdict, parents ...[]int) []*pageRelation {
	var c Comparison
	for i, up := range parents {
		r := Relation{Node: fmt.Sprintf("model.shop.m%d", i), Name: fmt.Sprintf("m%d", i), Verdict: verdict(i)}
		for _, p := range up {
			r.Parents = append(r.Parents, fmt.Sprintf("model.shop.m%d", p))
		}
		c.Relations = append(c.Relations, r)
	}
	return newPageComparison(c, identifiers{}).Relations
}

// Whatever the lineage is: parents are drawn left of their children, no two relations
// overlap, all are within the drawing, and each parent has a line to each child.
func TestDrawing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "relations")
		parents := make([][]int, n)
		lines := 0
		for i := 1; i < n; i++ {
			parents[i] = rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, min(i, 4), rapid.ID[int]).Draw(t, "parents")
			lines += len(parents[i])
		}
		all := lineage(func(int) Verdict { return Differs }, parents...)
		d := draw(all)
		if lines == 0 {
			if d != nil {
				t.Fatal("there is a drawing without a line")
			}
			return
		}
		if len(d.Nodes) != n || len(d.Edges) != lines {
			t.Fatalf("%d relations and %d lines are drawn, of %d and %d", len(d.Nodes), len(d.Edges), n, lines)
		}
		at := map[*pageRelation]*drawnNode{}
		for _, node := range d.Nodes {
			at[node.pageRelation] = node
			if node.X < 0 || node.Y < 0 || node.X+node.Width > d.Width || node.Y+nodeHeight > d.Height {
				t.Errorf("%s is outside", node.Name)
			}
			for _, other := range d.Nodes {
				if node != other && node.X < other.X+other.Width && other.X < node.X+node.Width &&
					node.Y < other.Y+nodeHeight && other.Y < node.Y+nodeHeight {
					t.Errorf("%s and %s are drawn over each other", node.Name, other.Name)
				}
			}
		}
		for _, r := range all {
			for _, p := range r.Parents {
				if from, to := at[p], at[r]; from.X+from.Width >= to.X {
					t.Errorf("%s is not left of %s", p.Name, r.Name)
				}
				begin := fmt.Sprintf("M%d %d", at[p].X+at[p].Width, at[p].middle())
				end := fmt.Sprintf(" %d %d", at[r].X, at[r].middle())
				if !slices.ContainsFunc(d.Edges, func(e drawnEdge) bool {
					return strings.HasPrefix(e.Path, begin+"C") && strings.HasSuffix(e.Path, end)
				}) {
					t.Errorf("no line leads from %s to %s", p.Name, r.Name)
				}
			}
		}
	})
}

// A report is a file that may have been edited: a cycle in it can still be drawn.
func TestDrawingOfACycle(t *testing.T) {
	d := draw(lineage(func(int) Verdict { return Differs }, []int{2, 0}, []int{0}, []int{1, 7}, nil))
	if d == nil || len(d.Nodes) != 4 || len(d.Edges) != 2 {
		t.Fatalf("drawn is %+v", d)
	}
}

// Relations downstream of a change are marked.
func TestDrawingTellsWhatChanged(t *testing.T) {
	// 0 → 1 → 2, 0 → 3
	all := lineage(func(int) Verdict { return Same }, nil, []int{0}, []int{1}, []int{0})
	all[1].Code = []string{"SQL"}
	all[2].Code = []string{"upstream: m1"}
	d := draw(all)
	down := map[string]bool{}
	for _, n := range d.Nodes {
		down[n.Name] = n.Down
	}
	if diff := cmp.Diff(map[string]bool{"m0": false, "m1": true, "m2": true, "m3": false}, down); diff != "" {
		t.Error(diff)
	}
	thick := 0
	for _, e := range d.Edges {
		if e.Down {
			thick++
		}
	}
	if thick != 1 {
		t.Errorf("%d lines are downstream", thick)
	}
}

func TestDrawingOfManyChoosesWhatToDraw(t *testing.T) {
	chain := make([][]int, 1000)
	for i := 1; i < len(chain); i++ {
		chain[i] = []int{i - 1}
	}
	one := draw(lineage(func(i int) Verdict {
		if i == 500 {
			return Unknown
		}
		return SameCode
	}, chain...))
	if len(one.Nodes) != 3 || one.Note != "3 of 1,000 relations are drawn: those that changed, differ or could not be decided, and those directly above and below them." {
		t.Errorf("%d are drawn: %s", len(one.Nodes), one.Note)
	}
	all := draw(lineage(func(int) Verdict { return Differs }, chain...))
	if len(all.Nodes) != drawMost || !strings.Contains(all.Note, "the worst") {
		t.Errorf("%d are drawn: %s", len(all.Nodes), all.Note)
	}
	if none := draw(lineage(func(int) Verdict { return SameCode }, chain...)); none != nil {
		t.Errorf("%d are drawn though nothing happened", len(none.Nodes))
	}
}

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       diff
	}{
		{"none", "", diff{}},
		{
			"comments that look like the names of files", "--- a/x.sql\n+++ b/x.sql\n@@ -1,3 +1,3 @@\n--- old\n+++ new\n select 1\n\\ No newline at end of file\n",
			diff{Chunks: []diffChunk{{"h", "@@ -1,3 +1,3 @@\n"}, {"d", "--- old\n"}, {"a", "+++ new\n"}, {"", " select 1\n\\ No newline at end of file\n"}}, Added: 1, Removed: 1},
		},
		{"Windows' line ends", "@@ -1 +1 @@\r\n-a\r\n-b\r\n", diff{Chunks: []diffChunk{{"h", "@@ -1 +1 @@\n"}, {"d", "-a\n-b\n"}}, Removed: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, newDiff(tt.text)); d != "" {
				t.Error(d)
			}
		})
	}
	long := newDiff("@@ -1 +1 @@\n" + strings.Repeat("+x\n", 1000))
	if long.Added != 1000 || long.Cut != 1001-diffLines || strings.Count(long.Chunks[1].Text, "\n") != diffLines-1 {
		t.Errorf("of a long diff, %d lines are added and %d cut", long.Added, long.Cut)
	}
}

func TestWords(t *testing.T) {
	f := func(f float64) *float64 { return &f }
	for _, tt := range []struct{ got, want string }{
		{percent(0, 7), "0 %"},
		{percent(7, 7), "100 %"},
		{percent(1, 5_000_000), "<0.01 %"},
		{percent(4_999_999, 5_000_000), ">99.9 %"},
		{percent(1, 300), "0.33 %"},
		{percent(1, 3), "33.3 %"},
		{figure(nil), "–"},
		{figure(f(0)), "0"},
		{figure(f(1234567)), "1,234,567"},
		{figure(f(84.123456)), "84.123"},
		{figure(f(-1234.5678)), "-1,234.57"},
		{figure(f(0.1 + 0.2)), "0.3"},
		{figure(f(0.00001234)), "1.234e-05"},
		{figure(f(1e20)), "1e+20"},
		{figure(f(math.Inf(-1))), "-Inf"},
		{figure(f(math.NaN())), "NaN"},
		{clip("naïve", 5), "naïve"},
		{clip("naïve", 3), "naï…"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

// Two long values that differ late are cut so that the difference is visible.
func TestSampleShowsTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		same := rapid.StringOfN(rapid.RuneFrom([]rune("aé😀\xff")), 0, 400, -1).Draw(t, "same")
		a := same + rapid.String().Draw(t, "a")
		b := same + rapid.String().Draw(t, "b")
		if a == b {
			return
		}
		old, value := clipPair(&a, &b)
		if old.Text == value.Text {
			t.Errorf("both are shown as %q", old.Text)
		}
		for _, text := range []string{old.Text, value.Text} {
			if n := len([]rune(text)); n > sampleValue+1 {
				t.Errorf("%d characters are shown", n)
			}
		}
	})
}

func TestSampleOrder(t *testing.T) {
	one, two := "1", "2"
	r := Relation{
		Key:     &Key{Columns: []string{"id"}},
		Columns: []Column{{Name: "first"}, {Name: "changed"}, {Name: "to_null"}, {Name: "id"}},
		Sample: []Row{
			{
				Kind: RowChanged, Baseline: map[string]*string{"id": &one, "first": &one, "changed": &one, "to_null": &one, "only_a": &one},
				Candidate: map[string]*string{"id": &one, "first": &one, "changed": &two, "to_null": nil},
			},
			{Kind: RowAdded, Candidate: map[string]*string{"id": &two, "first": nil}},
		},
	}
	table := newSampleTable(r)
	if diff := cmp.Diff([]string{"id", "changed", "to_null", "first", "only_a"}, table.Columns); diff != "" {
		t.Error(diff)
	}
	want := []sampleRow{
		{Kind: RowChanged, Cells: []sampleCell{
			{Known: true, Value: sampleText{Text: "1"}},
			{Known: true, Changed: true, Old: sampleText{Text: "1"}, Value: sampleText{Text: "2"}},
			{Known: true, Changed: true, Old: sampleText{Text: "1"}, Value: sampleText{Null: true}},
			{Known: true, Value: sampleText{Text: "1"}},
			{Known: true, Value: sampleText{Text: "1"}},
		}},
		{Kind: RowAdded, Cells: []sampleCell{{Known: true, Value: sampleText{Text: "2"}}, {}, {}, {Known: true, Value: sampleText{Null: true}}, {}}},
	}
	if diff := cmp.Diff(want, table.Rows); diff != "" {
		t.Error(diff)
	}
}

// The graph and the style have the same signs.
func TestGlyphs(t *testing.T) {
	for _, v := range Verdicts {
		rule, ok := "[data-v="+class(v)+"] {", false
		for line := range strings.Lines(pageCSS) {
			ok = ok || strings.HasPrefix(line, rule) && strings.Contains(line, `--g: "`+glyphs[v]+`"`)
		}
		if !ok {
			t.Errorf("page.css lacks %s with %s", rule, glyphs[v])
		}
		if says(Relation{Verdict: v}) == string(v) {
			t.Errorf("%s has no sentence", v)
		}
	}
}

// The sentence never claims that data is the same if it was not compared.
func TestSentence(t *testing.T) {
	for _, tt := range []struct {
		verdicts []Verdict
		want     string
	}{
		{nil, "There was no relation to compare."},
		{[]Verdict{Same}, "No difference was found in 1 relation."},
		{[]Verdict{SameCounts, SameCode}, "No difference was found in 2 relations."},
		{[]Verdict{Unknown, Same}, "No difference was found in 2 relations; 1 could not be decided."},
		{[]Verdict{Differs, Same}, "1 of 2 relations differs."},
		{[]Verdict{Unknown, Differs, Added, NotBuilt}, "2 of 4 relations differ; 1 could not be decided."},
	} {
		var c Comparison
		for _, v := range tt.verdicts {
			c.Relations = append(c.Relations, Relation{Verdict: v})
		}
		if got := newPageComparison(c, identifiers{}).Sentence(); got != tt.want {
			t.Errorf("of %v: %s, want %s", tt.verdicts, got, tt.want)
		}
	}
}

func TestColumnsAreNotSaidToBeTheSameUnlessTheyAre(t *testing.T) {
	none := int64(0)
	columns := []Column{{Name: "id", Status: Common}, {Name: "counted", Status: Common, Differ: &none}, {Name: "unknown", Status: Common}}
	key := &Key{Columns: []string{"id"}}
	for _, tt := range []struct {
		r         Relation
		tolerance map[string]float64
		want      []string
	}{
		{Relation{Verdict: Differs, Rung: ByJoin, Key: key}, nil, []string{sameInBoth + "id, counted", notCompared + "unknown"}},
		{Relation{Verdict: Differs, Rung: ByGroup, Key: &Key{Columns: key.Columns, Problem: "it has NULLs"}}, nil, []string{sameInBoth + "counted", notCompared + "id, unknown"}},
		{Relation{Verdict: Unknown, Rung: ByColumns, Key: key}, nil, []string{sameInBoth + "counted", notCompared + "id, unknown"}},
		{Relation{Verdict: SameColumns, Rung: ByColumns}, nil, []string{sameInBoth + "counted", notCompared + "id, unknown"}},
		{Relation{Verdict: ColumnsDiffer, Rung: ByColumns}, nil, []string{sameInBoth + "counted", notCompared + "id, unknown"}},
		{Relation{Verdict: ColumnsDiffer, Rung: ByCounts}, nil, []string{sameInBoth + "counted", notCompared + "id, unknown"}},
		{Relation{Verdict: ColumnsDiffer, Rung: ByContent}, nil, []string{sameInAll + "id, counted, unknown"}},
		{Relation{Verdict: Same, Rung: ByContent}, nil, []string{sameInAll + "id, counted, unknown"}},
		{Relation{Verdict: Same, Rung: ByContent}, map[string]float64{"": 1}, []string{sameInAll + "id, counted, unknown"}},
		{Relation{Verdict: ColumnsDiffer, Rung: ByJoin, Key: key}, map[string]float64{"": 1}, []string{sameInBoth + "id", tolerated + "counted", notCompared + "unknown"}},
		{Relation{Verdict: WithinLimits, Rung: ByJoin, Key: key}, map[string]float64{"counted": 1}, []string{sameInAll + "id, unknown", tolerated + "counted"}},
		{Relation{Verdict: WithinLimits, Rung: ByJoin, Key: key}, map[string]float64{"": 1}, []string{sameInAll + "id", tolerated + "counted, unknown"}},
	} {
		tt.r.Columns = columns
		r := &pageRelation{Relation: tt.r, comparison: &pageComparison{Comparison: Comparison{Options: Options{Tolerance: tt.tolerance}}}}
		if diff := cmp.Diff(tt.want, r.Compared().Equal); diff != "" {
			t.Errorf("%s by %s: %s", tt.r.Verdict, tt.r.Rung, diff)
		}
	}
}
