package profile

import (
	"fmt"
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// EnvUse lists the environment variables that a text reads through dbt's env_var.
type EnvUse struct {
	Names    []string // of the variables, sorted, without duplicates
	Computed []string // file:line of calls whose name is computed: they may read any variable
}

// ScanEnvVars finds the env_var calls in a file that dbt renders: SQL, YAML, Markdown. name is the
// file's name for EnvUse.Computed. It may report false positives: calls in Jinja comments and in
// strings count, too.
func ScanEnvVars(name string, data []byte) EnvUse {
	text := string(data)
	if !strings.Contains(text, "env_var") {
		return EnvUse{}
	}
	line, counted := 1, 0
	return scanJinja(text, func(offset int) string {
		line += strings.Count(text[counted:offset], "\n")
		counted = offset
		return fmt.Sprintf("%s:%d", name, line)
	})
}

// scanText is ScanEnvVars for one value with a known place.
func scanText(place, text string) EnvUse {
	return scanJinja(text, func(int) string { return place })
}

// envVarName matches the name env_var, also after a dot.
var envVarName = lazy.Regexp(`\benv_var\b`)

// literalCall matches what follows env_var if the variable's name is written out. In a YAML file
// the quotes of the call may be doubled or escaped. After the name there must be a default or the
// end, not a filter or an operator.
var literalCall = lazy.Regexp(`^\s*\(\s*(?:var\s*=\s*)?(\\?"|\\?'|''|"")([^'"\\{}]+?)(\\?"|\\?'|''|"")\s*[,)]`)

// anyCall matches the start of any call.
var anyCall = lazy.Regexp(`^\s*\(`)

// scanJinja calls place with offsets in the order of the text.
func scanJinja(text string, place func(offset int) string) EnvUse {
	var use EnvUse
	for _, piece := range splitJinja(text) {
		if piece.kind == jinjaText {
			continue
		}
		code := text[piece.start:piece.end]
		quotes := quoteReader{code: code}
		for _, at := range envVarName().FindAllStringIndex(code, -1) {
			after := code[at[1]:]
			call := literalCall().FindStringSubmatch(after)
			switch {
			case call != nil && call[1] == call[3]:
				use.Names = append(use.Names, call[2])
			case anyCall().MatchString(after), piece.kind != jinjaNote && !quotes.isProse(at[0], at[1]):
				use.Computed = append(use.Computed, place(piece.start+at[0]))
			}
		}
	}
	slices.Sort(use.Names)
	use.Names = slices.Compact(use.Names)
	return use
}

// quoteReader walks through code once and knows whether it is in a string.
type quoteReader struct {
	code  string
	at    int
	quote byte // 0 outside of strings
}

// isProse reports whether env_var, without a call, is part of a longer string, such as a message. A
// string that is just 'env_var' is not prose: builtins['env_var'] looks it up. Calls must be in the
// order of the code.
func (q *quoteReader) isProse(start, end int) bool {
	for ; q.at < start; q.at++ {
		switch c := q.code[q.at]; {
		case c == '\\':
			q.at++
		case q.quote == 0 && (c == '\'' || c == '"'):
			q.quote = c
		case c == q.quote:
			q.quote = 0
		}
	}
	return q.quote != 0 && (q.code[start-1] != q.quote || end >= len(q.code) || q.code[end] != q.quote)
}

// Plus returns the union of two uses.
func (u EnvUse) Plus(other EnvUse) EnvUse {
	out := EnvUse{
		Names:    slices.Concat(u.Names, other.Names),
		Computed: slices.Concat(u.Computed, other.Computed),
	}
	slices.Sort(out.Names)
	out.Names = slices.Compact(out.Names)
	return out
}

// Public returns the use without the variables whose names mark them as secrets.
func (u EnvUse) Public() EnvUse {
	u.Names = slices.DeleteFunc(slices.Clone(u.Names), isSecretEnv)
	return u
}
