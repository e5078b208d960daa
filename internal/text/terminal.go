package text

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Steers reports whether a character can do more to a terminal than appear on it: it is a control
// character, changes the direction of text, or is invisible. Line ends and tabs do not steer.
func Steers(r rune) bool {
	if r >= ' ' && r <= '~' { // most text: without a look at Unicode's tables
		return false
	}
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r))
}

// Visible writes the characters that steer as \xNN. Text from git, YAML, a warehouse or a file's
// name goes through Visible before it is printed. It also escapes bytes that are not UTF-8, since a
// terminal may obey them.
func Visible(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, Steers) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if Steers(r) {
			fmt.Fprintf(&b, "\\x%02x", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Escape writes the characters that steer as \uNNNN, which means the same in a JSON string.
// (encoding/json escapes only few of them.)
func Escape(data []byte) []byte {
	if bytes.IndexFunc(data, Steers) < 0 {
		return data
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		if !Steers(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}
