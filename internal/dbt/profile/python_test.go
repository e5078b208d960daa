package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// pythonCompare reads pairs of an original and a rewritten profiles.yml, and says for each whether
// PyYAML sees the same output in both. For an original without a rewritten file, it says whether
// PyYAML can read it.
const pythonCompare = `
import json, sys, yaml
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
def canon(v):
    if isinstance(v, dict):
        return ["dict"] + sorted(([canon(k), canon(x)] for k, x in v.items()), key=repr)
    if isinstance(v, (list, tuple)):
        return ["list"] + [canon(x) for x in v]
    return [type(v).__name__, repr(v)]
def load(text):
    output = dict(yaml.load(text, Loader)["shop"]["outputs"]["dev"])
    schema = output.pop("schema", None)
    return canon(output), schema
answers = []
for case in json.load(sys.stdin):
    try:
        before, _ = load(case["Before"])
    except Exception as e:
        answers.append({"Original": str(e) or repr(e)})
        continue
    if not case["After"]:
        answers.append({})
        continue
    try:
        after, schema = load(case["After"])
    except Exception as e:
        answers.append({"Rewritten": str(e)})
        continue
    answers.append({"Schema": schema, "Differs": "" if before == after else "%s\n%s" % (before, after)})
json.dump(answers, sys.stdout)
`

type pythonCase struct{ Before, After string }

type pythonAnswer struct{ Original, Rewritten, Schema, Differs string }

func askPython(t *testing.T, cases []pythonCase) []pythonAnswer {
	t.Helper()
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter with PyYAML")
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", pythonCompare)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running %s: %v", python, err)
	}
	var answers []pythonAnswer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(cases) {
		t.Fatalf("reading what %s says about %d cases: %d answers, %v", python, len(cases), len(answers), err)
	}
	return answers
}

// TestIsolatedReadsTheSameInPyYAML generates outputs. It checks that dbt's own YAML reader finds
// the same values in the rewritten file as in the original, and that dot refuses no file that
// PyYAML can read. Every second file is damaged; dot may refuse a few of those. It proves D.5.
func TestIsolatedReadsTheSameInPyYAML(t *testing.T) {
	const tries = 6000
	cases := make([]pythonCase, tries)
	refusals := make([]error, tries)
	for seed := range cases {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		before := madeUpProfiles(r)
		if seed%2 == 1 {
			before = damaged(r, before)
		}
		after, err := isolateForTest(before)
		cases[seed], refusals[seed] = pythonCase{before, string(after)}, err
	}
	var alike, refused, unsound, unsoundRefused int
	for seed, answer := range askPython(t, cases) {
		c, err := cases[seed], refusals[seed]
		switch {
		case answer.Original != "":
			unsound++
			if err != nil {
				unsoundRefused++
			}
		case err != nil:
			refused++
			if seed%2 == 0 && !strings.Contains(err.Error(), "begins with ?") {
				t.Errorf("PyYAML can read what was refused: %v\n%s", err, c.Before)
			}
		case answer.Rewritten != "":
			t.Errorf("PyYAML can't read what was written: %s\n%s\nfrom\n%s", answer.Rewritten, c.After, c.Before)
		case answer.Differs != "" || !strings.HasSuffix(answer.Schema, "_abc1234"):
			t.Errorf("PyYAML reads another output (schema %s):\n%s\n%s\nfrom\n%s", answer.Schema, answer.Differs, c.After, c.Before)
		default:
			alike++
		}
	}
	if alike < tries/3 || refused > tries/20 {
		t.Errorf("read alike %d, refused %d of %d", alike, refused, tries)
	}
	t.Logf("of %d: PyYAML reads %d, of which dot reads %d alike and refuses %d; of the other %d dot refuses %d", tries, tries-unsound, alike, refused, unsound, unsoundRefused)
}

func isolateForTest(profiles string) ([]byte, error) {
	p, err := parse("profiles.yml", []byte(profiles))
	if err != nil {
		return nil, err
	}
	out, err := p.Choose(Choice{Profile: "shop", Target: "dev"})
	if err != nil {
		return nil, err
	}
	return out.Isolated("abc1234", "")
}

