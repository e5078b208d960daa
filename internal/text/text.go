// Package text is how dot writes small pieces of text. It knows nothing of dot, dbt or git.
package text

import "al.essio.dev/pkg/shellescape"

// Shorten keeps a text that is quoted in an error to a readable length.
func Shorten(text string) string {
	const most = 300
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// ShellQuote writes a command line that can be pasted into a POSIX shell.
func ShellQuote(argv []string) string { return shellescape.QuoteCommand(argv) }
