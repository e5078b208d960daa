package config_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/pyyaml"
	"dot-for-dbt/internal/testing/dbttest"
	"dot-for-dbt/internal/testing/yamltest"
)

// pythonVars reads environments files, each with the --vars that dot makes of its environment dev.
// It says where dbt would read other values from --vars than PyYAML reads from the file, or why
// PyYAML can't read the file. Names of variables are compared as text. --vars is "" if dot refuses
// the file.
const pythonVars = `
import json, sys, yaml
from dbt.clients.yaml_helper import load_yaml_text
def canon(v):
    if isinstance(v, dict):
        return ["dict"] + sorted(([canon(k), canon(x)] for k, x in v.items()), key=repr)
    if isinstance(v, (list, tuple)):
        return ["list"] + [canon(x) for x in v]
    if hasattr(v, "utcoffset") and v.utcoffset() is not None:
        return ["datetime", str(v)]  # of its time zone only the offset counts
    return [type(v).__name__, repr(v)]
def names(vars):
    return sorted(([str(k), canon(v)] for k, v in vars.items()), key=repr)
answers = []
for case in json.load(sys.stdin):
    try:
        file = names(yaml.load(case["File"], yaml.CSafeLoader)["environment"]["dev"].get("vars") or {})
    except Exception as e:
        answers.append({"File": str(e) or repr(e)})
        continue
    if not case["Wire"]:
        answers.append({})
        continue
    try:
        wire = names(load_yaml_text(case["Wire"]) or {})
    except Exception as e:
        answers.append({"Wire": str(e) or repr(e)})
        continue
    answers.append({"Differs": "" if file == wire else "%s\n%s" % (file, wire)})
json.dump(answers, sys.stdout)
`

// refusals are what dot refuses in its own files although PyYAML reads it.
var refusals = []string{
	"is given twice", "a key is expected here", "a key must be a single value", "this tag has no meaning", "PyYAML knows no such tag", // a person's mistakes
	"control character", "begins with ?", "an anchor's name may hold",
}

