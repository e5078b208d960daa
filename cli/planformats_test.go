package cli

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A job gets each general flag that was given, as a line that parses to the same flags.
func TestFlagWords(t *testing.T) {
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]string{ // of flags that don't take any text
		"jobs": {"3"}, "log": {"grouped"}, "color": {"never"},
	}
	written := 0
	for _, f := range parser.Model.Flags {
		if slices.Contains([]string{"help", "version", "help-all"}, f.Name) {
			continue
		}
		if strings.Contains(f.PlaceHolder, "REF") && !slices.Contains(notOfJobs, f.Name) {
			t.Errorf("--%s names a ref, which may move before a job runs: jobFlags has to give its commit", f.Name)
		}
		given := []string{"--" + f.Name}
		switch value, ok := values[f.Name]; {
		case ok:
			given[0] += "=" + value[0]
		case f.IsSlice():
			given = []string{"--" + f.Name + "=a b", "--" + f.Name + "=it's, c"}
		case !f.IsBool():
			given[0] += "=it's {{ x }}"
		}
		line := newGrammar("build")
		again, err := new(app).parser(line)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := again.Parse(append([]string{"build"}, given...))
		if err != nil {
			t.Errorf("%q: %v", given, err)
			continue
		}
		flags := generalFlags(parsed)
		if len(flags) != 1 {
			t.Errorf("%q: %d flags were given", given, len(flags))
			continue
		}
		words, err := flagWords(flags[0])
		if err != nil || !reflect.DeepEqual(words, given) {
			t.Errorf("%q is written as %q, %v", given, words, err)
		}
		written++
	}
	if written < 20 {
		t.Errorf("only %d flags were written", written)
	}
}
