package graph

import (
	"cmp"
	"slices"
)

// A Change says how an input stands to what a record has of it.
type Change string

// How an input can stand to a record.
const (
	Same    Change = ""              // it is as it was, or there is no record
	Differs Change = "changed"       // it has another value
	Added   Change = "new"           // the record has no such input
	Gone    Change = "gone"          // only the record has it
	Unknown Change = "not known yet" // only the record has it, but a step below runs and may make it again
)

// An InputChange is an input of a step beside what the record has of it. Values
// are never kept, so it has what may be shown of them, if anything may.
type InputChange struct {
	Label     string
	Show, Was string
	Change    Change
}

// Key returns the step's key. It is "" for a step that has none (see
// Step.Record), and where a step below runs: then it is only known when the
// step starts.
func (p Planned) Key() Key { return p.key }

// Inputs compares what is known of the step's inputs with its record, sorted by
// label.
func (p Planned) Inputs() []InputChange {
	all := compare(p.Record.Inputs, p.inputs, p.key == "")
	if p.Record.State == "" { // there is nothing to compare with
		for i := range all {
			all[i].Change = Same
		}
	}
	return all
}

// compare sets the inputs of a record beside those of now, sorted by label.
// Where incomplete is set, those of now are not all known yet.
func compare(then, now []InputDigest, incomplete bool) []InputChange {
	was := make(map[string]InputDigest, len(then))
	for _, in := range then {
		was[in.Label] = in
	}
	all := make([]InputChange, 0, len(now))
	for _, in := range now {
		old, known := was[in.Label]
		delete(was, in.Label)
		c := InputChange{Label: in.Label, Show: in.Show, Was: old.Show}
		switch {
		case !known:
			c.Change = Added
		case old.Digest != in.Digest:
			c.Change = Differs
		}
		all = append(all, c)
	}
	for _, old := range was {
		c := InputChange{Label: old.Label, Was: old.Show, Change: Gone}
		if incomplete {
			c.Change = Unknown
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b InputChange) int { return cmp.Compare(a.Label, b.Label) })
	return all
}

// Triggers lists what can make a step run that has succeeded, in the order in
// which it is looked for: it is what Plan looks at.
func (g *Graph) Triggers(step *Step) []Cause {
	if step.Always != "" {
		return []Cause{Always}
	}
	var causes []Cause
	add := func(c Cause, can bool) {
		if can {
			causes = append(causes, c)
		}
	}
	recorded := step.Record != ""
	add(Overwritten, recorded && step.Overwritten != nil)
	add(InputChanged, recorded)
	add(Missing, step.Missing != nil)
	add(DepRuns, recorded && g.recorded[g.index[step.Name]])
	add(TooOld, recorded && step.MaxAge > 0)
	return causes
}
