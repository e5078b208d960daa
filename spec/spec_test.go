package spec_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// TestParse proves A.4, B.1, B.2: how input is split.
func TestParse(t *testing.T) {
	for _, test := range []struct {
		text     string
		want     spec.Spec
		isolated bool
	}{
		{"dev", spec.Spec{Env: "dev"}, false},
		{"dev-2.eu_west", spec.Spec{Env: "dev-2.eu_west"}, false},
		{"2024", spec.Spec{Env: "2024"}, false},
		{"All", spec.Spec{Env: "All"}, false},
		{"dev@main", spec.Spec{Env: "dev", Ref: "main"}, true},
		{"@main", spec.Spec{Ref: "main"}, true},
		{"dev@.", spec.Spec{Env: "dev", Ref: "."}, true},
		{"@.", spec.Spec{Ref: "."}, true},
		{"dev@feature/orders", spec.Spec{Env: "dev", Ref: "feature/orders"}, true},
		{"dev@@", spec.Spec{Env: "dev", Ref: "@"}, true},
		{"@@", spec.Spec{Ref: "@"}, true},
		{"dev@HEAD~2", spec.Spec{Env: "dev", Ref: "HEAD~2"}, true},
		{"dev@HEAD^", spec.Spec{Env: "dev", Ref: "HEAD^"}, true},
		{"dev@HEAD@{1}", spec.Spec{Env: "dev", Ref: "HEAD@{1}"}, true},
		{"@main@{yesterday}", spec.Spec{Ref: "main@{yesterday}"}, true},
		{"@@{u}", spec.Spec{Ref: "@{u}"}, true},
		{"dev@:/fix the orders", spec.Spec{Env: "dev", Ref: ":/fix the orders"}, true},
		{"dev@añejo", spec.Spec{Env: "dev", Ref: "añejo"}, true},
		{"com@HEAD", spec.Spec{Env: "com", Ref: "HEAD"}, true},
		{"com10@HEAD", spec.Spec{Env: "com10", Ref: "HEAD"}, true},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := spec.Parse(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
			if got.String() != test.text || got.Isolated() != test.isolated {
				t.Errorf("String %q, Isolated %t; want %q, %t", got, got.Isolated(), test.text, test.isolated)
			}
			baseline, err := spec.ParseBaseline(test.text)
			if err != nil || baseline != got {
				t.Errorf("as a baseline %v, %v; want the same", baseline, err)
			}
		})
	}
}

// TestRange proves A.4: which refs are ranges, and which only look like one.
func TestRange(t *testing.T) {
	for text, want := range map[string]spec.Range{
		"dev@main~5..main":           {From: "main~5", To: "main"},
		"@v1..feature/x":             {From: "v1", To: "feature/x"},
		"dev@main..":                 {From: "main", To: "HEAD"},
		"dev@..main":                 {From: "HEAD", To: "main"},
		"dev@main@{yesterday}..main": {From: "main@{yesterday}", To: "main"},
		"dev@main":                   {},
		"dev@:/wait.. what":          {},
		"dev@main^{/wait.. what}":    {},
		"dev@HEAD@{5.minutes.ago}":   {},
		"dev":                        {},
		"dev@release/2.1.x":          {},
	} {
		s, err := spec.Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, ok := s.Range(); got != want || ok != (want != spec.Range{}) {
			t.Errorf("%s: %+v, %t; want %+v", text, got, ok, want)
		}
	}
}

// TestErrors shows every error, with its hints, in one golden file.
// It proves B.1, B.3, B.4, E.2.
func TestErrors(t *testing.T) {
	texts := []string{
		"", "@", "dev@", "all", "all@main", "default", "default@main", "all@",
		"feature/orders", "../dev", "../dev@main", "dev/x@main", "dev ", "-dev", "--dev@main", ".dev", "_dev", "dev..2", "dev.", "dév", "dev\x1b[31m", "d\xff",
		"con", "NUL.txt@main", "com1", "lpt9@main", strings.Repeat("d", 101),
		"dev@-x", "dev@--upload-pack=x", "dev@a\x1b[2J", "dev@a\x00b", "dev@\u009b31m", "dev@\x7f", "dev@\xff", "@\n",
		".", ".@", ".@dev", ".@main~1", ".@.", "dev@.~1", "dev@.^", "dev@./models", "dev@...", "dev@main...", "dev@...main",
		"dev@..", "dev@a...b", "dev@a..b..c", "dev@a..-b",
	}
	var out strings.Builder
	show := func(err error) {
		fmt.Fprintln(&out, "error:", err)
		for _, line := range hint.Of(err) {
			fmt.Fprintln(&out, "  hint:", line)
		}
	}
	for _, text := range texts {
		got, err := spec.Parse(text)
		if err == nil {
			t.Errorf("Parse(%q) passed: %v", text, got)
			continue
		}
		show(err)
	}
	for _, text := range []string{"", "@", "prod@", "all@main", "../x", "prod@-x", "feature/orders", "prod@main~2..main"} {
		got, err := spec.ParseBaseline(text)
		if err == nil {
			t.Errorf("ParseBaseline(%q) passed: %v", text, got)
			continue
		}
		show(err)
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, "errors", []byte(out.String()))
}

// FuzzParse has its seeds in testdata/fuzz.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		got, err := spec.Parse(text)
		baseline, baselineErr := spec.ParseBaseline(text)
		if err != nil {
			if baselineErr == nil && baseline.Path == "" {
				t.Fatalf("%q is a baseline (%v) but no spec: %v", text, baseline, err)
			}
			if strings.ContainsFunc(err.Error(), unicode.IsControl) || !utf8.ValidString(err.Error()) {
				t.Fatalf("the error for %q is not safe to print: %q", text, err)
			}
			return
		}
		if got.String() != text {
			t.Fatalf("%q came back as %q", text, got)
		}
		ends, several := got.Range()
		if several && (ends.From == "" || ends.To == "" || strings.HasPrefix(ends.From, "-") || strings.HasPrefix(ends.To, "-")) {
			t.Fatalf("%q is the range %+v", text, ends)
		}
		if baselineErr == nil && baseline.Path != "" { // a.json may be an environment
			return
		}
		if several == (baselineErr == nil) || baselineErr == nil && baseline != got {
			t.Fatalf("%q is %v, but as a baseline %v, %v", text, got, baseline, baselineErr)
		}
		if strings.ContainsAny(got.Env, `/\:@ `) || strings.HasPrefix(got.Env, ".") || strings.HasPrefix(got.Env, "-") || strings.HasPrefix(got.Ref, "-") ||
			strings.ContainsFunc(got.Ref, unicode.IsControl) {
			t.Fatalf("%q let through %#v", text, got)
		}
	})
}
