// Package hint is for errors that say what to do next. It doesn't know the errors themselves.
package hint

import "slices"

// hinted is an error with hints.
type hinted struct {
	msg   string
	hints []string
	cause error // nil if there is only msg
}

func (e *hinted) Error() string { return e.msg }

func (e *hinted) Unwrap() error { return e.cause }

func (e *hinted) Hints() []string { return e.hints }

// New returns an error with hints. Each is printed on a line below the error.
func New(msg string, hints ...string) error { return &hinted{msg: msg, hints: hints} }

// Add returns err with more hints after its own.
func Add(err error, hints ...string) error {
	return Reword(err, err.Error(), slices.Concat(Of(err), hints)...)
}

// Reword returns err with another message. The new hints come before its own.
func Reword(err error, msg string, hints ...string) error {
	return &hinted{msg: msg, hints: hints, cause: err}
}

// Of returns the hints of an error and of all errors that it wraps, each once. Any type of error
// can have hints: by a method Hints() []string.
func Of(err error) []string {
	var hints []string
	var walk func(error)
	walk = func(err error) {
		if with, ok := err.(interface{ Hints() []string }); ok {
			for _, hint := range with.Hints() {
				if !slices.Contains(hints, hint) {
					hints = append(hints, hint)
				}
			}
		}
		switch err := err.(type) {
		case interface{ Unwrap() error }:
			walk(err.Unwrap())
		case interface{ Unwrap() []error }:
			for _, cause := range err.Unwrap() {
				walk(cause)
			}
		}
	}
	walk(err)
	return hints
}
