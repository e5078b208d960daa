package profile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
)

// pythonRender renders texts with Jinja itself, in strict mode as in dbt.
const pythonRender = `
import json, sys
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
env = SandboxedEnvironment(undefined=StrictUndefined)
for name in ("as_text", "as_native", "as_bool", "as_number"):
    env.filters[name] = lambda x: x
variables = {"NAME": "Prod", "EMPTY": "", "N": "5", "DBT_ENV_SECRET_PW": "hunter2"}
vars = {"env": "dev", "n": 5, "yes": True, "none": None, "f": 1.5}
def env_var(name, default=None):
    if name in variables: return variables[name]
    if default is None: raise KeyError(name)
    return default
def var(name, *default):
    if name in vars: return vars[name]
    if not default: raise KeyError(name)
    return default[0]
answers = []
for text in json.load(sys.stdin):
    try:
        answers.append({"Text": env.from_string(text).render(env_var=env_var, var=var)})
    except Exception as e:
        answers.append({"Error": repr(e)})
json.dump(answers, sys.stdout)
`

// TestRenderAgreesWithJinja: whatever Render evaluates, Jinja evaluates to the same result.
func TestRenderAgreesWithJinja(t *testing.T) {
	python := os.Getenv("DOT_TEST_PYTHON")
	if python == "" {
		t.Skip("DOT_TEST_PYTHON names no interpreter with Jinja")
	}
	var texts []string
	for _, c := range rendered {
		texts = append(texts, c.text)
	}
	for seed := range uint64(2000) {
		texts = append(texts, madeUpJinja(rand.New(rand.NewPCG(seed, 1))))
	}
	input, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-c", pythonRender)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running %s: %v", python, err)
	}
	var answers []struct{ Text, Error string }
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(texts) {
		t.Fatalf("reading what %s says: %d answers, %v", python, len(answers), err)
	}
	compared := 0
	for i, text := range texts {
		got, err := testScope.Render(text)
		if err != nil || answers[i].Error != "" {
			continue // refusing is allowed, and what Jinja refuses, dbt refuses, too
		}
		compared++
		if HasJinja(text) && got != answers[i].Text {
			t.Errorf("Render(%q) = %q, Jinja gives %q", text, got, answers[i].Text)
		}
	}
	if compared < len(texts)/2 {
		t.Errorf("only %d of %d texts could be compared", compared, len(texts))
	}
}

// madeUpJinja generates a text with Jinja expressions, as in names and paths.
func madeUpJinja(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("a_{{ %s }}_b", madeUpText(r, 3))
	case 1:
		return fmt.Sprintf("{%% if %s %%}x{%% elif %s -%%} y{%% else %%}z{%% endif %%}", madeUpTest(r, 2), madeUpTest(r, 2))
	case 2:
		return fmt.Sprintf("{{- %s -}} {# c #}\n{{ %s }}\n", madeUpText(r, 2), madeUpText(r, 1))
	default:
		return fmt.Sprintf("{{ %s if %s else %s }}", madeUpText(r, 2), madeUpTest(r, 2), madeUpText(r, 2))
	}
}

func madeUpText(r *rand.Rand, depth int) string {
	atoms := []string{
		"env_var('NAME')", "env_var('EMPTY')", "env_var('NO', 'x')", `env_var("N")`, "var('env')", "var('no', 'y')", "'a'", `"B c"`, "''", "' Prod '", "('t')",
	}
	if depth == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	sub := func() string { return madeUpText(r, depth-1) }
	switch r.IntN(8) {
	case 0:
		return "(" + sub() + ")"
	case 1, 2:
		return sub() + []string{" ~ ", " + ", "~"}[r.IntN(3)] + sub()
	case 3, 4:
		return sub() + []string{"|", " | "}[r.IntN(2)] + []string{"lower", "upper", "trim", "title", "capitalize", "string", "default('d')", "d('d', true)", "replace('a', 'b')", "as_text", "as_native"}[r.IntN(11)]
	case 5:
		return "(" + sub() + " if " + madeUpTest(r, depth-1) + " else " + sub() + ")"
	case 6:
		return sub() + []string{" or ", " and "}[r.IntN(2)] + sub()
	default:
		return sub() + []string{".lower()", ".upper()", ".strip()", ".replace('P', 'q')", "[:2]", "[1:]", "[-2:]"}[r.IntN(7)]
	}
}

func madeUpTest(r *rand.Rand, depth int) string {
	if depth == 0 {
		return []string{"true", "false", "var('yes')", "var('env')", "env_var('EMPTY')", "var('n')"}[r.IntN(6)]
	}
	switch r.IntN(7) {
	case 0:
		return "not " + madeUpTest(r, depth-1)
	case 1:
		return madeUpTest(r, depth-1) + []string{" and ", " or "}[r.IntN(2)] + madeUpTest(r, depth-1)
	case 2:
		return "(" + madeUpTest(r, depth-1) + ")"
	case 3:
		return madeUpText(r, depth-1) + " in ['Prod', 'a', '']"
	case 4:
		return madeUpText(r, 0) + []string{".startswith('P')", ".endswith('d')"}[r.IntN(2)]
	case 5:
		return []string{"var('n')", "env_var('N') | int", "5", "1"}[r.IntN(4)] + []string{" == ", " != ", " < ", " >= "}[r.IntN(4)] + []string{"5", "4", "var('n')"}[r.IntN(3)]
	default:
		return madeUpText(r, depth-1) + []string{" == ", " != ", " not in ", " in ", " < "}[r.IntN(5)] + madeUpText(r, depth-1)
	}
}
