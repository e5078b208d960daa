package code

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"dot-for-dbt/internal/text"
)

// mostLines is how many lines of a diff are kept.
const mostLines = 400

// unified returns a unified diff of a file before and after, "" if it is the same.
func unified(oldName, newName, before, after string) string {
	if before == after {
		return ""
	}
	out := diff.Diff("a/"+oldName, ended(before), "b/"+newName, ended(after))
	if out == nil { // only the end of the last line differs
		return ""
	}
	_, out, _ = bytes.Cut(out, []byte("\n")) // a line with the names alone
	lines := strings.SplitAfter(strings.TrimSuffix(string(out), "\n"), "\n")
	if more := len(lines) - mostLines; more > 0 {
		lines = append(lines[:mostLines], fmt.Sprintf("… and %s", text.Plural(more, "line")))
	}
	return strings.TrimSuffix(strings.Join(lines, ""), "\n") + "\n"
}

// ended ends the last line. dbt cuts off the newline, so that otherwise each diff would
// mention a missing newline.
func ended(text string) []byte {
	if text = strings.TrimRight(text, "\n"); text != "" {
		text += "\n"
	}
	return []byte(text)
}
