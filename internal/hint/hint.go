// Package hint is for errors that say what to do next. It knows nothing of what goes wrong.
package hint

import (
	"errors"
	"slices"
)

// hinted is an error with hints.
type hinted struct {
	msg   string
	hints []string
	cause error // nil if msg is all there is
}

func (e *hinted) Error() string { return e.msg }

func (e *hinted) Unwrap() error { return e.cause }

// Hints returns the hints; internal/ui prints each below the error, on a line of its own.
func (e *hinted) Hints() []string { return e.hints }

// New returns an error with hints.
func New(msg string, hints ...string) error { return &hinted{msg: msg, hints: hints} }

// Add returns err with more hints, behind those that it has.
func Add(err error, hints ...string) error {
	return Reword(err, err.Error(), slices.Concat(Of(err), hints)...)
}

// Of returns the hints of an error, those of the outermost error that has some.
func Of(err error) []string {
	var with interface{ Hints() []string }
	if !errors.As(err, &with) {
		return nil
	}
	return with.Hints()
}

// Reword returns err in other words, with hints in place of its own.
func Reword(err error, msg string, hints ...string) error {
	return &hinted{msg: msg, hints: hints, cause: err}
}
