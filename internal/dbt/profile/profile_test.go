package profile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
	"dot-for-dbt/internal/testing/dbttest"
)

// chosen parses a profiles.yml and chooses an output.
func chosen(t *testing.T, profiles string, c Choice) *Output {
	t.Helper()
	p, err := parse("profiles.yml", []byte(profiles))
	if err != nil {
		t.Fatal(err)
	}
	if c.Profile == "" && c.ProjectProfile == "" {
		c.Profile = "shop"
	}
	out, err := p.Choose(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// shopOutput returns a profiles.yml with one output of the given lines.
func shopOutput(lines ...string) string {
	return "shop:\n  outputs:\n    dev:\n      " + strings.Join(lines, "\n      ") + "\n"
}

// TestChoose proves D.4.
func TestChoose(t *testing.T) {
	const profiles = `
config: {send_anonymous_usage_stats: false}
shop:
  target: "{{ env_var('TARGET', 'dev') }}"
  outputs:
    dev: {type: duckdb}
    prod: {type: postgres}
    ci: {type: "{{ env_var('CI_TYPE') }}"}
    broken: "not a mapping {{ nothing"
    unset: {type: "{{ env_var('MISSING') }}"}
2024:
  outputs:
    default: {type: duckdb}
bad: [1, 2]
`
	ci := Scope{Env: testEnv("TARGET", "ci", "CI_TYPE", "snowflake", "PROFILE", "2024")}
	for _, c := range []struct {
		name   string
		choice Choice
		want   string
	}{
		{"default target", Choice{Profile: "shop"}, "shop dev duckdb"},
		{"default target from a variable", Choice{Profile: "shop", Scope: ci}, "shop ci snowflake"},
		{"target given", Choice{Profile: "shop", Target: "prod", Environment: "dev"}, "shop prod postgres"},
		{"named like the environment", Choice{Profile: "shop", Environment: "prod"}, "shop prod postgres"},
		{"no output of the environment's name", Choice{Profile: "shop", Environment: "x"}, "shop dev duckdb"},
		{"the project's profile", Choice{ProjectProfile: "shop"}, "shop dev duckdb"},
		{"the project's profile from a variable", Choice{ProjectProfile: "{{ env_var('PROFILE') }}", Scope: ci}, "2024 default duckdb"},
		{"profile given", Choice{Profile: "shop", ProjectProfile: "{{ nothing }}"}, "shop dev duckdb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := chosen(t, profiles, c.choice)
			if got := out.Profile + " " + out.Name + " " + out.Adapter; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestOutputs(t *testing.T) {
	p, err := parse("profiles.yml", []byte("base: &b {target: prod, outputs: {dev: {}}}\nshop:\n  <<: *b\n  outputs: {prod: {}, dev: x}\nboth: {<<: [*b, {target: x, outputs: {y: {}}}]}\nlist: &l [*b]\naliased: {<<: *l}\nlone: {outputs: {only: 1}}\nconfig: {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"base", "shop", "both", "list", "aliased", "lone"}, p.Names()); diff != "" {
		t.Error(diff)
	}
	for profile, want := range map[string][]string{"shop": {"prod", "prod", "dev"}, "lone": {"default", "only"}, "base": {"prod", "dev"}, "both": {"prod", "dev"}, "aliased": {"prod", "dev"}} {
		names, target, err := p.Outputs(profile)
		if diff := cmp.Diff(want, append([]string{target}, names...)); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", profile, err, diff)
		}
	}
}

// TestProfileErrors has every message about a profiles.yml that a user can see, including those for
// the rewritten file. It proves D.4, D.5.
func TestProfileErrors(t *testing.T) {
	type errorCase struct {
		name, profiles string
		choice         Choice
		suffix         string
	}
	shop := func(name string, lines ...string) errorCase {
		return errorCase{name: name, profiles: shopOutput(lines...)}
	}
	cases := []errorCase{
		{name: "empty file", profiles: ""},
		{name: "only a comment", profiles: "# nothing yet\n"},
		{name: "a list", profiles: "- shop\n"},
		{name: "a text", profiles: "shop\n"},
		{name: "not UTF-8", profiles: "shop: \xff\n"},
		{name: "two documents", profiles: "shop: {}\n---\nshop: {}\n"},
		{name: "a directive", profiles: "%TAG !x! tag:x,2000:\n---\nshop: {}\n"},
		{name: "broken YAML beside a password", profiles: "shop:\n  password: hunter2\n  outputs: [\n"},
		{name: "Jinja without quotes", profiles: shopOutput("type: duckdb", "schema: {{ env_var('X') }}")},
		{name: "no such profile", profiles: "a: {}\nb: {}\nconfig: {}\n"},
		{name: "no profile named", profiles: shopOutput("type: duckdb"), choice: Choice{Profile: "-"}},
		{name: "profile from a variable that is not set", profiles: shopOutput("type: duckdb"), choice: Choice{ProjectProfile: "{{ env_var('MISSING') }}"}},
		{name: "profile from a secret", profiles: shopOutput("type: duckdb"), choice: Choice{ProjectProfile: "{{ env_var('DBT_ENV_SECRET_PW') }}"}},
		{name: "profile is a text", profiles: "shop: x\n"},
		{name: "profile is nothing", profiles: "shop:\n"},
		{name: "no outputs", profiles: "shop: {target: dev}\n"},
		{name: "outputs are a list", profiles: "shop:\n  outputs: [dev]\n"},
		{name: "target is a mapping", profiles: "shop:\n  target: {a: 1}\n  outputs: {dev: {type: duckdb}}\n"},
		{name: "target from a variable that is not set", profiles: "shop:\n  target: \"{{ env_var('MISSING') }}\"\n  outputs: {dev: {type: duckdb}}\n"},
		{name: "no such output", profiles: "shop:\n  outputs: {dev: {}, prod: {}}\n", choice: Choice{Target: "staging"}},
		{name: "no default output", profiles: "shop:\n  outputs: {dev: {}, prod: {}}\n", choice: Choice{Target: "-"}},
		{name: "output is a text", profiles: "shop:\n  outputs: {dev: x}\n"},
		shop("no type", "schema: main"),
		shop("type that can't be told", "type: \"{{ env_var('MISSING') }}\""),
		shop("alias without an anchor", "type: duckdb", "schema: *nowhere"),
		shop("alias to itself", "type: duckdb", "extra: &a [*a]"),
		shop("alias with a colon in its name", "type: duckdb", "a: &a x", "extra: [*a:b]"),
		shop("anchor with a colon in its name", "type: duckdb", "extra: &a:b x"),
		shop("question mark in brackets", "type: duckdb", "extra: [?x]"),
		shop("control character", "type: duckdb", "extra: \x01"),
		shop("tag of no reader", "type: duckdb", "extra: !<a,b> x"),
		shop("tag without a key", "type: duckdb", "extra: {!!str : x}"),
		shop("unfinished quotes", "type: duckdb", "extra: \"x", "schema: main"),
		shop("unfinished Jinja without quotes", "type: duckdb", "extra: {{ env_var('X') }", "schema: main"),
		shop("merging a text", "type: duckdb", "<<: x"),
		shop("schema and dataset", "type: bigquery", "schema: a", "dataset: b"),
		shop("no schema", "type: postgres"),
		shop("empty schema", "type: postgres", "schema:"),
		shop("blank schema", "type: postgres", "schema: '  '"),
		shop("schema is a mapping", "type: postgres", "schema: {a: 1}"),
		shop("schema too long", "type: postgres", "schema: "+strings.Repeat("s", 60)),
		shop("schema too long, in bytes", "type: postgres", "schema: "+strings.Repeat("é", 30)),
		shop("schema too long, from a secret", "type: postgres", "schema: \""+strings.Repeat("s", 50)+"{{ env_var('DBT_ENV_SECRET_PW') }}\""),
		{name: "suffix with Jinja", profiles: shopOutput("type: duckdb"), suffix: "{{ x }}"},
		{name: "suffix with a quote", profiles: shopOutput("type: duckdb"), suffix: `a"b`},
		{name: "empty suffix", profiles: shopOutput("type: duckdb"), suffix: "-"},
		{name: "a bomb of merged aliases", profiles: "a: &a {k: 1}\nb: &b {<<: [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]}\nc: &c {<<: [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]}\nd: &d {<<: [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]}\ne: &e {<<: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]}\nshop: {<<: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]}\n"},
		{name: "a bomb of aliases", profiles: "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n" + shopOutput("type: duckdb", "extra: [*d, *d, *d]")},
	}
	var report dbttest.Errors
	for _, c := range cases {
		err := isolationError(c.profiles, c.choice, c.suffix)
		report.Add(t, c.name, err)
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error shows a password: %v", c.name, err)
		}
	}
	report.Compare(t, "profile-errors")
}

// TestErrorsHideWhatIsWritten: a password without quotes that looks like YAML syntax doesn't appear
// in errors. It proves F.2.
func TestErrorsHideWhatIsWritten(t *testing.T) {
	spellings := []string{
		"*CANARY", "*CANARY x", "*CANARY: x", "[*CANARY]", "{CANARY: *CANARY}", "&CANARY", "&CANARY.☃ x", "&CANARY &CANARY x", "&CANARY *CANARY", "&CANARY [*CANARY]",
		"%CANARY", "@CANARY", "`CANARY", "|CANARY", ">CANARY", "|9CANARY", "?CANARY", "[?CANARY]", "{?CANARY: x}", "? CANARY", "- CANARY", ": CANARY", "CANARY: x", "CANARY:\n  x",
		"!CANARY", "!CANARY☃ x", "!☃", "!CANARY!☃ x", "!!CANARY☃", "!<CANARY", "!<CANARY☃> x", "!<CANARY,> x", "!CANARY!x y", "!%CANARY", "!!int CANARY", "!!CANARY !!CANARY x",
		`"CANARY`, "'CANARY", `"CANARY\☃"`, `"\xCANARY"`, `"\UCANARY"`, `"CANARY" x`, "'CANARY'x", "[CANARY", "{CANARY", "[CANARY}", "CANARY]: x", "[CANARY]]", "{CANARY: {", "{{ CANARY }}", "{{ CANARY", "{[CANARY]: x}",
		"CANARY\x01☃", "CANARY\x00", "CANARY\u0085☃", "CANARY\n☃", "\tCANARY: x", "\n  \tCANARY", "\n  CANARY\n ☃", "\n  CANARY: x\n☃: x\n", "<<: CANARY", "{<<: CANARY}", "{<<: [CANARY, *CANARY]}", "{!!str : CANARY}",
		"CANARY\n---\n☃", "CANARY\n...\n☃", "CANARY\n%CANARY", "CANARY\n--- ☃", "CANARY #☃", "[CANARY#☃]", "CANARY\n\ufeff☃", strings.Repeat("[CANARY,", 11000), strings.Repeat("CANARY", pyyaml.MaxBytes/6+1),
	}
	for _, file := range []string{"shop:\n  outputs:\n    dev:\n      type: duckdb\n      password: %s\n", "shop:\n  password: %s\n", "shop: {}\npassword: %s\n", "shop: {password: %s}\n"} {
		for _, spelling := range spellings {
			profiles := fmt.Sprintf(file, spelling)
			_, projectErr := ParseProject("dbt_project.yml", []byte(profiles))
			_, packagesErr := ParsePackages("packages.yml", []byte("packages:\n  - git: "+spelling+"\n"))
			for _, err := range []error{isolationError(profiles, Choice{}, ""), projectErr, packagesErr} {
				if err != nil && strings.ContainsAny(fmt.Sprint(err, hint.Of(err)), "C☃") {
					t.Errorf("%.100q: the error quotes it: %.300v", profiles, err)
				}
			}
		}
	}
}

// isolationError returns the error of the whole way from a file to its rewritten form.
func isolationError(profiles string, c Choice, suffix string) error {
	p, err := parse("profiles.yml", []byte(profiles))
	if err != nil {
		return err
	}
	c.Scope = testScope
	if c.Profile == "-" {
		c.Profile = ""
	} else if c.ProjectProfile == "" {
		c.Profile = "shop"
	}
	switch {
	case c.Target == "-":
		c.Target = ""
	case c.Target == "" && !strings.Contains(profiles, "target:"):
		c.Target = "dev"
	}
	out, err := p.Choose(c)
	if err != nil {
		return err
	}
	switch suffix {
	case "":
		suffix = "abc1234"
	case "-":
		suffix = ""
	}
	_, err = out.Isolated(suffix, "", "")
	return err
}

func TestReadErrors(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "dir"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "large"), make([]byte, pyyaml.MaxBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"none": "does not exist", "dir": "is a directory", "large": "too large"} {
		if _, err := Read(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// TestFind proves D.4.
func TestFind(t *testing.T) {
	root := t.TempDir()
	dir := func(name string, files ...string) string {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(path, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	with, other, empty := dir("with", "profiles.yml"), dir("other", "profiles.yml"), dir("empty")
	home, work := dir("home"), dir("work")
	dir("home/.dbt", "profiles.yml")
	dir("work/sub", "profiles.yml")
	for _, c := range []struct {
		name   string
		search Search
		want   string // relative to root; "error: …" for a part of an error
	}{
		{"named", Search{Dir: with, WorkDir: other, Home: home}, "with"},
		{"named, relative", Search{Dir: "sub", WorkDir: work}, "work/sub"},
		{"named beats the variables", Search{Dir: with, Env: testEnv("DBT_PROFILES_DIR", other)}, "with"},
		{"the newer variable", Search{Env: testEnv("DBT_PROFILES_DIR", other, "DBT_ENGINE_PROFILES_DIR", with)}, "with"},
		{"the variable beats the working directory", Search{Env: testEnv("DBT_PROFILES_DIR", other), WorkDir: with}, "other"},
		{"an empty variable is none", Search{Env: testEnv("DBT_PROFILES_DIR", ""), WorkDir: with}, "with"},
		{"working directory", Search{WorkDir: with, Home: home, ProjectDir: other}, "with"},
		{"home", Search{WorkDir: work, Home: home, ProjectDir: other}, "home/.dbt"},
		{"project directory, last", Search{WorkDir: work, Home: empty, ProjectDir: other}, "other"},
		{"nowhere", Search{WorkDir: work, Home: empty, ProjectDir: work}, "error: no profiles.yml found; looked for " + filepath.Join(work, "profiles.yml") + ", " + filepath.Join(empty, ".dbt", "profiles.yml")},
		{"named, missing", Search{Dir: "nope", WorkDir: with, Home: home}, "error: profiles-dir names nope, which does not exist"},
		{"named with ~", Search{Dir: "~/.dbt", WorkDir: work, Home: home}, "error: profiles-dir names ~/.dbt, which does not exist"},
		{"named by a variable, missing", Search{Env: testEnv("DBT_PROFILES_DIR", "/nope"), WorkDir: with}, "error: DBT_PROFILES_DIR names /nope, which does not exist"},
		{"named, without a file", Search{Dir: empty, WorkDir: with, Home: home}, "error: profiles-dir names " + empty + ", which holds no profiles.yml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.search.Find()
			if want, isError := strings.CutPrefix(c.want, "error: "); isError {
				if err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
				return
			}
			if want := filepath.Join(root, filepath.FromSlash(c.want), "profiles.yml"); err != nil || got != want {
				t.Errorf("got %s, %v; want %s", got, err, want)
			}
		})
	}
}
