package ui

import (
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/text"
)

// resetSGR ends all colours and styles.
const resetSGR = "\x1b[0m"

// Colored is [text.Visible] for text that another program has coloured. A coloured printer keeps
// its colours; others remove them. All other sequences are made visible, and so are SGR sequences
// that hide text or let it blink.
func (p *Printer) Colored(output string) string {
	var b strings.Builder
	styled := false
	for rest := output; rest != ""; {
		start := strings.IndexByte(rest, '\x1b')
		if start < 0 {
			b.WriteString(text.Visible(rest))
			break
		}
		b.WriteString(text.Visible(rest[:start]))
		rest = rest[start:]
		n := sgrLength(rest)
		switch {
		case n == 0 || !harmless(rest[:n]):
			b.WriteString(text.Visible(rest[:1]))
			n = 1
		case p.color:
			b.WriteString(rest[:n])
			styled = rest[:n] != resetSGR
		}
		rest = rest[n:]
	}
	if styled {
		b.WriteString(resetSGR) // later text must not inherit its colours
	}
	return b.String()
}

// sgrLength returns the length of the SGR sequence at the start of text, 0 if there is none.
func sgrLength(text string) int {
	rest, ok := strings.CutPrefix(text, "\x1b[")
	if !ok {
		return 0
	}
	i := strings.IndexFunc(rest, func(r rune) bool { return r != ';' && (r < '0' || r > '9') })
	if i < 0 || rest[i] != 'm' {
		return 0
	}
	return len("\x1b[") + i + 1
}

// harmless reports whether an SGR sequence only sets weight, underline and one of the terminal's own
// foreground colours.
func harmless(sequence string) bool {
	parameters := strings.TrimSuffix(strings.TrimPrefix(sequence, "\x1b["), "m")
	for parameter := range strings.SplitSeq(parameters, ";") {
		n, err := strconv.Atoi(parameter)
		switch {
		case parameter == "":
		case err != nil:
			return false
		case slices.Contains([]int{0, 1, 2, 3, 4, 22, 23, 24, 39}, n), n >= 30 && n <= 37, n >= 90 && n <= 97:
		default:
			return false
		}
	}
	return true
}
