package spec

import (
	"fmt"

	"dot-for-dbt/internal/hint"
)

// wrong is the error of an argument, named what, that is no spec. It quotes the text, so that nothing in it
// reaches a terminal raw.
func wrong(what, text, problem string, hints ...string) error {
	return hint.New(fmt.Sprintf("%s %q: %s", what, text, problem), hints...)
}
