package steps

import (
	"fmt"
	"sync"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
	"dot-for-dbt/internal/workspace"
)

// Two builds of an invocation must not write the same relation. Different schemas
// don't prevent it, since macros choose the relations. So the checks compare the
// relations that dbt lists.

// writers records which build of the invocation writes each relation.
type writers struct {
	mu sync.Mutex
	by map[workspace.Relation]string
}

// claim records the relations that a build writes. If another build of the
// invocation writes one of them, claim returns an error.
func (w *writers) claim(b *build, targets map[string]workspace.Target) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	other := ""
	for _, t := range targets {
		if had := w.by[t.Relation]; had != "" && had != b.ID() {
			other = had
			names = append(names, b.secret.hidden(t.Spelling.SQL))
		}
	}
	if other != "" {
		return hint.New(
			fmt.Sprintf("%s would overwrite %s of %s, which the same command builds: %s", b, text.Plural(len(names), "relation"), other, names[0]),
			"build them with one command each",
			ownSchemas,
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
