package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"html"
	"io"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/compare/report"
)

// page returns a report as HTML.
func page(t testing.TB, r report.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var (
	style  = regexp.MustCompile(`(?s)<style>(.*)</style>`)
	script = regexp.MustCompile(`(?s)<script>(.*)</script>\n</head>`)
	policy = regexp.MustCompile(`http-equiv="Content-Security-Policy" content="([^"]*)"`)
)

// document returns a page without its style and script, which don't depend on the
// report.
func document(text string) string {
	text = style.ReplaceAllString(text, "<style></style>")
	text = script.ReplaceAllString(text, "<script></script>\n</head>")
	return policy.ReplaceAllString(text, `http-equiv="Content-Security-Policy" content=""`)
}

func TestPage(t *testing.T) {
	goldie.New(t, goldie.WithFixtureDir("testdata/golden"), goldie.WithNameSuffix(".html")).
		Assert(t, "page", []byte(document(page(t, example(t)))))
}

// element is an element of a page.
type element struct {
	name  string
	attrs map[string]string
}

// elements reads a page almost as strictly as XML: every element has to be closed in
// the right place. Only HTML's empty elements and attributes without a value are
// allowed.
func elements(t testing.TB, text string) []element {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(document(text), "<!doctype html>\n")))
	decoder.Strict = false
	decoder.AutoClose = xml.HTMLAutoClose
	decoder.Entity = xml.HTMLEntity
	var out []element
	var open []string
	for {
		token, err := decoder.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{token.Name.Local, map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attrs[a.Name.Local]; twice {
					t.Errorf("%s has %s twice", e.name, a.Name.Local)
				}
				e.attrs[a.Name.Local] = a.Value
			}
			out = append(out, e)
			if !slices.Contains(xml.HTMLAutoClose, e.name) {
				open = append(open, e.name)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				t.Fatalf("</%s> where %v are open, on line %d", token.Name.Local, open, bytes.Count([]byte(document(text))[:decoder.InputOffset()], []byte("\n"))+1)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%v are never closed", open)
	}
	return out
}

// sound fails if a page is not well-formed, loads anything, has a broken link, or has a
// script or style that isn't ours.
func sound(t testing.TB, text string) []element {
	t.Helper()
	all := elements(t, text)
	ids := map[string]bool{}
	for _, e := range all {
		if id := e.attrs["id"]; id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %q", id)
			}
			ids[id] = true
		}
	}
	for _, e := range all {
		if slices.Contains([]string{"img", "iframe", "object", "embed", "link", "base", "form", "image", "use", "foreignObject"}, e.name) {
			t.Errorf("there is an element <%s>", e.name)
		}
		for name, value := range e.attrs {
			switch {
			case strings.HasPrefix(name, "on"), name == "style", name == "src", name == "action", name == "ping":
				t.Errorf("<%s> has %s=%q", e.name, name, value)
			case name == "href" && !ids[strings.TrimPrefix(value, "#")]:
				t.Errorf("a link leads to %q, which is not there", value)
			}
		}
	}
	if n := strings.Count(text, "<script"); n != 1 {
		t.Errorf("there are %d scripts", n)
	}
	if n := strings.Count(text, "<style"); n != 1 {
		t.Errorf("there are %d styles", n)
	}
	return all
}

func TestPageIsSound(t *testing.T) {
	if len(sound(t, page(t, example(t)))) < 500 {
		t.Error("there is next to nothing in it")
	}
}

// The policy names style and script by their digests, and they load nothing.
func TestPagePolicy(t *testing.T) {
	text := page(t, example(t))
	found := policy.FindStringSubmatch(text)
	if found == nil {
		t.Fatal("there is no policy")
	}
	allowed := html.UnescapeString(found[1])
	if !strings.HasPrefix(allowed, "default-src 'none'; ") || strings.Contains(allowed, "unsafe") {
		t.Errorf("the policy is %s", allowed)
	}
	for name, pattern := range map[string]*regexp.Regexp{"style": style, "script": script} {
		part := pattern.FindStringSubmatch(text)
		if part == nil || len(part[1]) < 1000 {
			t.Fatalf("there is no %s", name)
		}
		sum := sha256.Sum256([]byte(part[1]))
		if want := name + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(allowed, want) {
			t.Errorf("the policy lacks %s: %s", want, allowed)
		}
		for _, ask := range []string{"://", "url(", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("} {
			if strings.Contains(part[1], ask) {
				t.Errorf("the %s has %s", name, ask)
			}
		}
	}
}

// nasty is a name that an attacker may give to a relation, a commit or a file.
const nasty = `</script></style><img src=x onerror="pwned=1">'"` + "`{{.}}<!--"

// poison sets every string in a value to a nasty text that ends in the string's path.
func poison(v reflect.Value, path string, paths *[]string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(nasty + path)
		*paths = append(*paths, path)
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		poison(v.Elem(), path, paths)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			poison(v.Field(i), path+"."+v.Type().Field(i).Name, paths)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i), path, paths)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		poison(key, path+" key", paths)
		poison(value, path, paths)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(3)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// poisoned returns a report in which every text is nasty.
