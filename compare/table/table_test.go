package table

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/compare/report"
	"dot-for-dbt/internal/ui"
)

// exampleReport is the report that the tests of all renderers show.
func exampleReport(t testing.TB) report.Report {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "report", "testdata", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tableOf is a report as a table shows it.
func tableOf(t testing.TB, r report.Report, mode ui.ColorMode, width int, verbose bool) string {
	t.Helper()
	var b bytes.Buffer
	colors := ui.NewPrinter(&b, mode, func(string) string { return "" })
	if err := Write(&b, r, View{Colors: colors, Width: width, Verbose: verbose, Now: r.Generated}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTable fixes what a person sees of a comparison.
func TestTable(t *testing.T) {
	g := goldie.New(t, goldie.WithFixtureDir("testdata"),
		goldie.WithNameSuffix(".golden"), goldie.WithDiffEngine(goldie.ClassicDiff))
	r := exampleReport(t)
	for _, test := range []struct {
		name    string
		mode    ui.ColorMode
		width   int
		verbose bool
	}{
		{"80", ui.Never, 80, false},
		{"120", ui.Never, 120, false},
		{"160", ui.Never, 160, false},
		{"80-color", ui.Always, 80, false},
		{"120-color", ui.Always, 120, false},
		{"pipe", ui.Auto, 0, false},
		{"verbose", ui.Never, 120, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			g.Assert(t, test.name, []byte(tableOf(t, r, test.mode, test.width, test.verbose)))
		})
	}
}

// No line is wider than the terminal, since the terminal's wrapping would break the
// table. Colours take no room.
func TestTableFits(t *testing.T) {
	long := strings.Repeat("a_long_name_", 10)
	r := exampleReport(t)
	r.Comparisons[0].Warnings = nil
	c := &r.Comparisons[1]
	c.Baseline.Subject, c.Candidate.Spec, c.Baseline.Schema = long, long, long
	for i := range c.Relations {
		c.Relations[i].Name = long
		c.Relations[i].Reason = long + " " + long
		c.Relations[i].Rows = &report.Counts{Baseline: 1e17, Candidate: 1e18}
	}
	for width := 20; width <= 200; width++ {
		for _, mode := range []ui.ColorMode{ui.Never, ui.Always} {
			for line := range strings.Lines(tableOf(t, r, mode, width, true)) {
				line = strings.TrimSuffix(line, "\n")
				if ui.Width(line) > width && !strings.Contains(line, "hint:") {
					t.Fatalf("width %d: %d columns: %q", width, ui.Width(line), line)
				}
			}
		}
	}
}

// A name from the warehouse or the repository can neither steer the terminal nor start a
// line of its own.
func TestTableIsNotSteered(t *testing.T) {
	with := func(name string) report.Report {
		n := int64(2)
		side := report.Side{Spec: name, Name: name, Subject: name, Schema: name}
		row := map[string]*string{name: &name, name + "2": &name}
		relation := report.Relation{
			Name: name, RenamedFrom: name, Verdict: report.Differs, Rung: report.ByJoin, Reason: name, Code: []string{name},
			Key: &report.Key{Columns: []string{name}},
			Columns: []report.Column{
				{Name: name + "2", Status: report.Common, Differ: &n}, {Name: name + "3", Status: report.TypeChanged, Baseline: name, Candidate: name},
			},
			Sample: []report.Row{
				{Kind: report.RowAdded, Candidate: row},
				{Kind: report.RowRemoved, Baseline: row},
				{Kind: report.RowChanged, Baseline: row, Candidate: map[string]*string{name: &name, name + "2": nil}},
			},
		}
		unused := relation
		unused.Key = &report.Key{Columns: []string{name}, Problem: name}
		same := report.Relation{Name: name, Verdict: report.Same}
		return report.Report{Comparisons: []report.Comparison{{
			Baseline: side, Candidate: side, Relations: []report.Relation{relation, unused, same},
			Options: report.Options{Select: []string{name}, Where: name}, Change: &report.Change{
				Branch: name, Commits: []report.Commit{{Hash: name, Subject: name}}, Files: []report.ChangedFile{{Path: name, From: name}},
			},
		}}}
	}
	want := strings.Count(tableOf(t, with("orders"), ui.Never, 0, true), "\n")
	for _, name := range []string{"\x1b[2J\x1b]0;title\x07", "a\nb", "a\r\nb", "a\tb", "\u202eabc", "\u0085", "\xff"} {
		text := tableOf(t, with(name), ui.Never, 0, true)
		if got := strings.Count(text, "\n"); got != want {
			t.Errorf("%q: %d lines, not %d:\n%s", name, got, want, text)
		}
		for _, r := range text {
			if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
				t.Fatalf("%q: there is a %q:\n%s", name, r, text)
			}
		}
	}
}

func TestTableSides(t *testing.T) {
	now := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	tests := []struct {
		name string
		side report.Side
		want string
	}{
		{"at once", report.Side{First: ago(3*time.Hour + 5*time.Minute), Last: ago(3 * time.Hour)}, "3 hours ago"},
		{"over a span", report.Side{First: ago(50 * time.Hour), Last: ago(3 * time.Hour)}, "2 days ago to 3 hours ago"},
		{"the first is not known", report.Side{Last: ago(time.Minute)}, "1 minute ago"},
		{"not known", report.Side{}, ""},
	}
	for _, test := range tests {
		if got := (table{View: View{Now: now}}).built(test.side); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// A changed row shows its key and only those values that changed.
func TestTableRows(t *testing.T) {
	value := func(text string) *string { return &text }
	count := func(n int64) *int64 { return &n }
	columns := []report.Column{
		{Name: "id", Status: report.Common},
		{Name: "z", Status: report.Common, Differ: count(1)},
		{Name: "a", Status: report.Common, Differ: count(1)},
		{Name: "tolerated", Status: report.Common, Differ: count(0)},
		{Name: "ignored", Status: report.Ignored},
		{Name: "new", Status: report.ColumnAdded},
	}
	lorem := strings.Repeat("lorem ipsum ", 20)
	tests := []struct {
		name     string
		kind     report.RowKind
		before   map[string]*string
		after    map[string]*string
		times    int64
		key      []string
		want     string
		wantWide string // without a limit, if that differs
	}{
		{
			name: "in the table's order", kind: report.RowChanged, key: []string{"id"},
			before: map[string]*string{"id": value("7"), "a": value("1"), "z": value("2")},
			after:  map[string]*string{"id": value("7"), "a": value("3"), "z": value("4")},
			want:   "~ id 7: z 2 → 4, a 1 → 3",
		},
		{
			name: "what is equal is left out", kind: report.RowChanged, key: []string{"id"},
			before: map[string]*string{"id": value("7"), "a": value("1"), "z": nil},
			after:  map[string]*string{"id": value("7"), "a": value("3"), "z": nil},
			want:   "~ id 7: a 1 → 3",
		},
		{
			name: "so is what is no change", kind: report.RowChanged, key: []string{"id"},
			before: map[string]*string{"id": value("7"), "a": value("1"), "tolerated": value("1.0"), "ignored": value("x")},
			after:  map[string]*string{"id": value("7"), "a": value("3"), "tolerated": value("1.1"), "ignored": value("y"), "new": value("n")},
			want:   "~ id 7: a 1 → 3",
		},
		{
			name: "NULL and what looks like it", kind: report.RowChanged, key: []string{"id"},
			before: map[string]*string{"id": nil, "a": value("NULL"), "z": value("")},
			after:  map[string]*string{"id": nil, "a": nil, "z": value(" x")},
			want:   "~ id NULL: z '' → ' x', a 'NULL' → NULL",
		},
		{
			name: "a long value that differs at its end", kind: report.RowChanged, key: []string{"id"},
			before:   map[string]*string{"id": value("7"), "a": value(lorem + "1")},
			after:    map[string]*string{"id": value("7"), "a": value(lorem + "2")},
			want:     "~ id 7: a …rem ipsum 1 → …rem ipsum 2",
			wantWide: "~ id 7: a " + lorem + "1 → " + lorem + "2",
		},
		{
			name: "added", kind: report.RowAdded, key: []string{"id"}, after: map[string]*string{"id": value("7"), "a": value("1"), "new": value("n")},
			want: "+ id 7: a 1, new n",
		},
		{
			name: "removed", kind: report.RowRemoved, key: []string{"id"}, before: map[string]*string{"id": value("7"), "a": value("1")},
			want: "− id 7: a 1",
		},
		{
			name: "without a key", kind: report.RowRemoved, before: map[string]*string{"id": value("7"), "a": value("1")}, times: 4,
			want: "− 4× id 7, a 1",
		},
		{
			name: "a column that the report doesn't know", kind: report.RowAdded, after: map[string]*string{"0": value("x"), "a": value("1")},
			want: "+ a 1, 0 x",
		},
		{
			name: "a key and nothing else", kind: report.RowAdded, key: []string{"id"}, after: map[string]*string{"id": value("7")},
			want: "+ id 7",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			relation := report.Relation{Columns: columns}
			if test.key != nil {
				relation.Key = &report.Key{Columns: test.key}
			}
			row := report.Row{Kind: test.kind, Baseline: test.before, Candidate: test.after, Times: test.times}
			if test.wantWide == "" {
				test.wantWide = test.want
			}
			for width, want := range map[int]string{80: test.want, 0: test.wantWide} {
				var b bytes.Buffer
				table{View{Width: width}, ui.NewPrinter(&b, ui.Never, nil)}.row(relation, row)
				if got := strings.TrimSpace(b.String()); got != want {
					t.Errorf("width %d:\n%s\nwant\n%s", width, got, want)
				}
			}
		})
	}
}

func TestTableHints(t *testing.T) {
	one := int64(1)
	differs := report.Relation{Verdict: report.Differs, Changes: &report.Changes{Changed: &one}}
	const rows, whole, data = "see the rows: --sample 10", "the full report: -o report.html", "see whether the data differs: without --columns-only and --counts-only"
	tests := []struct {
		name string
		c    report.Comparison
		want []string
	}{
		{"nothing differs", report.Comparison{Relations: []report.Relation{{Verdict: report.Same}}}, nil},
		{"rows differ", report.Comparison{Relations: []report.Relation{differs}}, []string{rows, whole}},
		{"rows were shown", report.Comparison{Options: report.Options{Sample: 3}, Relations: []report.Relation{differs}}, []string{whole}},
		{"no row differs", report.Comparison{Relations: []report.Relation{{Verdict: report.ColumnsDiffer}}}, []string{whole}},
		{"unknown", report.Comparison{Relations: []report.Relation{{Verdict: report.Unknown}}}, []string{whole}},
		{"only counted", report.Comparison{Options: report.Options{CountsOnly: true}}, []string{data}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := nextSteps(report.Report{Comparisons: []report.Comparison{test.c}})
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// Relations below one failed node are one line, which names them if verbose.
func TestTableSkipped(t *testing.T) {
	r := report.Report{Comparisons: []report.Comparison{{Relations: []report.Relation{
		{Name: "first", Verdict: report.Unknown, Reason: "skipped: raw_orders failed"},
		{Name: "second", Verdict: report.Unknown, Reason: "skipped: raw_orders failed"},
	}}}}
	for verbose, want := range map[bool]string{false: "skipped since raw_orders failed: 2 relations\n2 relations: ", true: "skipped since raw_orders failed: 2 relations\n    first, second\n"} {
		if got := tableOf(t, r, ui.Never, 80, verbose); !strings.Contains(got, want) || strings.Contains(got, "verdict") {
			t.Errorf("verbose %t:\n%s", verbose, got)
		}
	}
}
