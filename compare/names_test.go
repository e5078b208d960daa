package compare

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/compare/code"
	"dot-for-dbt/compare/ladder"
	"dot-for-dbt/steps"
)

// The names of schemas and commits in values, and what stands for them.
func TestOwnNames(t *testing.T) {
	type schemas [2]string // in which the two sides have a node
	for _, test := range []struct {
		name     string
		suffixes [2]string
		nodes    []schemas
		want     []ladder.Name
	}{
		{name: "one build", suffixes: [2]string{"aa", "aa"}, nodes: []schemas{{"dev_aa", "dev_aa"}}},
		{name: "no suffix", nodes: []schemas{{"", ""}}},
		{
			"two commits of one environment",
			[2]string{"aa", "bb"},
			[]schemas{{"dev_aa", "dev_bb"}, {"marts_aa", "marts_bb"}, {"", "dev_bb"}},
			[]ladder.Name{{Word: "aa", Mark: "<commit>"}, {Word: "bb", Mark: "<commit>"}},
		},
		{
			"two environments at one commit",
			[2]string{"aa", "aa"},
			[]schemas{{"prod_aa", "dev_aa"}},
			[]ladder.Name{{Word: "dev_aa", Mark: "<schema>"}, {Word: "prod_aa", Mark: "<schema>"}},
		},
		{
			"several schemas each, and a build below",
			[2]string{"aa", "bb"},
			[]schemas{{"prod_aa", "dev_bb"}, {"prod_aa", "prod_00"}, {"prod_marts_aa", "dev_marts_bb"}, {"x_aa", "x_bb"}},
			[]ladder.Name{
				{Word: "dev_bb", Mark: "<schema>"},
				{Word: "dev_marts_bb", Mark: "<schema 2>"},
				{Word: "prod_00", Mark: "<schema>"},
				{Word: "prod_aa", Mark: "<schema>"},
				{Word: "prod_marts_aa", Mark: "<schema 2>"},
				{Word: "aa", Mark: "<commit>"},
				{Word: "bb", Mark: "<commit>"},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var sides [2]steps.Side
			for i := range sides {
				sides[i].Nodes = map[string]steps.NodeState{
					"x": {Layer: &steps.Layer{Suffix: test.suffixes[i]}}, "y": {Layer: &steps.Layer{Suffix: "never"}, Problem: "it failed"},
				}
			}
			var nodes []code.Node
			for _, in := range test.nodes {
				nodes = append(nodes, code.Node{A: code.Location{OwnSchema: in[0]}, B: code.Location{OwnSchema: in[1]}})
			}
			if diff := cmp.Diff(test.want, ownNames(sides[0], sides[1], nodes)); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}
