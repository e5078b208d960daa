package dbt

import "errors"

// hintError is an error with what to do next, one hint a line.
type hintError struct {
	msg   string
	hints []string
	err   error // the cause, part of msg already; may be nil
}

func (e *hintError) Error() string { return e.msg }

func (e *hintError) Unwrap() error { return e.err }

// Hints says what to do next; internal/ui prints it below the error.
func (e *hintError) Hints() []string { return e.hints }

// withHint adds a line to what an error says to do next.
func withHint(err error, hint string) error {
	out := &hintError{msg: err.Error(), err: err}
	var hinted interface{ Hints() []string }
	if errors.As(err, &hinted) {
		out.hints = append(out.hints, hinted.Hints()...)
	}
	out.hints = append(out.hints, hint)
	return out
}
