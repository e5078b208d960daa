package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"

	"dot-for-dbt/config"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/testing/schematest"
)

// files is a project's configuration; "" means that a file doesn't exist.
type files struct{ vars, base, user string }

func load(t *testing.T, f files) (*config.Config, error) {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "dot_vars.yml", f.vars)
	write(t, dir, "dot_environments.yml", f.base)
	write(t, dir, "dot_environments.user.yml", f.user)
	cfg, err := config.Load(dir)
	if problem := f.schemaProblem(); err == nil && problem != nil && !errors.Is(problem, schematest.ErrSyntax) {
		t.Errorf("dot reads it, but an editor with the schema doesn't: %v\n%+v", problem, f)
	}
	return cfg, err
}

// schemaProblem checks the files with their schemas.
func (f files) schemaProblem() error {
	return errors.Join(
		schematest.YAML("dot_vars", f.vars),
		schematest.YAML("dot_environments", f.base),
		schematest.YAML("dot_environments", f.user),
	)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if text == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// report returns an error as it is printed.
func report(err error) string {
	text := "error: " + err.Error() + "\n"
	for _, line := range hint.Of(err) {
		text += "  hint: " + line + "\n"
	}
	return text
}

type errorCase struct {
	name string
	files
	env  string         // the environment to resolve if the files load
	vars map[string]any // from the command line
}

// beyondSchemas has the cases, by file, that a schema can't tell from what dot reads.
var beyondSchemas = map[string][]string{
	"yaml": {
		"key that is missing",
		"unknown tag",
		"second document",
		"second document, the first empty",
		"control character C1",
		"number without digits",
		"date that isn't one",
		"time zone of more than a day",
		"equals sign",
		"key twice, as two spellings of a number",
		"key twice, as a number and true",
		"no key",
		"too large",
	},
	"environments": {
		"flag that is a mapping",
		"control character in a flag",
		"flag with dashes",
		"flag in both spellings",
		"name that is a device",
		"names that differ in case",
		"names that differ in case, in two files",
		"default that isn't defined",
		"default without environments",
		"default that is all",
		"default that is nothing",
		"default of the user that isn't defined",
	},
	"settings": {
		"twice",
		"age too long",
		"target name with an escape",
		"toolchain that is absolute",
		"toolchain outside",
		"toolchain that is a directory",
		"toolchain with backslashes",
		"dbt and toolchain",
		"dbt and toolchain of different layers",
		"dbt-host in words",
		"sparse in words",
		"pool without a size",
		"keep without a rule",
	},
	"vars": {
		"strict, and dbt reads true",
		"strict that is text",
		"strict without values",
		"not allowed",
		"not allowed, text for a number",
		"not allowed, in the user's file",
		"not allowed, on the command line",
		"not allowed, a list",
		"not allowed, near one that is",
		"not allowed, many are",
		"not allowed, long",
		"not allowed, an escape",
		"required",
		"required, a name to quote",
		"two at once",
	},
	"resolve": {
		"unknown",
		"unknown, near a known one",
		"unknown, other case",
		"unknown, nothing is defined",
		"no default",
		"no default, nothing is defined",
		"all",
	},
}

// golden fails unless each case fails, and all errors together are as in the golden file.
func golden(t *testing.T, file string, cases []errorCase) {
	t.Helper()
	var out strings.Builder
	for _, c := range cases {
		cfg, err := load(t, c.files)
		if err == nil {
			var env config.Environment
			if env, err = cfg.Resolve(c.env, c.vars); err == nil {
				t.Errorf("%s: no error, but %+v", c.name, env)
				continue
			}
		}
		fmt.Fprintf(&out, "# %s\n%s\n", c.name, report(err))
		if c.schemaProblem() == nil && !slices.Contains(beyondSchemas[file], c.name) {
			t.Errorf("%s: an editor with the schema takes it", c.name)
		}
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, file, []byte(out.String()))
}

func base(name, text string) errorCase { return errorCase{name: name, files: files{base: text}} }

// TestYAMLErrors proves C.10.
func TestYAMLErrors(t *testing.T) {
	bomb := "x0: &x0 [lol, lol, lol, lol, lol, lol, lol, lol]\n"
	for i := 1; i < 8; i++ {
		bomb += fmt.Sprintf("x%d: &x%d [%s*x%d]\n", i, i, strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 7), i-1)
	}
	golden(t, "yaml", []errorCase{
		base("flow mapping not closed", "environment:\n  dev: {threads: 4\n"),
		base("list not closed", "environment:\n  dev:\n    select: [a, b\n"),
		base("quote not closed", "environment:\n  dev:\n    target: \"dev\n"),
		base("tab as indentation", "environment:\n\tdev:\n"),
		base("two colons", "environment: dev: {}\n"),
		base("reserved character", "environment:\n  dev:\n    target: @dev\n"),
		base("key twice", "environment:\n  dev:\n    threads: 1\n    target: a\n    threads: 2\n"),
		base("environment twice", "environment:\n  dev: {}\n  prod: {}\n  dev: {}\n"),
		base("key twice, once in quotes", "environment:\n  dev: {vars: {2024: a, \"2024\": b}}\n"),
		base("key that is a list", "environment:\n  dev:\n    ? [a]\n    : b\n"),
		base("key that is missing", "environment:\n  dev:\n    : b\n"),
		base("unknown anchor", "environment:\n  dev: *base\n"),
		base("anchor that holds itself", "environment:\n  dev: &dev\n    vars: *dev\n"),
		base("merge of a scalar", "environment:\n  dev:\n    <<: 5\n"),
		base("unknown tag", "environment:\n  dev:\n    threads: !!int \"4\"\n"),
		base("second document", "environment:\n  dev: {}\n---\nenvironment:\n  prod: {}\n"),
		base("second document, the first empty", "---\n# none\n---\nenvironment:\n  prod: {}\n"),
		base("not UTF-8", "environment:\n  dev:\n    target: d\xe9v\n"),
		base("UTF-16", "\xff\xfee\x00n\x00v\x00"),
		base("control character", "environment:\n  dev:\n    target: \x1b[31mdev\n"),
		base("control character C1", "# \u009b31m\n"),
		base("number without digits", "environment:\n  dev:\n    vars: {mask: 0x_}\n"),
		base("date that isn't one", "environment:\n  dev:\n    vars: {day: 2024-02-30}\n"),
		base("time zone of more than a day", "environment:\n  dev:\n    vars: {at: 2024-02-28 12:00:00 +24:00}\n"),
		base("equals sign", "environment:\n  dev:\n    vars: {sign: =}\n"),
		base("key twice, as two spellings of a number", "environment:\n  dev: {vars: {2024: a, 0x7E8: b}}\n"),
		base("key twice, as a number and true", "environment:\n  dev: {vars: {x: {1: a, yes: b}}}\n"),
		base("no key", "environment:\n  dev: {vars: {x: {~: b}}}\n"),
		base("alias bomb", bomb),
		base("bomb of one long text", "x: &x "+strings.Repeat("y", 1000)+"\nz: ["+strings.Repeat("*x, ", 2000)+"]\n"),
		base("deep brackets", "environment: "+strings.Repeat("[", 3000)),
		base("deep list", strings.Repeat("- ", 3000)+"x\n"),
		base("too large", "# "+strings.Repeat("x", 128<<10)+"\n"),
		base("CRLF and BOM", "\ufeffenvironment:\r\n  dev:\r\n    threads: {a: 1}\r\n"),
		base("tab before the place", "environment:\n  dev: {\tvars:\t5}\n"),
		base("letters of two bytes before the place", "environment:\n  dev: {target: \"größe\", vars: 5}\n"),
		base("long line", "environment: {dev: {target: "+strings.Repeat("x", 90)+", vars: 5, other: "+strings.Repeat("y", 90)+"}}\n"),
	})
}

