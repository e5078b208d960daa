// Package text formats small pieces of text. It knows nothing of dot, dbt or git.
package text

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Shorten cuts a text that an error quotes to a readable length.
func Shorten(s string) string {
	const most = 300
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

// plain are the characters that no POSIX shell gives a meaning, as in shellescape.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"

// ShellQuote writes a command line that can be pasted into a POSIX shell.
func ShellQuote(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = word
		if word == "" || strings.Trim(word, plain) != "" { // most words need no regular expression
			words[i] = shellescape.Quote(word)
		}
	}
	return strings.Join(words, " ")
}

// Plural counts things: "1 node", "3 nodes".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
