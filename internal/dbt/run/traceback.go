package run

import "strings"

// tracebacks holds back a Python stack trace until its last line names the exception. It drops
// those of Ctrl-C: nobody needs to know where in its code dbt was. dbt 1.x writes such a trace to
// stderr while it is being loaded; later it is an event (see interrupted).
type tracebacks struct {
	emit func(line string)
	held []string // lines of an incomplete stack trace
}

func (t *tracebacks) line(text string) {
	inside := len(t.held) > 0
	switch {
	case !inside && text == "Traceback (most recent call last):":
		t.held = append(t.held, text)
	case inside && (text == "" || strings.HasPrefix(text, " ")):
		t.held = append(t.held, text)
	case inside && strings.HasPrefix(text, "KeyboardInterrupt"):
		t.held = nil
	default:
		t.end()
		t.emit(text)
	}
}

// end passes on an incomplete stack trace.
func (t *tracebacks) end() {
	for _, line := range t.held {
		t.emit(line)
	}
	t.held = nil
}