// TestEnvironmentErrors proves C.2, C.5, C.6.
func TestEnvironmentErrors(t *testing.T) {
	golden(t, "environments", []errorCase{
		base("a list at the root", "- dev\n"),
		base("a word at the root", "dev\n"),
		base("vars at the root", "vars:\n  rate: 5\nenvironment:\n  dev: {}\n"),
		base("unknown key at the root", "environments:\n  dev: {}\n"),
		base("environment at the root", "dev:\n  threads: 4\n"),
		base("environments as a list", "environment:\n  - dev\n"),
		base("environment that is a word", "environment:\n  dev: prod\n"),
		base("all that is a list", "environment:\n  all: [threads]\n"),
		base("vars that are a list", "environment:\n  dev:\n    vars: [a, b]\n"),
		base("vars that are text", "environment:\n  dev:\n    vars: '{a: 1}'\n"),
		base("flag that is a mapping", "environment:\n  dev:\n    config: {rate: 5}\n"),
		base("list in a list", "environment:\n  dev:\n    select: [a, [b]]\n"),
		base("null in a list", "environment:\n  dev:\n    select:\n      - a\n      -\n"),
		base("control character in a flag", "environment:\n  dev:\n    target: \"a\\e[31m\"\n"),
		base("flag with dashes", "environment:\n  dev:\n    --full-refresh: true\n"),
		base("flag in both spellings", "environment:\n  dev:\n    full-refresh: true\n    full_refresh: false\n"),
		base("name that is a path", "environment:\n  ../dev: {}\n"),
		base("name with two dots", "environment:\n  a..b: {}\n"),
		base("name that is a device", "environment:\n  aux: {}\n"),
		base("names that differ in case", "environment:\n  Dev: {}\n  dev: {}\n"),
		{name: "names that differ in case, in two files", files: files{base: "environment:\n  dev: {}\n", user: "environment:\n  DEV: {}\n"}},
		base("default that isn't defined", "environment:\n  default: prd\n  prod: {}\n"),
		base("default without environments", "environment:\n  default: dev\n"),
		base("default that is all", "environment:\n  default: all\n  all: {}\n  dev: {}\n"),
		base("default that is a number", "environment:\n  default: 2024\n  2024: {}\n"),
		base("default that is nothing", "environment:\n  default:\n  dev: {}\n"),
		{name: "default of the user that isn't defined", files: files{base: "environment:\n  default: prod\n  prod: {}\n", user: "environment:\n  default: mine\n"}},
		{name: "error in the user's file", files: files{user: "environment:\n  dev: 5\n"}},
	})
}

