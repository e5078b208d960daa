package spec

import "fmt"

// syntaxError is an argument that is no spec.
type syntaxError struct {
	what    string // where it stood: "spec" or "--defer"
	text    string // as typed
	problem string
	hints   []string
}

// Error quotes the argument, so that nothing in it reaches a terminal raw.
func (e *syntaxError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.what, e.text, e.problem)
}

// Hints is what to type instead, one line each.
func (e *syntaxError) Hints() []string { return e.hints }
