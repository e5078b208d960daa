//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"dot-for-dbt/internal/text"
	"dot-for-dbt/test/bench/measure"
)

// completeMany measures what a shell waits for at Tab, in a repository with 10,000 branches and 10,000
// models.
func completeMany(b *bench) (*measure.Table, error) {
	s, err := b.newShop("complete")
	if err != nil {
		return nil, err
	}
	if _, err := s.Output("dot", "build", "prod@main"); err != nil {
		return nil, err
	}
	const many = 10_000
	cmd := s.Command("git", "update-ref", "--stdin")
	var refs strings.Builder
	for i := range many {
		fmt.Fprintf(&refs, "create refs/heads/b/%d main\n", i)
	}
	cmd.Stdin = strings.NewReader(refs.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("git update-ref: %w\n%s", err, out)
	}
	if _, err := s.Output("git", "pack-refs", "--all"); err != nil {
		return nil, err
	}
	if err := s.manyNames(many); err != nil {
		return nil, err
	}
	var sides []measure.Side
	for _, line := range []string{"dot bui", "dot build dev@", "dot build dev@b/12", "dot build -s ", "dot drop prod@"} {
		out, err := s.Output("dot", "__complete", "bash", line)
		if err != nil {
			return nil, err
		}
		sides = append(sides, measure.Side{
			Name: fmt.Sprintf("%s⇥, %s", line, text.Plural(strings.Count(out+"\n", "\n"), "word")),
			Run:  func() (measure.Cost, error) { return measure.Timed(s.Command("dot", "__complete", "bash", line)) },
		})
	}
	sides = append(sides, measure.Side{
		Name: "git for-each-ref",
		Run: func() (measure.Cost, error) {
			return measure.Timed(s.Command("git", "for-each-ref", "--format=%(objectname) %(refname)"))
		},
	})
	return measure.InTurns(4*b.rounds, sides...)
}

// manyNames adds models to the names that the last check has kept.
func (s *shop) manyNames(n int) error {
	memos, err := filepath.Glob(filepath.Join(s.Dir, ".dot", "memo", "*"))
	if err != nil {
		return err
	}
	for _, memo := range memos {
		kept, err := os.ReadFile(memo)
		if err != nil {
			return err
		}
		head, names, _ := strings.Cut(string(kept), "\n")
		if !strings.HasPrefix(head, "names of nodes") {
			continue
		}
		var more strings.Builder
		for i := range n {
			fmt.Fprintf(&more, "model_%05d\npath:models/some/models/model_%05d.sql\n", i, i)
		}
		return os.WriteFile(memo, []byte(head+"\n"+more.String()+names), 0o600)
	}
	return fmt.Errorf("the check has kept no names")
}