// TestSettingErrors proves C.9.
func TestSettingErrors(t *testing.T) {
	setting := func(name, text string) errorCase {
		return base(name, "environment:\n  dev:\n    dot:\n      "+text+"\n")
	}
	golden(t, "settings", []errorCase{
		base("not a mapping", "environment:\n  dev:\n    dot: fast\n"),
		setting("unknown", "max-agee: 12h"),
		setting("unknown, nothing near", "colour: red"),
		setting("twice", "max-age: 1h\n      max_age: 2h"),
		setting("age without a unit", "max-age: 12"),
		setting("age in words", "max-age: a day"),
		setting("age below zero", "max-age: -1h"),
		setting("age that is a list", "max-age: [1h]"),
		setting("age too long", "max-age: 99999999d"),
		setting("short too short", "short: 3"),
		setting("short too long", "short: 41"),
		setting("short that is text", "short: \"7\""),
		setting("suffix with an unknown placeholder", "schema-suffix: \"{commit}\""),
		setting("suffix with a bracket open", "schema-suffix: \"{short}_{env\""),
		setting("suffix without the commit", "schema-suffix: \"{env}\""),
		setting("suffix with a dash", "schema-suffix: \"{env}-{short}\""),
		setting("suffix that is a mapping", "schema-suffix: {short}"),
		setting("target name that is a number", "target-name: 2024"),
		setting("schema that is empty", "shared-schemas: [raw, \"\"]"),
		setting("target name with an escape", "target-name: \"a\\eb\""),
		setting("schemas that are a mapping", "shared-schemas: {raw: true}"),
		setting("dbt with spaces", "dbt: uv run dbt"),
		setting("dbt that is empty", "dbt: []"),
		setting("dbt with a number in it", "dbt: [python, 3]"),
		setting("toolchain that is absolute", "toolchain: /srv/requirements.txt"),
		setting("toolchain outside", "toolchain: ../requirements.txt"),
		setting("toolchain that is a directory", "toolchain: ./"),
		setting("toolchain with backslashes", `toolchain: pins\requirements.txt`),
		setting("toolchain that is a list", "toolchain: [a.txt, b.txt]"),
		{name: "dbt and toolchain", files: files{base: "environment:\n  dev:\n    dot:\n      dbt: dbt-1.9\n      toolchain: requirements.txt\n"}, env: "dev"},
		{name: "dbt and toolchain of different layers", files: files{
			base: "environment:\n  all:\n    dot: {toolchain: requirements.txt}\n  dev: {}\n",
			user: "environment:\n  dev:\n    dot: {dbt: dbt-1.9}\n",
		}, env: "dev"},
		setting("dbt-host in words", "dbt-host: \"on\""),
		setting("env with values", "env: [\"TZ=UTC\"]"),
		setting("sparse in words", "sparse: \"off\""),
		setting("ignore-env that is a number", "ignore-env: 5"),
		{name: "pool without a size", files: files{base: "environment:\n  dev:\n    dot: {pool: warehouse}\n"}, env: "dev"},
		setting("pool of no size", "pools: {warehouse: 0}"),
		setting("size in words", "pools: {warehouse: two}"),
		setting("pools that are a number", "pools: 2"),
		setting("keep that is a number", "keep: 5"),
		setting("keep without a rule", "keep: {last: }"),
		setting("keep by an unknown rule", "keep: {lasts: 5}"),
		setting("keep an age", "keep: {last: 5, days: 30d}"),
		setting("keep fewer than none", "keep: {last: -1}"),
		setting("compare with something else", "compare: {keys: {orders: order_id}}"),
		setting("compare in a word", "compare: always"),
		setting("keys of no model", "compare: {key: order_id}"),
		setting("a key that is a number", "compare: {key: {orders: 1}}"),
		setting("a tolerance in words", "compare: {tolerance: small}"),
		setting("a negative tolerance", "compare: {tolerance: {amount: -1}}"),
		setting("an endless tolerance", "compare: {tolerance: .inf}"),
	})
}

