package profile

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"dot-for-dbt/internal/testing/dbttest"
	"dot-for-dbt/internal/testing/yamltest"
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
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	out := dbttest.PythonReading(t, input, "-c", pythonCompare)
	var answers []pythonAnswer
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(cases) {
		t.Fatalf("reading what Python says about %d cases: %d answers, %v", len(cases), len(answers), err)
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
			before = yamltest.Damaged(r, before, 150) // the anchors and the path to the output stay
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
	return out.Isolated("abc1234", "", "")
}

// madeUpProfiles generates a profiles.yml. Its output dev has all kinds of values.
func madeUpProfiles(r *rand.Rand) string {
	var b strings.Builder
	b.WriteString(yamltest.Anchors + "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n")
	if r.IntN(3) == 0 {
		b.WriteString([]string{"      <<: *more\n", "      <<: [*more, *base]\n", "      <<: {z: 1, schema: main}\n"}[r.IntN(3)])
	} else {
		b.WriteString([]string{"      schema: main\n", "      schema: 'main'\n", "      \"schema\": |\n        main\n", "      schema: >-\n        main\n"}[r.IntN(4)])
	}
	for i := range 1 + r.IntN(4) {
		key := []string{"k%d", `"k%d"`, "'k %d'", "%d", "%d.5", "? k%d\n      ", "k %d "}[r.IntN(7)]
		fmt.Fprintf(&b, "      "+key+":", i)
		yamltest.Value(&b, r, "        ", 2)
	}
	return b.String()
}
