//go:build unix

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// judge compares a tool's answers with the truth.
func (d dataset) judge(told map[string]answer) string {
	var wrong []string
	silent := map[string]bool{}
	for _, r := range d.relations {
		said, ok := told[r.name]
		if !ok || said.added == nil && said.removed == nil && said.changed == nil && said.columns == nil {
			wrong = append(wrong, "nothing of "+r.name)
			continue
		}
		var off []string
		for _, figure := range []struct {
			name       string
			said, true *int64
		}{
			{"added", said.added, r.truth.added}, {"removed", said.removed, r.truth.removed}, {"changed", said.changed, r.truth.changed},
		} {
			switch {
			case figure.true == nil:
			case figure.said == nil:
				silent[figure.name] = true
			case *figure.said != *figure.true:
				off = append(off, fmt.Sprintf("%s %d", figure.name, *figure.said))
			}
		}
		if said.columns == nil && d.unique {
			silent["columns"] = true
		}
		for _, column := range slices.Sorted(maps.Keys(said.columns)) {
			if n := said.columns[column]; n != r.truth.columns[column] {
				off = append(off, fmt.Sprintf("%d differ in %s", n, column))
			}
		}
		if said.columns != nil && d.unique {
			for _, column := range slices.Sorted(maps.Keys(r.truth.columns)) {
				if _, ok := said.columns[column]; !ok {
					off = append(off, "nothing of "+column)
				}
			}
		}
		if len(off) > 0 {
			wrong = append(wrong, r.name+": "+strings.Join(off, ", "))
		}
	}
	text := "right"
	if len(wrong) > 0 {
		text = "WRONG: " + wrong[0]
		if len(wrong) > 1 {
			text += fmt.Sprintf(" and %d more", len(wrong)-1)
		}
	}
	if len(silent) > 0 {
		text += "; no count of " + strings.Join(slices.Sorted(maps.Keys(silent)), ", ")
	}
	return text
}

// verdicts are the judgements of all runs of a job.
type verdicts []string

// String returns them, or only one if they are all the same.
func (v verdicts) String() string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(v))), " / ")
}