// TestVarsAreReadAsInPyYAML makes up environments files, and checks that dbt reads from --vars what
// PyYAML reads from the file. Every third file is damaged. It proves C.8.
func TestVarsAreReadAsInPyYAML(t *testing.T) {
	const tries = 6000
	type pythonCase struct{ File, Wire string }
	cases := make([]pythonCase, tries)
	refused := make([]error, tries)
	dir := t.TempDir()
	for seed := range cases {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		file := madeUpEnvironment(r)
		if seed%3 == 2 {
			file = yamltest.Damaged(r, file, strings.Index(file, "  dev:"))
		}
		cases[seed].File = file
		cases[seed].Wire, refused[seed] = wire(t, dir, file)
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	var answers []struct{ File, Wire, Differs string }
	if err := json.Unmarshal(dbttest.PythonReading(t, input, "-c", pythonVars), &answers); err != nil || len(answers) != tries {
		t.Fatalf("%d answers: %v", len(answers), err)
	}
	alike, unsound := 0, 0
	for seed, answer := range answers {
		c, err := cases[seed], refused[seed]
		switch {
		case answer.File != "":
			unsound++
			// An anchor may be given twice in dot's files. libyaml refuses that, YAML doesn't.
			if err == nil && seed%3 != 2 && !strings.Contains(answer.File, "duplicate anchor") {
				t.Errorf("PyYAML can't read what dot reads: %s\n%s", answer.File, c.File)
			}
		case err != nil:
			if seed%3 != 2 && !expected(err) {
				t.Errorf("PyYAML can read what was refused: %v\n%s", err, c.File)
			}
		case answer.Wire != "":
			t.Errorf("dbt can't read --vars: %s\n%s\nfrom\n%s", answer.Wire, c.Wire, c.File)
		case answer.Differs != "":
			t.Errorf("dbt reads other values:\n%s\n%s\nfrom\n%s", answer.Differs, c.Wire, c.File)
		default:
			alike++
		}
	}
	if alike < tries/3 {
		t.Errorf("only %d of %d files were read", alike, tries)
	}
	t.Logf("of %d: PyYAML reads %d, of which dot reads %d alike", tries, tries-unsound, alike)
}

func expected(err error) bool {
	for _, part := range refusals {
		if strings.Contains(err.Error(), part) {
			return true
		}
	}
	return false
}

// madeUpEnvironment generates an environments file. Its environment dev has all kinds of variables.
func madeUpEnvironment(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString("environment:\n  other:\n    vars:\n" + strings.ReplaceAll("\n"+strings.TrimSuffix(yamltest.Anchors, "\n"), "\n", "\n      ")[1:] + "\n  dev:\n    vars:\n")
	if r.IntN(3) == 0 {
		b.WriteString([]string{"      <<: *more\n", "      <<: [*more, *base]\n", "      <<: {z: 1, schema: main}\n"}[r.IntN(3)])
	}
	for i := range 1 + r.IntN(4) {
		key := []string{"k%d", `"k%d"`, "'k %d'", "%d", "? k%d\n      ", "k %d "}[r.IntN(6)]
		fmt.Fprintf(&b, "      "+key+":", i)
		if r.IntN(2) == 0 {
			b.WriteString(" " + yamltest.Number(r) + "\n")
			continue
		}
		yamltest.Value(&b, r, "        ", 2)
	}
	return b.String()
}

// wire returns the --vars of the environment dev.
func wire(t *testing.T, dir, file string) (string, error) {
	t.Helper()
	write(t, dir, "dot_environments.yml", file)
	cfg, err := config.Load(dir)
	if err != nil {
		return "", err
	}
	env, err := cfg.Resolve("dev", nil)
	if err != nil {
		return "", err
	}
	return pyyaml.Flow(env.Vars)
}

// pythonStrict says for pairs of values whether PyYAML reads equal ones: of one type, but for
// numbers.
const pythonStrict = `
import json, sys, yaml
def kind(v):
    return float if type(v) is int else type(v)
def equal(a, b):
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(any(same(k, j) and same(a[k], b[j]) for j in b) for k in a)
    return a == b
def same(a, b):
    return kind(a) is kind(b) and equal(a, b)
answers = []
for pair in json.load(sys.stdin):
    a, b = (yaml.load("x: " + text, yaml.CSafeLoader)["x"] for text in pair)
    answers.append(same(a, b))
json.dump(answers, sys.stdout)
`

// TestStrictComparesAsPyYAML proves C.7: a value is allowed if PyYAML reads it as one of values.
func TestStrictComparesAsPyYAML(t *testing.T) {
	texts := []string{
		"yes", "true", "on", `"yes"`, "no", "off", "1", "1.0", "0x1", "01", `"1"`, "1_0", "10", "0b1010", "1:30", "90", "90.0", "1e2", `"1e2"`, "100", "~", "null", `""`, `"~"`,
		"2024-01-01", `"2024-01-01"`, "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", "2024-01-01 01:00:00 +1", ".inf", "1.0e+999", "-.inf", "0", "-0.0", "0o10", "8", "010",
		"[1, yes]", "[1.0, true]", "[]", "{}", "{a: 1}", "{a: 1.0}", "{1: a}", "{1.0: a}", `{"1": a}`, "18446744073709551616", "1.8446744073709551616e+19",
	}
	var pairs [][2]string
	for _, a := range texts {
		for _, b := range texts {
			pairs = append(pairs, [2]string{a, b})
		}
	}
	input, err := json.Marshal(pairs)
	if err != nil {
		t.Fatal(err)
	}
	var answers []bool
	if err := json.Unmarshal(dbttest.PythonReading(t, input, "-c", pythonStrict), &answers); err != nil || len(answers) != len(pairs) {
		t.Fatalf("%d answers: %v", len(answers), err)
	}
	for i, pair := range pairs {
		cfg := mustLoad(t, files{
			vars: "vars: {x: {strict: true, values: [" + pair[0] + "]}}\n",
			base: "environment: {dev: {vars: {x: " + pair[1] + "}}}\n",
		})
		_, err := cfg.Resolve("dev", nil)
		if allowed := err == nil; allowed != answers[i] {
			t.Errorf("%s allowed by values: [%s]: %t, to PyYAML %t (%v)", pair[1], pair[0], allowed, answers[i], err)
		}
	}
}
