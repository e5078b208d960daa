package python

// hintError is an error that says what to do next.
type hintError struct {
	msg   string
	hints []string
	err   error
}

func (e *hintError) Error() string { return e.msg }

// Hints are what to do next.
func (e *hintError) Hints() []string { return e.hints }

func (e *hintError) Unwrap() error { return e.err }
