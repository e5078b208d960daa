// Package lazy puts off work that few runs of dot need.
package lazy

import (
	"regexp"
	"sync"
)

// Regexp returns a function that returns the compiled regular expression. It is
// compiled at the first call: dot starts often and needs few of its expressions. The
// function panics if the expression is malformed.
func Regexp(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