// scalars are spellings whose value gets lost easily.
var scalars = []string{
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

// madeUpProfiles generates a profiles.yml. Its output dev has all kinds of values.
func madeUpProfiles(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("base: &base {a1: 1, shared: yes, schema: main}\nmore: &more\n  a1: 2\n  <<: *base\n  b2: 0o7\ntext: &text 12:30\nshop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n")
	if r.IntN(3) == 0 {
		b.WriteString([]string{"      <<: *more\n", "      <<: [*more, *base]\n", "      <<: {z: 1, schema: main}\n"}[r.IntN(3)])
	} else {
		b.WriteString([]string{"      schema: main\n", "      schema: 'main'\n", "      \"schema\": |\n        main\n", "      schema: >-\n        main\n"}[r.IntN(4)])
	}
	for i := range 1 + r.IntN(4) {
		key := []string{"k%d", `"k%d"`, "'k %d'", "%d", "%d.5", "? k%d\n      ", "k %d "}[r.IntN(7)]
		fmt.Fprintf(&b, "      "+key+":", i)
		madeUpValue(&b, r, "        ", 2)
	}
	return b.String()
}

// damaged inserts characters with a meaning in YAML at random places.
func damaged(r *rand.Rand, profiles string) string {
	marks := []string{
		" ", "  ", "\n", ":", ": ", "-", "- ", "#", " #", "'", "\"", "{", "}", "[", "]", ",", "&a ", "*base", "<<: ", "|", "|\n", ">", "!", "!!str ", "?", "? ", "\\", "\\n", "~", "%", "@", "\t", "\r\n", "0", "=", "<<",
	}
	const head = 150 // keep the anchors and the path to the output
	for range 1 + r.IntN(3) {
		at := head + r.IntN(len(profiles)-head)
		profiles = profiles[:at] + marks[r.IntN(len(marks))] + profiles[min(at+r.IntN(3), len(profiles)):]
	}
	return profiles
}

func madeUpValue(b *strings.Builder, r *rand.Rand, indent string, depth int) {
	switch n := r.IntN(10); {
	case n < 4 || depth == 0:
		b.WriteString(" " + scalars[r.IntN(len(scalars))] + "\n")
	case n == 4:
		b.WriteString(" " + strings.ReplaceAll(blocks[r.IntN(len(blocks))], "%", indent))
	case n == 5:
		b.WriteString([]string{" *text\n", " *base\n", " [*text, *more]\n", " {<<: *more, x: *text}\n", " &own {a: 1}\n"}[r.IntN(5)])
	case n == 6:
		b.WriteString(" " + madeUpFlow(r, depth) + "\n")
	case n == 7:
		b.WriteString("\n")
		for range 1 + r.IntN(3) {
			b.WriteString(indent + "-")
			madeUpValue(b, r, indent+"  ", depth-1)
		}
	default:
		b.WriteString("\n")
		for i := range 1 + r.IntN(3) {
			fmt.Fprintf(b, "%sm%d:", indent, i)
			madeUpValue(b, r, indent+"  ", depth-1)
		}
	}
}

func madeUpFlow(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(2) == 0 {
		return []string{"[]", "{}", "[a, 1, yes]", `{a: 1, "b": 0o7, 'c': ~}`, "[a: 1]", "{a, b}", `{"a":1}`, "[\n          a,\n          b c\n        ]", "[1_0, 'x', \"y\"]", "!!set {a, b}", "{a: , b: 2}", "{a: {b: [c]}}", "[a b\n          c]"}[r.IntN(13)]
	}
	if r.IntN(2) == 0 {
		return "[" + madeUpFlow(r, depth-1) + ", " + madeUpFlow(r, depth-1) + "]"
	}
	return "{x: " + madeUpFlow(r, depth-1) + ", y: " + madeUpFlow(r, depth-1) + "}"
}
