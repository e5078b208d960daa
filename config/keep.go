package config

import (
	"fmt"
	"strings"
	"time"
)

// Keep says which builds of an environment dot prune leaves: those that either rule keeps.
type Keep struct {
	// Last (last) is how many are kept, those that were used last; nil: not set.
	Last *int
	// Days (days) is for how many days after the last use a build is kept; nil: not set.
	Days *int
}

// Keeps reports whether a build is kept. rank is 1 for the build of the environment that was used last,
// and unused how long ago the build was last used. A nil Keep keeps nothing.
func (k *Keep) Keeps(rank int, unused time.Duration) bool {
	return k != nil && (k.Last != nil && rank <= *k.Last || k.Days != nil && unused <= time.Duration(*k.Days)*day)
}

// String is the setting's value.
func (k *Keep) String() string {
	var rules []string
	if k.Last != nil {
		rules = append(rules, fmt.Sprintf("last: %d", *k.Last))
	}
	if k.Days != nil {
		rules = append(rules, fmt.Sprintf("days: %d", *k.Days))
	}
	return strings.Join(rules, ", ")
}

// maxKept is more builds than anybody has.
const maxKept = 1_000_000

// readKeep reads the setting keep.
func readKeep(n node) (*Keep, error) {
	const example = "keep: {last: 5, days: 30}"
	entries, err := asMapping(n, "keep")
	if err != nil {
		return nil, err
	}
	k := &Keep{}
	for _, e := range entries {
		rules, most := map[string]**int{"last": &k.Last, "days": &k.Days}, map[string]int{"last": maxKept, "days": maxDays}
		rule, known := rules[e.key]
		if !known {
			return nil, e.at.problemf("unknown rule %q of keep", e.key).hint(didYouMean(e.key, []string{"days", "last"}), example)
		}
		if e.value.isEmpty() {
			continue
		}
		number, ok := e.value.value.(int64)
		if !ok || number < 0 || number > int64(most[e.key]) {
			return nil, e.value.at.problemf("keep: %s must be a number from 0 to %d, but is %s", e.key, most[e.key], show(e.value.plain())).hint(example)
		}
		value := int(number)
		*rule = &value
	}
	if k.Last == nil && k.Days == nil {
		return nil, n.at.problemf("keep has no rule").hint(example)
	}
	return k, nil
}
