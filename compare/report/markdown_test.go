package report_test

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/compare/report"
)

func markdown(t testing.TB, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Markdown(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	goldie.New(t, goldie.WithFixtureDir("testdata"), goldie.WithDiffEngine(goldie.ClassicDiff), goldie.WithNameSuffix("")).
		Assert(t, "report.md", []byte(markdown(t, example(t))))
}

// shownInMarkdown has the fields of a report that may appear in a comment. Before you
// add one, make sure that it can't hold a row's value.
var shownInMarkdown = []string{
	"Baseline.Spec", "Baseline.Name", "Baseline.Subject", "Baseline.Schema",
	"Candidate.Spec", "Candidate.Name", "Candidate.Subject", "Candidate.Schema",
	"Project", "Change.Branch", "Change.Commits.Subject", "Change.Behind",
	"Change.Files.Path", "Change.Files.From", "Change.Files.Added", "Change.Files.Removed",
	"Options.Select", "Options.Exclude", "Options.Ignore", "Options.Tolerance", "Options.Tolerance key", "Options.Sample",
	"Upgrade.Both", "Upgrade.From", "Upgrade.Gone", "Upgrade.Said.Count", "Upgrade.Said.Kind", "Upgrade.Said.Level", "Upgrade.Said.Texts",
	"Upgrade.Stopped", "Upgrade.To",
	"Warnings",
	"Tests.Failed.Name", "Tests.Failed.Status", "Tests.Failed.Failures", "Tests.Failed.Baseline",
	"Relations.Name", "Relations.RenamedFrom", "Relations.Rung", "Relations.Code", "Relations.SQL",
	"Relations.Rows.Baseline", "Relations.Rows.Candidate",
	"Relations.Changes.Added", "Relations.Changes.Removed", "Relations.Changes.Changed",
	"Relations.Key.Columns",
	"Relations.Columns.Name", "Relations.Columns.RenamedFrom", "Relations.Columns.Baseline", "Relations.Columns.Candidate", "Relations.Columns.Differ",
}

// Every text and number of a report gets a mark. A comment shows the marks of the fields
// that it may show, and no others, also if fields are added later.
func TestMarkdownShowsNoValues(t *testing.T) {
	var f filler
	var c report.Comparison
	f.fill(reflect.ValueOf(&c).Elem(), "")
	relation := &c.Relations[0]
	relation.Verdict, relation.File, relation.ResourceType = report.Differs, "models/orders.sql", "model"
	relation.Columns[0].Status = report.Common
	seen := map[string]bool{}
	// The key is used, or it has a problem and rows are counted.
	for _, problem := range []string{"", relation.Key.Problem} {
		for _, verdict := range report.Verdicts {
			key := *relation.Key
			key.Problem = problem
			r := *relation
			r.Verdict, r.Key = verdict, &key
			c.Relations = []report.Relation{r}
			text := markdown(t, report.Report{Comparisons: []report.Comparison{c}})
			plain := strings.NewReplacer(",", "", ".", "").Replace(text) // as numbers are written
			for path, mark := range f.marks {
				if strings.Contains(plain, mark) {
					seen[path] = true
				}
			}
		}
	}
	var got []string
	for path := range seen {
		got = append(got, path)
	}
	slices.Sort(got)
	want := slices.Sorted(slices.Values(shownInMarkdown))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields that a comment may show (-), and does (+):\n%s", diff)
	}
}

// A filler gives every text and number a mark of its own.
type filler struct {
	marks map[string]string // by the path of the field
	last  int
}

func (f *filler) mark(path string) int {
	if f.marks == nil {
		f.marks = map[string]string{}
	}
	f.last++
	n := 7_300_000 + f.last
	f.marks[path] = strconv.Itoa(n)
	return n
}

func (f *filler) fill(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("text" + strconv.Itoa(f.mark(path)))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.mark(path)))
	case reflect.Float64:
		v.SetFloat(float64(f.mark(path)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0), path)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, path+" key")
		f.fill(value, path)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if field.Type.PkgPath() == "time" {
				continue
			}
			f.fill(v.Field(i), strings.TrimPrefix(path+"."+field.Name, "."))
		}
	default:
		panic(fmt.Sprintf("%s: nothing is known of %s", path, v.Kind()))
	}
}

