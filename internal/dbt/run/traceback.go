package run

import "strings"

// tracebacks holds back what Python writes of an exception until it says which one it is, and drops those
// that are Ctrl-C: where in its code dbt was then is no news. dbt 1.x writes such a one to stderr if it was
// still being loaded; later it is an event (see interrupted).
type tracebacks struct {
	emit func(line string)
	held []string // of one that has not come to its end
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

// end hands on what is still held back.
func (t *tracebacks) end() {
	for _, line := range t.held {
		t.emit(line)
	}
	t.held = nil
}
