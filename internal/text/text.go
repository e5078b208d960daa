// Package text formats small pieces of text. It knows nothing of dot, dbt or git.
package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Shorten cuts a text that an error quotes to a readable length.
func Shorten(s string) string {
	const most = 300
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// ShellQuote writes a command line that can be pasted into a POSIX shell.
func ShellQuote(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = word
		if word == "" || hasSpecial(word) {
			words[i] = "'" + strings.ReplaceAll(word, "'", `'"'"'`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// hasSpecial reports whether a shell may give a part of a word a meaning.
func hasSpecial(word string) bool {
	for i := range len(word) {
		switch c := word[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("_@%+=:,./-", c) < 0:
			return true
		}
	}
	return false
}

// JSON writes a text as a literal of JSON, with <, > and & as they are. In YAML and Python it means the same.
func JSON(s string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be encoded
	return strings.TrimSuffix(out.String(), "\n")
}

// Plural counts things: "1 node", "3 nodes".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
