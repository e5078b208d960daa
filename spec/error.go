package spec

import (
	"fmt"

	"dot-for-dbt/internal/hint"
)

// wrong returns the error for an argument, called what, that is not a spec. It quotes the text, so
// that nothing in it reaches a terminal raw.
func wrong(what, text, problem string, hints ...string) error {
	return hint.New(fmt.Sprintf("%s %q: %s", what, text, problem), hints...)
}