// TestVariableErrors proves C.1, C.6.
func TestVariableErrors(t *testing.T) {
	spec := func(name, text string) errorCase { return errorCase{name: name, files: files{vars: text}} }
	const rate = "vars:\n  rate:\n    values: [1, 2]\n    strict: true\n    required: true\n"
	const region = "vars:\n  region: {values: [eu, us], strict: true}\n  zone: {required: true}\n"
	many := "vars:\n  day:\n    strict: true\n    values:\n"
	for i := range 31 {
		many += fmt.Sprintf("      - day %d\n", i)
	}
	dev := func(vars string) string {
		return "environment:\n  default: dev\n  dev:\n    vars:\n      " + vars + "\n"
	}
	golden(t, "vars", []errorCase{
		spec("unknown key at the root", "var:\n  rate: {}\n"),
		spec("environments in the wrong file", "environment:\n  dev: {}\n"),
		spec("a list at the root", "- rate\n"),
		spec("vars that are a list", "vars: [rate]\n"),
		spec("a value instead of a mapping", "vars:\n  rate: 5\n"),
		spec("unknown key", "vars:\n  rate:\n    value: [1, 2]\n"),
		spec("unknown key, nothing near", "vars:\n  rate:\n    default: 1\n"),
		{name: "strict, and dbt reads true", files: files{vars: "vars: {a: {values: [\"yes\", \"no\"], strict: true}}\n", base: "environment:\n  dev: {vars: {a: yes}}\n"}, env: "dev"},
		spec("strict that is text", "vars:\n  rate: {values: [1], strict: \"yes\"}\n"),
		spec("strict without values", "vars:\n  rate:\n    strict: true\n"),
		spec("values that are no list", "vars:\n  rate:\n    values: 1\n"),
		spec("description that is a list", "vars:\n  rate: {description: [a]}\n"),
		{name: "not allowed", files: files{vars: rate, base: dev("rate: 3")}},
		{name: "not allowed, text for a number", files: files{vars: rate, base: dev("rate: \"1\"")}},
		{name: "not allowed, in the user's file", files: files{vars: rate, base: dev("rate: 1"), user: "environment:\n  all: {vars: {rate: true}}\n"}},
		{name: "not allowed, on the command line", files: files{vars: rate, base: dev("rate: 1")}, vars: map[string]any{"rate": uint64(7)}},
		{name: "not allowed, a list", files: files{vars: rate, base: dev("rate: [1, {a: null}]")}},
		{name: "not allowed, near one that is", files: files{vars: region, base: dev("{region: ue, zone: 1}")}},
		{name: "not allowed, many are", files: files{vars: many, base: dev("day: z")}},
		{name: "not allowed, long", files: files{vars: rate, base: dev("rate: " + strings.Repeat("long ", 30))}},
		{name: "not allowed, an escape", files: files{vars: rate, base: dev(`rate: "\e[31m"`)}},
		{name: "required", files: files{vars: rate, base: dev("other: 1")}},
		{name: "required, a name to quote", files: files{vars: "vars:\n  my var: {required: true}\n", base: dev("other: 1")}},
		{name: "two at once", files: files{vars: region, base: dev("region: asia")}},
	})
}

