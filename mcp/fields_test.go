package mcp

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"dot-for-dbt/spec"
)

// Whatever a client sends, the arguments are flags of dot's with one value each, and then specs with a ref.
func FuzzFields(f *testing.F) {
	for _, seed := range [][3]string{
		{"dev@HEAD", "prod@main", "orders+ tag:daily"},
		{"dev@.", "", "--target prod"},
		{"--yes", "-x@HEAD", "a,-b"},
		{"dev@HEAD\n--yes", "@", "\u2003--vars {}"},
		{"@HEAD", "a@b@c", "+orders,@x"},
		{"..@HEAD", "dev@a..b", "\x00"},
	} {
		f.Add(seed[0], seed[1], seed[2], true)
	}
	f.Fuzz(func(t *testing.T, one, other, selected string, on bool) {
		building, err := buildFields{Spec: one, Baseline: other, Select: selected, Exclude: selected, Modified: on, Force: on, Resume: on}.args()
		if err == nil {
			checkArgs(t, building, 1, "--isolated", "--defer=", "--select=", "--exclude=", "--modified", "--force", "--resume")
			if !slices.Contains(building, "--isolated") {
				t.Errorf("%q lacks --isolated", building)
			}
		}
		comparing, err := compareFields{Baseline: one, Candidate: other, Select: selected, All: on}.args(on)
		if err == nil {
			checkArgs(t, comparing, 2, "--format=json", "--select=", "--all")
		}
	})
}

// checkArgs checks arguments that end with some specs.
func checkArgs(t *testing.T, args []string, specs int, flags ...string) {
	t.Helper()
	flags = append(flags, quiet...)
	for i, arg := range args {
		if strings.IndexFunc(arg, unicode.IsControl) >= 0 {
			t.Errorf("%q has a control character", arg)
		}
		if i >= len(args)-specs {
			if s, err := spec.Parse(arg); err != nil || !s.Isolated() || strings.HasPrefix(arg, "-") {
				t.Errorf("%q is no spec with a ref: %v", arg, err)
			}
			continue
		}
		if !slices.ContainsFunc(flags, func(flag string) bool {
			return arg == flag || strings.HasSuffix(flag, "=") && strings.HasPrefix(arg, flag)
		}) {
			t.Errorf("%q is no flag that a tool gives", arg)
		}
		if _, value, _ := strings.Cut(arg, "="); slices.ContainsFunc(strings.Fields(value), func(word string) bool { return strings.HasPrefix(word, "-") }) {
			t.Errorf("%q has a word that looks like a flag", arg)
		}
	}
}
