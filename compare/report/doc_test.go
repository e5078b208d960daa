package report_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/compare/report"
)

// TestDocumentation fails if docs/compare-json.md doesn't describe the JSON: each type
// has a heading, and below it a row for each field or each possible word.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/compare-json.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), fmt.Sprintf("`version` is **%d**", report.Version)) {
		t.Errorf("the version is not %d", report.Version)
	}
	want := map[string][]string{}
	describe(want, reflect.TypeFor[report.Report]())
	for name, words := range constants(t) {
		if _, used := want[name]; !used {
			t.Errorf("no field of a report is a %s", name)
		}
		want[name] = words
	}

	got := map[string][]string{}
	row := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|( [^|`]+ \\|)? [^|]+ \\|$")
	for _, section := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		for _, m := range row.FindAllStringSubmatch(body, -1) {
			got[heading] = append(got[heading], strings.TrimSuffix(strings.TrimSpace(m[1]+" |"+m[2]), " |"))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is written (-) and what is documented (+):\n%s", diff)
	}
}

// describe adds the documentation that a type and its parts need.
func describe(out map[string][]string, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.PkgPath() != reflect.TypeFor[report.Report]().PkgPath() {
		return
	}
	if _, seen := out[t.Name()]; seen {
		return
	}
	out[t.Name()] = nil
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		kind := typeWords(field.Type)
		if options == "omitempty" {
			kind += ", optional"
		}
		out[t.Name()] = append(out[t.Name()], name+" | "+strings.ReplaceAll(kind, "boolean, optional", "true, optional"))
		describe(out, field.Type)
	}
}

// typeWords returns the documentation's name of a type.
func typeWords(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "time"
	case t == reflect.TypeFor[map[string]*string]():
		return "map of text to text or null"
	case t.PkgPath() != "":
		return t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeWords(t.Elem())
	case reflect.Slice:
		return "list of " + typeWords(t.Elem())
	case reflect.Map:
		return "map of " + typeWords(t.Key()) + " to " + typeWords(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "boolean"
	}
	return "number"
}

// constants returns the possible words of each text type, in the order of report.go.
func constants(t *testing.T) map[string][]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "report.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		kind, named := spec.Type.(*ast.Ident)
		value, literal := spec.Values[0].(*ast.BasicLit)
		if named && literal && value.Kind == token.STRING {
			word, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			out[kind.Name] = append(out[kind.Name], word)
		}
		return true
	})
	var verdicts []string
	for _, v := range report.Verdicts {
		verdicts = append(verdicts, string(v))
	}
	if !slices.Equal(verdicts, out["Verdict"]) {
		t.Errorf("the verdicts are %q, and Verdicts %q", out["Verdict"], verdicts)
	}
	return out
}
