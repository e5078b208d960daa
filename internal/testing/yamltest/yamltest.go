// Package yamltest makes up YAML whose meaning differs between readers.
package yamltest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Anchors are lines that files with values must begin with.
const Anchors = "base: &base {a1: 1, shared: yes, schema: main}\nmore: &more\n  a1: 2\n  <<: *base\n  b2: 0o7\ntext: &text 12:30\n"

// Scalars are spellings whose value gets lost easily.
var Scalars = []string{
	"yes", "No", "on", "true", "False", "~", "null", "", "5432", "0o14", "014", "0x1F", "0b11", "1_000", "-1", "+1", "1e5", "1.5e+3", ".5", "5.", "-.inf", ".NaN", "12:30:45", "190:20:30.15",
	"2024-01-01", "2001-12-14t21:59:43.10-05:00", "a b", "http://u:p@h/x?y=1#z", "a:b", "-x", ":x", "x-", "=x", "<<x", "a'b", `a"b`, "é", "日本", "😀",
	`""`, `''`, `"yes"`, `'5432'`, `"a\tb\n\"\\ \x41\u263A\U0001F600 \/ \_\e\0"`, `'it''s'`, `"{{ env_var('X') }}"`, `'{{ env_var("X") }}'`, "\"{{ env_var(\\\"X\\\") }}\"", `"# no comment"`, `"a: b"`, `"  lead and trail  "`, `"~"`,
	"a\tb", "x ?", "?x", "a\ufeffb", "a#b", "a,b", "a]b", "---", "...", "&own x", "!!str &own2 x", "&own3 !!str x", "2001-12-14\t21:59:43",
	`"a\u0085b"`, "\"a\u2028 b\"", "'a\tb'", `"\N\L\P"`, `"\a\b\v\f\r"`,
	"{a:1}", "{a: b,}", "[a, ]", "{? a : b}", "{?x: y}", "[?x]", "[? a]", "{<<: *base}", `{"<<": 1}`, "{*text : a}",
	"!<tag:yaml.org,2002:str> 5", "!!int 0o7", "!!timestamp 2001-12-14", "!!omap [a: 1]", "!!pairs [a: 1]", "! 'x'", "!!str <<", "!!str", "!!null",
	"!!str 5", "!!int '5'", "!!float 3", `!!str "x"`, "!!null ''", "! 12", "!!binary aGVsbG8=", "!!bool 'yes'", "!!str yes",
}

var blocks = []string{
	"|\n%one\n% two\n\n%three\n", "|-\n%one\n", "|+\n%one\n\n", ">\n%one\n%two\n\n%three\n%  more\n%less\n", ">-\n%a\n%b\n",
	"|\n%one  \n%two \n", "|\n%one\n%   \n", ">\n%one\n%   \n%two\n", "|+\n%one\n\n\n", "|-2\n%x\n", "|\n%x\n# comment\n", ">\n%\u0085%x\n", "\t|\n%x\n",
	"\"a \\\n\n%b\"\n", "\"a\\\n%\\ b\"\n", "'a\n\n%b'\n", "'a\n%\tb'\n", "\"a\n%\tb\"\n", "a\n%- b\n", "a -\n%b\n", "a\n%? b\n", "a\n%# b\n", "x\t# comment\n",
	"!!str\n%x\n", "!!seq\n%- x\n", "!!map\n%x: y\n", "&own4\n%- x\n",
	"# comment\n%x\n", "# comment\n%- x\n%# c\n%- y # z\n\n%# d\n", "[a,\n%b # c\n%]\n", "{a: b,\n%c: d\n%}\n",
	"\n%? a\n%: b\n%? c\n", "\n%? |\n%  a\n%: b\n", "\n%\"a\\nb\": 1\n", "\n%? \n%: 1\n", "\n%~: 1\n%'': 2\n", "\n%!!str a: 1\n%a: 2\n",
	"\n%<<: *more\n%a1: 5\n%'a1': 6\n", "\n%<<: *base\n%<<: *more\n", "\n%<<: []\n%a: b\n", "\n%yes: 1\n%'yes': 2\n%true: 3\n", "\n%2024-01-01: 1\n%'2024-01-01': 2\n",
	"a\n%b\n\n%c\n", "\"a\n%b\n\n%c \\\n%  d\"\n", "'a\n%b'\n", "|2\n%x\n", "\n%plain below\n", "\n%'quoted below'\n", "!!str |\n%x\n", "&anchor |\n%x\n", "x # comment\n", "\"x\" # comment\n",
}

// Number returns a text that may be a number or a time.
func Number(r *rand.Rand) string {
	marks := []string{"0", "1", "5", "7", "9", "12", "60", "2024", "-", "+", "_", ".", ":", "e", "E+", "e-", "x", "b", "o", "a", "-01", "-31", "T", " ", "00:", "Z", "inf", "nan"}
	var b strings.Builder
	for range 1 + r.IntN(7) {
		b.WriteString(marks[r.IntN(len(marks))])
	}
	return strings.TrimSpace(b.String())
}

// Damaged inserts characters with a meaning in YAML at random places after the first head bytes.
func Damaged(r *rand.Rand, text string, head int) string {
	marks := []string{
		" ", "  ", "\n", ":", ": ", "-", "- ", "#", " #", "'", "\"", "{", "}", "[", "]", ",", "&a ", "*base", "<<: ", "|", "|\n", ">", "!", "!!str ", "?", "? ", "\\", "\\n", "~", "%", "@", "\t", "\r\n", "0", "=", "<<",
	}
	for range 1 + r.IntN(3) {
		at := head + r.IntN(len(text)-head)
		text = text[:at] + marks[r.IntN(len(marks))] + text[min(at+r.IntN(3), len(text)):]
	}
	return text
}

// Value writes a value that may follow the colon of a key, with its line break.
func Value(b *strings.Builder, r *rand.Rand, indent string, depth int) {
	switch n := r.IntN(10); {
	case n < 4 || depth == 0:
		b.WriteString(" " + Scalars[r.IntN(len(Scalars))] + "\n")
	case n == 4:
		b.WriteString(" " + strings.ReplaceAll(blocks[r.IntN(len(blocks))], "%", indent))
	case n == 5:
		b.WriteString([]string{" *text\n", " *base\n", " [*text, *more]\n", " {<<: *more, x: *text}\n", " &own {a: 1}\n"}[r.IntN(5)])
	case n == 6:
		b.WriteString(" " + flow(r, depth) + "\n")
	case n == 7:
		b.WriteString("\n")
		for range 1 + r.IntN(3) {
			b.WriteString(indent + "-")
			Value(b, r, indent+"  ", depth-1)
		}
	default:
		b.WriteString("\n")
		for i := range 1 + r.IntN(3) {
			fmt.Fprintf(b, "%sm%d:", indent, i)
			Value(b, r, indent+"  ", depth-1)
		}
	}
}

func flow(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(2) == 0 {
		return []string{"[]", "{}", "[a, 1, yes]", `{a: 1, "b": 0o7, 'c': ~}`, "[a: 1]", "{a, b}", `{"a":1}`, "[\n          a,\n          b c\n        ]", "[1_0, 'x', \"y\"]", "!!set {a, b}", "{a: , b: 2}", "{a: {b: [c]}}", "[a b\n          c]"}[r.IntN(13)]
	}
	if r.IntN(2) == 0 {
		return "[" + flow(r, depth-1) + ", " + flow(r, depth-1) + "]"
	}
	return "{x: " + flow(r, depth-1) + ", y: " + flow(r, depth-1) + "}"
}
