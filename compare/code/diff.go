package code

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/text"
)

// mostLines is how many lines of a diff are kept.
const mostLines = 400

// mostSeed is the size of the largest seed whose diff is made, in bytes.
const mostSeed = 1 << 20

// source returns a unified diff of the node's source file: a model's code, a seed's rows. For a
// node that only one side has, it has the whole file. It is "" if the file is the same, too large,
// or not known.
func (d *nodeDiff) source() string {
	if d.One || d.a != nil && d.b != nil && d.a.ResourceType == "seed" && summed(d.a) && d.a.Checksum == d.b.Checksum {
		return ""
	}
	oldName, before, okA := d.fromA.source(d.a)
	newName, after, okB := d.fromB.source(d.b)
	if !okA || !okB {
		return ""
	}
	return unified(oldName, newName, before, after)
}

// source returns the name of a node's source file for a diff, and its text. ok is false if the text
// is not known.
func (s *parsedSide) source(n *artifact.NodeCode) (name, text string, ok bool) {
	switch {
	case n == nil:
		return noFile, "", true
	case n.ResourceType != "seed":
		return file(n), n.RawCode, true
	}
	rows, err := s.seed(n)
	return file(n), string(rows), err == nil && len(rows) <= mostSeed && utf8.Valid(rows)
}

// unified returns a unified diff of a file before and after, "" if it is the same.
func unified(oldName, newName, before, after string) string {
	if before == after {
		return ""
	}
	out := diff.Diff(inDiff("a/", oldName), ended(before), inDiff("b/", newName), ended(after))
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

// noFile is the name in a diff of a file that a side lacks, as git has it.
const noFile = "/dev/null"

// inDiff is a file's name in a diff.
func inDiff(prefix, name string) string {
	if name == noFile {
		return name
	}
	return prefix + name
}

// ended ends the last line. dbt cuts off the newline, so that otherwise each diff would
// mention a missing newline.
func ended(text string) []byte {
	if text = strings.TrimRight(text, "\n"); text != "" {
		text += "\n"
	}
	return []byte(text)
}