func poisoned() (r report.Report, paths []string) {
	poison(reflect.ValueOf(&r).Elem(), "", &paths)
	c := &r.Comparisons[0]
	c.Relations[0].SQL = "--- a\n+++ b\n@@ -1 +1 @@\n-" + nasty + ".SQL\n+x\n"
	// Parents and children refer to each other, so that both are in the graph.
	child := c.Relations[0]
	child.Node += " child"
	child.Parents = []string{c.Relations[0].Node}
	child.Verdict, child.Rung = report.Differs, report.ByJoin
	c.Relations = append(c.Relations, child)
	// Columns with each of the statuses.
	for _, status := range []report.ColumnStatus{report.Common, report.TypeChanged, report.ColumnAdded, report.ColumnRemoved} {
		column := child.Columns[0]
		column.Status, column.RenamedTo = status, ""
		if status != report.ColumnAdded {
			column.RenamedFrom = ""
		}
		c.Relations[0].Columns = append(c.Relations[0].Columns, column)
	}
	return r, paths
}

func TestPageEscapes(t *testing.T) {
	r, paths := poisoned()
	text := page(t, r)
	sound(t, text)
	if strings.Contains(document(text), nasty[:20]) {
		t.Error("something nasty is as it was")
	}
	// Every field is visible, except those that only name a link's target or choose a
	// text.
	silent := []string{
		".Comparisons.Relations.Node", ".Comparisons.Relations.Parents", ".Comparisons.Relations.ResourceType",
		".Comparisons.Relations.Inputs", ".Comparisons.Relations.Fails", ".Comparisons.Relations.SQL", ".Comparisons.Baseline.Commit", ".Comparisons.Candidate.Commit",
		".Comparisons.Relations.Columns.Status", ".Comparisons.Change.Commits.Hash",
		".Comparisons.Relations.Columns.RenamedTo",                                          // the new name has the old one
		".Comparisons.Baseline.WorkingTree.Base", ".Comparisons.Candidate.WorkingTree.Base", // the subject has it
	}
	seen := html.UnescapeString(document(text))
	for _, path := range paths {
		if !slices.Contains(silent, path) && !strings.Contains(seen, nasty+path) {
			t.Errorf("%s is not in the page", path)
		}
	}
	if !strings.Contains(seen, nasty+".SQL") {
		t.Error("the SQL is not in the page")
	}
}

// Characters that change how the text around them looks are made visible.
func TestPageShowsControls(t *testing.T) {
	r := example(t)
	r.Comparisons[0].Relations[0].Name = "orders\u202egol\x1b[2J\x00"
	text := page(t, r)
	if !strings.Contains(text, `orders\u202egol\u001b[2J`) || strings.ContainsAny(text, "\u202e\x1b\x00") {
		t.Error("characters that steer are not shown")
	}
	sound(t, text)
}

// shop returns a report of many relations in chains of ten. fill completes each
// of them.
func shop(relations int, verdict func(i int) report.Verdict, fill func(r *report.Relation)) report.Report {
	c := report.Comparison{
		Baseline:  report.Side{Spec: "prod@main", Name: "prod@4521a86", Commit: "4521a86c0d"},
		Candidate: report.Side{Spec: "dev@HEAD", Name: "dev@9b13827", Commit: "9b138271f3"},
	}
	for i := range relations {
		name := fmt.Sprintf("intermediate_orders_of_customers_%04d", i)
		r := report.Relation{
			Node: "model.shop." + name, Name: name, ResourceType: "model", Materialized: "incremental",
			File: "models/intermediate/" + name + ".sql", Verdict: verdict(i), Rung: report.ByCode,
			Baseline: `"warehouse"."prod_4521a86"."` + name + `"`, Candidate: `"warehouse"."dev_9b13827"."` + name + `"`,
		}
		if i%10 > 0 {
			r.Parents = []string{c.Relations[i-1].Node}
		}
		if r.Verdict == report.Differs {
			fill(&r)
		}
		c.Relations = append(c.Relations, r)
	}
	slices.SortStableFunc(c.Relations, func(a, b report.Relation) int {
		return slices.Index(report.Verdicts, a.Verdict) - slices.Index(report.Verdicts, b.Verdict)
	})
	return report.Report{Version: report.Version, Comparisons: []report.Comparison{c}}
}