// Some fields may be shown only if they can't hold a value.
func TestMarkdownShowsNoValuesInCode(t *testing.T) {
	const secret = "jane@example.com"
	tests := []struct {
		name     string
		relation report.Relation
		shown    string
	}{
		{"the diff of a seed", report.Relation{ResourceType: "seed", File: "seeds/people.csv", SQL: "-1," + secret + "\n"}, ""},
		{"the diff of a seed that is called otherwise", report.Relation{ResourceType: "seed", File: "seeds/people.sql", SQL: "-1," + secret + "\n"}, ""},
		{"the diff of a file that is no code", report.Relation{ResourceType: "model", File: "people.CSV", SQL: "-1," + secret + "\n"}, ""},
		{"the values of an enum", report.Relation{Columns: []report.Column{
			{Name: "who", Status: report.TypeChanged, Baseline: "ENUM('" + secret + "', 'it''s " + secret + "')", Candidate: "STRUCT(a ENUM('" + secret},
		}}, "ENUM(…, …)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := test.relation
			r.Name, r.Verdict = "people", report.Differs
			text := markdown(t, report.Report{Comparisons: []report.Comparison{{Relations: []report.Relation{r}}}})
			for _, piece := range []string{"jane", "example"} {
				if strings.Contains(text, piece) {
					t.Errorf("%s is shown:\n%s", secret, text)
				}
			}
			if !strings.Contains(text, "people") || !strings.Contains(text, test.shown) {
				t.Errorf("not shown: %s\n%s", test.shown, text)
			}
		})
	}
}

// hostile returns a report of one relation in which every text is this name.
func hostile(name string) report.Report {
	n := int64(3)
	side := report.Side{Spec: name, Name: name, Subject: name, Schema: name}
	relation := report.Relation{
		Name: name, RenamedFrom: name, Verdict: report.Differs, Rung: report.ByJoin, Code: []string{name, name}, File: "orders.sql", SQL: name,
		Rows: &report.Counts{Baseline: 1, Candidate: 2}, Changes: &report.Changes{Added: 1, Removed: 2, Changed: &n},
		Key: &report.Key{Columns: []string{name}},
		Columns: []report.Column{
			{Name: name, Status: report.Common, Baseline: name, Candidate: name, Differ: &n},
			{Name: name, Status: report.ColumnAdded, Candidate: name},
		},
	}
	return report.Report{Comparisons: []report.Comparison{{
		Baseline: side, Candidate: side, Project: name, Change: &report.Change{
			Branch: name, Commits: []report.Commit{{Hash: name, Subject: name}}, Files: []report.ChangedFile{{Path: name, From: name}},
		},
		Warnings: []string{name}, Options: report.Options{Select: []string{name}},
		Relations: []report.Relation{relation},
	}}}
}

var (
	fenced = regexp.MustCompile("^(`{3,})diff$")
	coded  = regexp.MustCompile("<code>[^<|`@]*</code>|`[^`|\\\\]+`")
)

// skeleton returns a comment without its code: the rest must not depend on any name. In
// code there is neither markup nor a mention.
func skeleton(text string) string {
	var b strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if fence != "" {
			if strings.TrimLeft(line, " ") == fence || strings.HasPrefix(line, fence) {
				fence = ""
			}
			continue
		}
		if m := fenced.FindStringSubmatch(line); m != nil {
			fence = m[1]
			continue
		}
		b.WriteString(coded.ReplaceAllString(line, "CODE") + "\n")
	}
	return b.String()
}

// hostileNames has names that an attacker may use in a repository or a warehouse.
var hostileNames = []string{
	"a|b", "`", "``` ```", "a`b|c`", "@octocat", "#1 fixes #2", "<script>alert(1)</script>", "</details>", "<!--", "]]>",
	"[x](https://example.com)", "https://example.com", "![x](y)", "a\nb", "a\r\nb\n\n# heading", "\n```\n</details>\n@octocat\n", "\\", "a\\|b", "\\`", "$x$", "$`x`$",
	"&lt;b&gt;", "&#64;octocat", "*x*", "_x_", "~~x~~", "\x1b[31mred", "\u202ereversed", "\ufeff", " leading", "trailing ", "\xff\xfe", "日本語",
	strings.Repeat("`", 500), strings.Repeat("long", 500),
}