// TestResolveErrors proves C.5, C.7.
func TestResolveErrors(t *testing.T) {
	two := files{base: "environment:\n  prod: {}\n", user: "environment:\n  dev: {}\n"}
	golden(t, "resolve", []errorCase{
		{name: "unknown", files: two, env: "staging"},
		{name: "unknown, near a known one", files: two, env: "prd"},
		{name: "unknown, other case", files: two, env: "DEV"},
		{name: "unknown, nothing is defined", env: "dev"},
		{name: "no default", files: two},
		{name: "no default, nothing is defined"},
		{name: "all", files: files{base: "environment:\n  all: {}\n  dev: {}\n"}, env: "all"},
	})
}

// TestImplicitErrors proves C.3.
func TestImplicitErrors(t *testing.T) {
	cfg, err := load(t, files{vars: "vars: {rate: {required: true}}\n"})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, name := range []string{"my output", "../x", "con", "dev"} {
		env, err := cfg.Implicit(name, nil)
		if err == nil {
			t.Errorf("%s: no error, but %+v", name, env)
			continue
		}
		out.WriteString(report(err))
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, "implicit", []byte(out.String()))
}

// TestFileErrors covers missing, unreadable and misnamed files.
func TestFileErrors(t *testing.T) {
	var out strings.Builder
	for _, test := range []struct {
		name    string
		prepare func(dir string) error
	}{
		{"the other ending", func(dir string) error { return os.WriteFile(filepath.Join(dir, "dot_vars.yaml"), nil, 0o600) }},
		{"both endings", func(dir string) error {
			return errors.Join(os.WriteFile(filepath.Join(dir, "dot_environments.user.yaml"), nil, 0o600), os.WriteFile(filepath.Join(dir, "dot_environments.user.yml"), nil, 0o600))
		}},
		{"a directory", func(dir string) error { return os.Mkdir(filepath.Join(dir, "dot_environments.yml"), 0o700) }},
	} {
		dir := t.TempDir()
		if err := test.prepare(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := config.Load(dir); err == nil {
			t.Errorf("%s: no error", test.name)
		} else {
			fmt.Fprintf(&out, "# %s\n%s\n", test.name, strings.ReplaceAll(report(err), dir, "DIR"))
		}
	}
	goldie.New(t, goldie.WithFixtureDir("testdata/golden")).Assert(t, "files", []byte(strings.ReplaceAll(out.String(), `\`, "/")))
}

// TestDanglingLink proves C.2: a link to a missing file is no missing file.
func TestDanglingLink(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("gone.yml", filepath.Join(dir, "dot_environments.yml")); err != nil {
		t.Skip(err)
	}
	_, err := config.Load(dir)
	if err == nil || !strings.Contains(report(err), "dot_environments.yml is a symbolic link to a file that does not exist") {
		t.Errorf("got %v", err)
	}
}