// rich gives a relation all possible details. Every third column differs.
func rich(columns, lines, rows int) func(r *report.Relation) {
	return func(r *report.Relation) {
		r.Rung = report.ByJoin
		r.Inputs = report.InputsSame
		r.Code = []string{"SQL"}
		r.Rows = &report.Counts{Baseline: 5_000_000, Candidate: 5_000_100}
		changed := int64(1000)
		r.Changes = &report.Changes{Added: 300, Removed: 200, Changed: &changed}
		r.Key = &report.Key{Columns: []string{"column_0"}, From: "unique test"}
		r.SQL = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n" + strings.Repeat("-    coalesce(amount, 0) as amount,\n+    amount,\n", lines/2)
		values := map[string]*string{}
		for i := range columns {
			differ, least, most := int64(0), 0.0, 980.5
			var d *report.Distribution
			if i%3 == 1 {
				differ = int64(i)
				d = &report.Distribution{Rows: 5_000_000, Min: &least, Max: &most, Mean: &most, Bins: []int64{5390, 6121, 3400, 1651, 893, 415, 203, 105, 39, 14}}
			}
			name, value := fmt.Sprintf("column_%d", i), fmt.Sprintf("a value of some length %d", i)
			r.Columns = append(r.Columns, report.Column{Name: name, Status: report.Common, Baseline: "numeric(12,2)", Candidate: "numeric(12,2)", Differ: &differ, Before: d, After: d})
			values[name] = &value
		}
		for range rows {
			r.Sample = append(r.Sample, report.Row{Kind: report.RowAdded, Candidate: values})
		}
	}
}

// A page of a thousand relations is smaller than 1 MB, and says what was left out for
// that.
func TestPageIsSmall(t *testing.T) {
	some := func(i int) report.Verdict {
		if i%20 == 0 {
			return report.Differs
		}
		return report.SameCode
	}
	every := func(int) report.Verdict { return report.Differs }
	const large = "Left out to keep the page small: "
	for _, tt := range []struct {
		name string
		r    report.Report
		cut  bool
	}{
		{"50 of 1,000 differ", shop(1000, some, rich(10, 20, 6)), false},
		{"50 of 1,000 differ, and much of them is told", shop(1000, some, rich(60, 400, 50)), true},
		{"all of 1,000 differ", shop(1000, every, rich(10, 20, 6)), true},
		{"all of 1,000 differ, and much of them is told", shop(1000, every, rich(60, 400, 50)), true},
		{"a large one", shop(1, every, rich(1600, 100_000, 1000)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := page(t, tt.r)
			t.Logf("%d bytes", len(text))
			if len(text) >= 1_000_000 {
				t.Errorf("it has %d bytes", len(text))
			}
			if got := strings.Contains(text, large); got != tt.cut {
				t.Errorf("something was left out: %v", got)
			}
			if n := strings.Count(text, "<tbody id="); n != len(tt.r.Comparisons[0].Relations) {
				t.Errorf("%d relations are in it", n)
			}
			sound(t, text)
		})
	}
}

func TestPageOfNothing(t *testing.T) {
	for name, r := range map[string]report.Report{
		"no comparison": {},
		"no relation":   {Comparisons: make([]report.Comparison, 1)},
		"bare relation": {Comparisons: []report.Comparison{{Relations: make([]report.Relation, 2)}}},
	} {
		t.Run(name, func(t *testing.T) {
			sound(t, page(t, r))
		})
	}
}

// full is a writer that always fails.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestPageCannotBeWritten(t *testing.T) {
	if err := report.HTML(full{}, example(t)); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("the error is %v", err)
	}
}
