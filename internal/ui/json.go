package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"
)

// JSON writes a value as JSON on one line, in which the characters that Clean makes visible are escaped: it
// may end up on a terminal.
func JSON(v any) (string, error) { return marshal(v, "") }

// IndentedJSON is JSON on as many lines as it takes, for people too.
func IndentedJSON(v any) (string, error) { return marshal(v, "  ") }

func marshal(v any, indent string) (string, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range strings.TrimSuffix(text.String(), "\n") {
		if !steers(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String(), nil
}
