package text

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Steers reports whether a character may do more to a terminal than be seen: it controls the terminal, or
// changes the direction of text, or can't be seen. Line ends and tabs do not steer.
func Steers(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r))
}

// Visible writes the characters that steer as \xNN. What comes from git, YAML, a warehouse or a file's name
// goes through Visible before it is printed. So do bytes that are not UTF-8: a terminal may obey them.
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

// Escape writes the characters that steer as \uNNNN, which means the same in a string of JSON. (encoding/json
// leaves most of them as they are.)
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
