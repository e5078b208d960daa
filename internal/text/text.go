// Package text formats small pieces of text. It knows nothing of dot, dbt or git.
package text

import (
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

// Plural counts things: "1 node", "3 nodes".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
