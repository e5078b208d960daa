//go:build unix

package e2e

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// A plan is the output of dot plan --format json.
type plan struct {
	Version, Run, Skip int
	Builds             []struct{ Name string }
	Steps              []planned
	Notes, Warnings    []string
}

type planned struct {
	Name, Kind, Decision, Cause, Reason, Detail string
	Changed, Commands                           []string
}

// plan returns dot's plan for a command.
func (s *shop) plan(args ...string) plan {
	s.t.Helper()
	var p plan
	res := s.mustDot(append([]string{"plan", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(res.stdout), &p); err != nil {
		s.t.Fatalf("the plan is no JSON: %v", err)
	}
	if p.Version != 2 || len(p.Steps) == 0 {
		s.t.Fatalf("the plan is empty or of another version:\n%s", res.stdout)
	}
	s.said[len(s.said)-1].stdout = strings.Join(p.does(), "\n") + "\n" // for people
	return p
}

// last returns the command's own step.
func (p plan) last() planned { return p.Steps[len(p.Steps)-1] }

// does lists what the steps do, in the words of dot -v.
func (p plan) does() []string {
	var lines []string
	for _, step := range p.Steps {
		if step.Decision == "run" {
			why := step.Reason
			if step.Detail != "" {
				why += "; " + step.Detail
			}
			lines = append(lines, "→ "+step.Name+" ("+why+")")
		} else {
			lines = append(lines, "skip "+step.Name)
		}
	}
	return lines
}

// did lists what dot -v reported. It leaves out the text of skipped steps, because that contains an
// age.
func (r result) did() (lines []string) {
	for line := range strings.Lines(r.stderr) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "skip ") {
			line, _, _ = strings.Cut(line, " (")
			lines = append(lines, line)
		}
		if strings.HasPrefix(line, "→ ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// planIsRun checks that planning a command changes nothing, and that the run then does what the
// plan says, step by step.
func (s *shop) planIsRun(args ...string) {
	s.t.Helper()
	before := tree(s.t, s.dir)
	var planned plan
	if dbts := s.started(func() { planned = s.plan(args...) }); dbts != "" {
		s.t.Errorf("the plan started dbt %s", dbts)
	}
	if diff := cmp.Diff(before, tree(s.t, s.dir)); diff != "" {
		s.t.Errorf("the plan changed something (-before +after):\n%s", diff)
	}
	did := s.mustDot(append([]string{"-v"}, args...)...).did()
	if len(planned.Builds) > 1 { // the plan doesn't say which of them is faster
		slices.Sort(did)
	}
	if diff := cmp.Diff(planned.sorted(), sortedBySkip(did)); diff != "" {
		s.t.Errorf("what was planned is not what was done (-planned +done):\n%s", diff)
	}
}

// sorted returns what the steps do, in the order of a run; of several builds, in alphabetical
// order.
func (p plan) sorted() []string {
	lines := p.does()
	if len(p.Builds) > 1 {
		slices.Sort(lines)
	}
	return sortedBySkip(lines)
}

// sortedBySkip puts the skipped steps first, as a run does.
func sortedBySkip(lines []string) []string {
	var skipped, run []string
	for _, line := range lines {
		if strings.HasPrefix(line, "skip ") {
			skipped = append(skipped, line)
		} else {
			run = append(run, line)
		}
	}
	return append(skipped, run...)
}

// reason fails the test unless dot would run the command's step for a reason that contains text. An
// empty text means that dot must skip the step.
func (s *shop) reason(text string, args ...string) {
	s.t.Helper()
	step := s.plan(args...).last()
	switch {
	case text == "" && step.Decision != "skip":
		s.t.Errorf("dot %s would run: %s", strings.Join(args, " "), step.Reason)
	case text != "" && step.Decision != "run", !strings.Contains(step.Reason, text):
		s.t.Errorf("dot %s would %s: %s, want run: %s", strings.Join(args, " "), step.Decision, step.Reason, text)
	}
}
