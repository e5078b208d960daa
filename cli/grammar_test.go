package cli

import (
	"testing"

	"github.com/alecthomas/kong"
)

// Every command of the grammar can run or, below plan and explain, be planned.
func TestEveryCommandIsCarriedOut(t *testing.T) {
	a := new(app)
	parser, err := a.parser(newGrammar("plan", "explain"))
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

// below reports whether a command is a subcommand of another.
func below(node *kong.Node, name string) bool {
	for ; node != nil; node = node.Parent {
		if node.Type == kong.CommandNode && node.Name == name {
			return true
		}
	}
	return false
}
