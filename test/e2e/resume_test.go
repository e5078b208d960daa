//go:build unix

package e2e

import "testing"

// TestResumeIncremental proves that an interrupted run never adds the rows of an incremental model
// twice: neither of one that was ended while dbt waited for it, nor of one that only unfinished runs
// have made, however many of them.
func TestResumeIncremental(t *testing.T) {
	t.Parallel()
	s := newProject(t, "duckdb", map[string]string{
		"models/grows.sql": "{{ config(materialized='incremental') }}\nselect 1 as one\n",
		"models/last.sql":  "select one from {{ ref('grows') }}\n",
	})
	interruptAt := func(place string, args ...string) {
		gate := s.newGate(place)
		c := s.startAt(gate, args...)
		s.interrupt(c, gate.wait(c), args[1])
		if res := c.wait(); res.code != 130 {
			t.Errorf("exit code %d", res.code)
		}
		s.nobodyLeft()
	}
	s.part("made by unfinished runs only", func() {
		interruptAt("before last", "build", "dev@HEAD")
		interruptAt("after grows", "build", "dev@HEAD")
		s.mustDot("build", "dev@HEAD")
		s.wantTable("dev@HEAD", "grows", "1")
	})
	s.part("ended after Ctrl-C, on top of a history", func() {
		interruptAt("after grows", "build", "dev@HEAD", "--force")
		s.mustDot("build", "dev@HEAD", "--resume")
		s.wantTable("dev@HEAD", "grows", "1", "1")
	})
}
