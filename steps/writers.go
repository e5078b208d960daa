package steps

import (
	"fmt"
	"sync"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Which build of an invocation writes which relation: two builds that would write
// one are refused, however their profiles are spelt. What each writes is known
// only once its check has asked dbt.

// writers are the builds by the relations that they write.
type writers struct {
	mu sync.Mutex
	by map[workspace.Relation]string
}

// claim notes what a build writes. It is an error if another build of the
// invocation writes any of it.
func (w *writers) claim(b *build, targets map[string]workspace.Target) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	other := ""
	for _, t := range targets {
		if had := w.by[t.Relation]; had != "" && had != b.ID() {
			other = had
			names = append(names, t.Spelling.SQL)
		}
	}
	if other != "" {
		return hint.New(
			fmt.Sprintf("%s would write %s of %s, which this invocation builds, too: %s", b, text.Plural(len(names), "relation"), other, names[0]),
			"build one after the other",
			`give each environment schemas of its own, in dot_environments.yml: all: {dot: {schema-suffix: "{env}_{short}"}}`,
		)
	}
	if w.by == nil {
		w.by = map[workspace.Relation]string{}
	}
	for _, t := range targets {
		w.by[t.Relation] = b.ID()
	}
	return nil
}