func TestMarkdownIsNotSteered(t *testing.T) {
	want := skeleton(markdown(t, hostile("orders")))
	for _, name := range hostileNames {
		text := markdown(t, hostile(name))
		if diff := cmp.Diff(want, skeleton(text)); diff != "" {
			t.Errorf("%q: the comment has another form:\n%s\n%s", name, diff, text)
		}
		for _, r := range "\x1b\u202e\ufeff\r" {
			if strings.ContainsRune(text, r) {
				t.Errorf("%q: the comment has a %q:\n%s", name, r, text)
			}
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	want := skeleton(markdown(f, hostile("orders")))
	f.Fuzz(func(t *testing.T, name string) {
		if strings.Trim(strings.ReplaceAll(name, "\r\n", "\n"), "\n") == "" || len(name) > 1500 {
			t.Skip("without a diff, or with one that is cut, the form is another")
		}
		if strings.Contains(name, "'") {
			t.Skip("of a type in quotes there may be nothing left")
		}
		text := markdown(t, hostile(name))
		if diff := cmp.Diff(want, skeleton(text)); diff != "" {
			t.Errorf("%q: the comment has another form:\n%s\n%s", name, diff, text)
		}
	})
}

// large returns a report of many candidates with many relations each. The relations are
// not sorted by verdict.
func large(comparisons, relations, diff int) report.Report {
	var r report.Report
	for range comparisons {
		c := report.Comparison{Candidate: report.Side{Spec: "dev@HEAD"}, Baseline: report.Side{Spec: "prod@main"}}
		for i := range relations {
			c.Relations = append(c.Relations, report.Relation{
				Name: fmt.Sprintf("model_%05d", i), Verdict: report.Differs, File: "x.sql", SQL: strings.Repeat("+ select 1\n", diff),
				Changes: &report.Changes{Added: int64(1 + i)},
			})
		}
		r.Comparisons = append(r.Comparisons, c)
	}
	return r
}

func TestMarkdownIsLimited(t *testing.T) {
	tests := []struct {
		name                         string
		comparisons, relations, diff int
	}{
		{"details are too much", 1, 200, 100},
		{"one diff is too long", 1, 1, 100_000},
		{"rows are too much", 1, 3000, 10},
		{"two candidates", 2, 900, 10},
		{"many candidates", 1000, 5, 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text := markdown(t, large(test.comparisons, test.relations, test.diff))
			if len(text) >= report.MarkdownLimit {
				t.Errorf("%d bytes", len(text))
			}
			if len(text) < report.MarkdownLimit/8 {
				t.Errorf("only %d bytes: more would have fitted", len(text))
			}
			comparisons := strings.Count(text, "** beside **") + strings.Count(text, "` beside `")
			rows := strings.Count(text, "| `model_")
			details := strings.Count(text, "<details>")
			if left := number(text, "Comparisons left out"); comparisons+left != test.comparisons {
				t.Errorf("%d comparisons and %d left out are not %d", comparisons, left, test.comparisons)
			}
			if left := number(text, "Relations left out"); rows+left != comparisons*test.relations {
				t.Errorf("%d rows and %d left out are not %d", rows, left, comparisons*test.relations)
			} else if left > 0 && details > 0 {
				t.Errorf("%d rows are left out, and %d details are there", left, details)
			}
			if left := number(text, "Relations whose details are left out"); details+left != comparisons*test.relations {
				t.Errorf("%d details and %d left out are not %d", details, left, comparisons*test.relations)
			}
			if strings.Count(text, "</details>") != details || strings.Count(text, "```")%2 != 0 {
				t.Errorf("something was cut in the middle")
			}
			// The last relation is the worst; of the others each is worse than the next.
			names := regexp.MustCompile("(?m)^\\| `(model_\\d+)`").FindAllStringSubmatch(text, -1)
			for i, name := range names[:rows/comparisons] {
				if want := fmt.Sprintf("model_%05d", test.relations-1-i); name[1] != want {
					t.Fatalf("row %d is %s, want %s", i, name[1], want)
				}
			}
		})
	}
}

// Rows are more important than details: if the next row doesn't fit, no details follow,
// even if a small one would fit.
func TestMarkdownDropsDetailsFirst(t *testing.T) {
	c := report.Comparison{Relations: []report.Relation{{Name: "worst", Verdict: report.Unknown, Code: []string{"SQL"}}}}
	for range 100 {
		c.Relations = append(c.Relations, report.Relation{Name: strings.Repeat("|", 130), Verdict: report.Differs})
	}
	text := markdown(t, report.Report{Comparisons: []report.Comparison{c}})
	if number(text, "Relations left out") == 0 || report.MarkdownLimit-len(text) < 300 {
		t.Fatalf("the test has to leave room for a detail: %d bytes", len(text))
	}
	if strings.Contains(text, "<details>") || number(text, "Relations whose details are left out") != 1 {
		t.Errorf("a detail is there, and rows are not:\n%s", text[len(text)-1000:])
	}
}

// number sums the numbers that a note ends with.
func number(text, note string) int {
	sum := 0
	for _, m := range regexp.MustCompile(note+`[^:]*: (\d+)\.`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		sum += n
	}
	return sum
}

func TestMarkdownOfNothing(t *testing.T) {
	if got := markdown(t, report.Report{}); got != "" {
		t.Errorf("of no comparison: %q", got)
	}
	got := markdown(t, report.Report{Comparisons: []report.Comparison{{}}})
	if !strings.Contains(got, "no relation") || strings.Contains(got, "|") {
		t.Errorf("of no relation: %s", got)
	}
}
