//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"dot-for-dbt/test/bench/measure"
)

// byHandScript is what git takes to make a tree of the working tree, with a copy of the index.
const byHandScript = `set -e
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cp -p .git/index "$dir"; mkdir "$dir/objects"
export GIT_INDEX_FILE=$dir/index GIT_OBJECT_DIRECTORY=$dir/objects GIT_ALTERNATE_OBJECT_DIRECTORIES=$PWD/.git/objects
git add --all
git write-tree`

// planDraft measures the plan of a build of the working tree.
func planDraft(b *bench) (*measure.Table, error) {
	s, err := b.newShop("draft")
	if err != nil {
		return nil, err
	}
	if err := s.models(5000); err != nil {
		return nil, err
	}
	for i := range 3 {
		if err := s.Write(fmt.Sprintf("models/generated/edited_%d.sql", i), "select 1 as edited\n"); err != nil {
			return nil, err
		}
	}
	script := filepath.Join(b.dir, "draft.sh")
	if err := os.WriteFile(script, []byte(byHandScript), 0o700); err != nil {
		return nil, err
	}
	if _, err := s.Output("git", "status"); err != nil { // renews the index, as everybody's git does
		return nil, err
	}
	side := func(name string, words ...string) measure.Side {
		return measure.Side{Name: name, Run: func() (measure.Cost, error) { return measure.Timed(s.Command(words...)) }}
	}
	t, err := measure.InTurns(4*b.rounds,
		side("git add --all, git write-tree", "sh", script),
		side("dot plan build dev@HEAD", "dot", "plan", "build", "dev@HEAD"),
		side("dot plan build dev@.", "dot", "plan", "build", "dev@."),
	)
	if err == nil {
		t.Rest = append(t.Rest, fmt.Sprintf("dev@. beyond dev@HEAD and git: %s of wall time.",
			measure.Short(measure.Wall(t.Costs[2])-measure.Wall(t.Costs[1])-measure.Wall(t.Costs[0]))))
	}
	return t, err
}
