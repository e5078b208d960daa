package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command of the grammar can run or, below plan and explain, be planned.
func TestEveryCommandIsCarriedOut(t *testing.T) {
	a := new(app)
	parser, err := a.parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, leaf := range parser.Model.Leaves(false) {
		seen++
		chosen := leaf.Target.Addr().Interface()
		_, ok := chosen.(command)
		if below(leaf, "plan") || below(leaf, "explain") {
			_, ok = chosen.(plannable)
		}
		if !ok {
			t.Errorf("dot %s: nobody carries out a %T", leaf.Path(), chosen)
		}
	}
	if seen == 0 {
		t.Error("the grammar has no command: the test looks for them in the wrong way")
	}
}

// wordsOf returns the words of a command.
func wordsOf(node *kong.Node) []string {
	var words []string
	for ; node != nil && node.Type == kong.CommandNode; node = node.Parent {
		words = append([]string{node.Name}, words...)
	}
	return words
}

// below reports whether a command is a subcommand of another.
func below(node *kong.Node, name string) bool {
	for ; node != nil; node = node.Parent {
		if node.Type == kong.CommandNode && node.Name == name {
			return true
		}
	}
	return false
}

// The overview is one screen, and names every command.
func TestOverview(t *testing.T) {
	parser, err := new(app).parser(newGrammar())
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if !regexp.MustCompile(`\b` + command.Name + `\b`).MatchString(overview) {
			t.Errorf("it lacks dot %s", command.Name)
		}
	}
	lines := strings.Split(strings.TrimSuffix(overview, "\n"), "\n")
	if len(lines) > 24 {
		t.Errorf("it has %d lines", len(lines))
	}
	for _, line := range lines {
		if len(line) > 80 {
			t.Errorf("%q is too wide", line)
		}
	}
}

// Every example of the help pages is a command line that dot takes.
func TestExamples(t *testing.T) {
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		words := wordsOf(leaf)
		for _, example := range examplesOf(words) {
			line := strings.ReplaceAll(example, "(dot-for-dbt ", "(dot ") // its other name
			if _, after, found := strings.Cut(line, "dot "); found {
				line, _, _ = strings.Cut(strings.TrimSuffix(after, `"`), ")")
			}
			own, _ := split(strings.Fields(line))
			if i := slices.IndexFunc(own, func(word string) bool { return word == ">" || word == "|" }); i >= 0 {
				own = own[:i]
			}
			if _, err := new(app).parseOwn(newGrammar(own...), own); err != nil {
				t.Errorf("%s: %v", example, err)
			}
		}
	}
}

// A command line that begins with a command is read with that command only, and as with all.
func TestOneCommand(t *testing.T) {
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		words := wordsOf(leaf)
		narrow, err := new(app).parser(newGrammar(words...))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, other := range narrow.Model.Leaves(false) {
			if other.Path() != leaf.Path() {
				continue
			}
			found++
			if other.Target.Type() != leaf.Target.Type() || other.Help != leaf.Help {
				t.Errorf("dot %s is another command alone", leaf.Path())
			}
		}
		if first := words[0]; found != 1 || len(narrow.Model.Children) != 1 || narrow.Model.Children[0].Name != first {
			t.Errorf("dot %s: the grammar has %d commands, and that one %d times", leaf.Path(), len(narrow.Model.Children), found)
		}
	}
}
