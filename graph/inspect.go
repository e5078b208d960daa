package graph

import (
	"cmp"
	"slices"
)

// A Change is the difference between an input and the record.
type Change string

// All changes.
const (
	Same    Change = ""              // no difference, or there is no record
	Differs Change = "changed"       // it has another value
	Added   Change = "new"           // the record has no such input
	Gone    Change = "gone"          // only the record has it
	Unknown Change = "not known yet" // only the record has it, but a step below runs and may produce it again
)

// An InputChange compares an input of a step with the record. Values are never stored, so Show and
// Was are only what may be shown of them, if anything.
type InputChange struct {
	Label     string
	Show, Was string
	Change    Change
}

// Key returns the step's key. It is "" if the step has none (see Step.Record), and if a step below
// runs: then the key is unknown until the step starts.
func (p Planned) Key() Key { return p.key }

// Inputs compares the inputs that are known with the record, sorted by label.
func (p Planned) Inputs() []InputChange {
	all := compare(p.Record.Inputs, p.inputs, p.key == "")
	if p.Record.State == "" { // there is nothing to compare with
		for i := range all {
			all[i].Change = Same
		}
	}
	return all
}

// compare compares the inputs of a record with the present ones, sorted by label. incomplete means
// that some present inputs are still unknown.
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

// Triggers lists the causes for which a step that has succeeded may run again, in the order in
// which Plan checks them.
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
