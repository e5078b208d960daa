//go:build unix

// Package engines tests the jobs that dot plan writes with the engines they are for, and the files of CI
// that the pages have with linters and published schemas. It needs the environment variables
// DOT_TEST_ENGINES, the virtual environment of test/requirements/tools/engines.txt, DOT_TEST_ACTIONLINT
// and DOT_TEST_ARGO, the directory of the module of Argo Workflows. To run jobs it needs a dbt, in
// DOT_TEST_V2.
package engines

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tools are the programs of the tests.
type tools struct {
	venv, actionlint, argo string
	bin                    string // a directory with dot
}

func needTools(t *testing.T) tools {
	t.Helper()
	all := tools{venv: os.Getenv("DOT_TEST_ENGINES"), actionlint: os.Getenv("DOT_TEST_ACTIONLINT"), argo: os.Getenv("DOT_TEST_ARGO")}
	if all.venv == "" || all.actionlint == "" || all.argo == "" {
		t.Skip("DOT_TEST_ENGINES, DOT_TEST_ACTIONLINT or DOT_TEST_ARGO is not set: run make test-engines")
	}
	all.bin = t.TempDir()
	must(t, "../..", nil, "go", "build", "-o", filepath.Join(all.bin, "dot"), ".")
	return all
}

// must runs a command that must end well, and returns its stdout.
func must(t *testing.T, dir string, env []string, argv ...string) string {
	t.Helper()
	said, all, err := run(dir, env, argv...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, all)
	}
	return said
}

// mustSay is must, and returns stderr, too.
func mustSay(t *testing.T, dir string, env []string, argv ...string) string {
	t.Helper()
	_, all, err := run(dir, env, argv...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, all)
	}
	return all
}

// run runs a command. all is what it wrote to stdout and stderr.
func run(dir string, env []string, argv ...string) (stdout, all string, err error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	var out, both bytes.Buffer
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &both
	err = cmd.Run()
	return out.String(), out.String() + both.String(), err
}

// shop makes a sample shop with builds on DuckDB, and returns it with the environment variables for dot.
func (all tools) shop(t *testing.T) (dir string, env []string) {
	t.Helper()
	home, v2 := t.TempDir(), os.Getenv("DOT_TEST_V2")
	env = []string{
		"PATH=" + all.bin + string(os.PathListSeparator) + filepath.Join(v2, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"LD_LIBRARY_PATH=" + filepath.Join(v2, "drivers"), "XDG_CACHE_HOME=" + filepath.Join(v2, "cache"), "DBT_ALLOW_EXPERIMENTAL_ADAPTERS=true", "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_DISABLE_VERSION_CHECK=1",
		"HOME=" + home, "LANG=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1",
	}
	dir = filepath.Join(home, "a {{ shop }} of $HOME")
	must(t, "../..", env, "sh", "demo/history.sh", dir)
	return dir, env
}

// specs are eight builds; the baseline is the first.
var specs = []string{"prod@main", "prod@HEAD", "prod@HEAD~1", "prod@HEAD~2", "dev@main", "dev@main~1", "dev@HEAD", "dev@HEAD~1"}

// hostile is a flag with what shells, YAML, Jinja and Argo give a meaning.
const hostile = "--vars={note: \"it's {{ x }} {% raw %} {# y #} ${{ z }} $HOME `id`\"}"

func (all tools) plan(t *testing.T, dir string, env []string, format string) string {
	t.Helper()
	return must(t, dir, env, append(append([]string{filepath.Join(all.bin, "dot"), "plan", "build"}, specs...), "--defer", "prod@main", "--modified", hostile, "--format", format)...)
}

// machines returns a directory with a dot that works as if each job had a machine of its own: a new clone of
// the repository for each spec. The builds are in one DuckDB file, and the machines share a store alone.
func (all tools) machines(t *testing.T, repository string) (bin string, env []string) {
	t.Helper()
	home := t.TempDir()
	bin, profiles, team := filepath.Join(home, "bin"), filepath.Join(home, "profiles"), filepath.Join(home, "team")
	write(t, filepath.Join(bin, "dot"), `#!/bin/sh
set -eu
clone=$CLONES/$SPEC
test -d "$clone" || git clone --quiet "$REPOSITORY" "$clone"
cd "$clone"
exec "$DOT" "$@"
`)
	if err := os.Chmod(filepath.Join(bin, "dot"), 0o755); err != nil {
		t.Fatal(err)
	}
	outputs := ""
	for _, name := range []string{"dev", "prod"} {
		outputs += fmt.Sprintf("    %s: {type: duckdb, path: %q, schema: %s}\n", name, filepath.Join(home, "warehouse.duckdb"), name)
	}
	write(t, filepath.Join(profiles, "profiles.yml"), "shop:\n  target: dev\n  outputs:\n"+outputs)
	if err := os.Mkdir(team, 0o755); err != nil {
		t.Fatal(err)
	}
	return bin, []string{
		"CLONES=" + filepath.Join(home, "clones"), "REPOSITORY=" + repository, "DOT=" + filepath.Join(all.bin, "dot"),
		"DBT_PROFILES_DIR=" + profiles, "DOT_STORE=file://" + team,
	}
}

// TestAirflow runs the jobs of eight builds, each in a clone of its own: a store is all that they share. The
// repository's directory and a variable have hostile text.
func TestAirflow(t *testing.T) {
	all := needTools(t)
	if os.Getenv("DOT_TEST_V2") == "" {
		t.Skip("DOT_TEST_V2 is not set: run make test-engines")
	}
	dir, env := all.shop(t)
	bin, machines := all.machines(t, dir)
	env = append(env, machines...)
	home := t.TempDir()
	dags := filepath.Join(home, "dags")
	if err := os.MkdirAll(dags, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dags, "nightly.py"), []byte(all.plan(t, dir, env, "airflow")), 0o644); err != nil {
		t.Fatal(err)
	}
	env = append(env, "AIRFLOW_HOME="+home, "AIRFLOW__CORE__LOAD_EXAMPLES=False", "PATH="+bin+string(os.PathListSeparator)+strings.TrimPrefix(env[0], "PATH="))
	airflow := filepath.Join(all.venv, "bin", "airflow")
	must(t, home, env, airflow, "db", "migrate")
	_, said, err := run(home, env, airflow, "dags", "test", "nightly")
	if err != nil || !strings.Contains(said, "state:success") && !strings.Contains(said, "> successful") {
		t.Fatalf("%v\n%s", err, said)
	}
	ended := regexp.MustCompile(`end task task_id=(\S+)`).FindAllStringSubmatch(said, -1)
	if len(ended) != len(specs) || !strings.HasPrefix(ended[0][1], "prod.7233c9a") {
		t.Errorf("the tasks ended in this order: %q", ended)
	}
	if n := strings.Count(said, "] pushed "); n != len(specs) {
		t.Errorf("%d builds were pushed:\n%s", n, said)
	}
	// Another machine finds all of them.
	clone := filepath.Join(t.TempDir(), "clone")
	must(t, ".", env, "git", "clone", "--quiet", dir, clone)
	if pulled := mustSay(t, clone, env, append([]string{filepath.Join(all.bin, "dot"), "pull", "--yes"}, pinned(t, dir, env)...)...); strings.Count(pulled, "pulled ") != len(specs) {
		t.Errorf("pulled:\n%s", pulled)
	}
}

// pinned returns the specs for a clone that lacks the branches.
func pinned(t *testing.T, dir string, env []string) []string {
	t.Helper()
	var all []string
	for _, spec := range specs {
		environment, ref, _ := strings.Cut(spec, "@")
		all = append(all, environment+"@"+strings.TrimSpace(must(t, dir, env, "git", "rev-parse", ref)))
	}
	return all
}

// TestSchemas checks what dot plan writes, and the files of the pages.
func TestSchemas(t *testing.T) {
	all := needTools(t)
	dir, env := all.shop(t)
	check := func(t *testing.T, file string, schema ...string) {
		t.Helper()
		must(t, ".", nil, slices.Concat([]string{filepath.Join(all.venv, "bin", "check-jsonschema")}, schema, []string{file})...)
	}
	schemas := map[string][]string{
		"gitlab": {"--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"},
		"argo":   {"--schemafile", all.strictArgo(t)},
		"azure":  {"--regex-variant", "nonunicode", "--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"},
		"github": {"--builtin-schema", "vendor.github-workflows"},
	}
	for _, format := range []string{"gitlab", "argo"} {
		t.Run(format, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), format+".yml")
			write(t, file, all.plan(t, dir, env, format))
			check(t, file, schemas[format]...)
			// The schema must not take just anything.
			broken := strings.NewReplacer("failFast:", "fastFail:", "stage: then", "stages: 1").Replace(all.plan(t, dir, env, format))
			write(t, file, broken)
			if _, said, err := run(".", nil, append(append([]string{filepath.Join(all.venv, "bin", "check-jsonschema")}, schemas[format]...), file)...); err == nil {
				t.Errorf("a broken file passes: %s", said)
			}
		})
	}
	for _, page := range []string{"ci.md", "howto/batch.md"} {
		t.Run(filepath.Base(page), func(t *testing.T) {
			root := t.TempDir()
			must(t, root, nil, "git", "init", "--quiet")
			if err := os.CopyFS(filepath.Join(root, ".github", "actions", "dot"), os.DirFS("../../action")); err != nil {
				t.Fatal(err)
			}
			var workflows []string
			for name, text := range pageFiles(t, page) {
				file := filepath.Join(root, name)
				write(t, file, text)
				switch {
				case strings.HasPrefix(name, ".github/workflows/"):
					workflows = append(workflows, file)
					check(t, file, schemas["github"]...)
				case strings.HasPrefix(name, ".gitlab"):
					check(t, file, schemas["gitlab"]...)
				case strings.HasPrefix(name, "argo/"):
					check(t, file, schemas["argo"]...)
				case strings.HasPrefix(name, "azure-pipelines"):
					check(t, file, schemas["azure"]...)
				case name != "dot_environments.yml":
					t.Errorf("nobody checks %s", name)
				}
			}
			if len(workflows) == 0 {
				t.Fatal("the page has no workflow")
			}
			lint := []string{all.actionlint, "-shellcheck", filepath.Join(all.venv, "bin", "shellcheck")}
			must(t, root, nil, append(lint, workflows...)...)
			text, err := os.ReadFile(workflows[0])
			if err != nil {
				t.Fatal(err)
			}
			write(t, workflows[0], strings.ReplaceAll(string(text), "runs-on:", "runson:"))
			if _, said, err := run(root, nil, append(lint, workflows...)...); err == nil {
				t.Errorf("a broken workflow passes: %s", said)
			}
		})
	}
	t.Run("action", func(t *testing.T) {
		check(t, "../../action/action.yml", "--builtin-schema", "vendor.github-actions")
		scripts, err := filepath.Glob("../../action/*.sh")
		if err != nil || len(scripts) < 4 {
			t.Fatalf("scripts: %v, %v", scripts, err)
		}
		must(t, ".", nil, append([]string{filepath.Join(all.venv, "bin", "shellcheck")}, scripts...)...)
	})
}

// strictArgo returns the schema of Argo in which, unlike in the published one, no object has other fields than
// those that are described.
func (all tools) strictArgo(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(all.argo, "api", "jsonschema", "schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Definitions map[string]map[string]any `json:"definitions"`
		OneOf       []any                     `json:"oneOf"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	closed := 0
	for _, d := range schema.Definitions {
		if _, has := d["properties"]; has && d["additionalProperties"] == nil {
			d["additionalProperties"] = false
			closed++
		}
	}
	if closed < 100 || len(schema.OneOf) == 0 {
		t.Fatalf("Argo's schema has changed: %d objects, %d kinds", closed, len(schema.OneOf))
	}
	if text, err = json.Marshal(schema); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "schema.json")
	write(t, file, string(text))
	return file
}

// fence is a block of YAML in a page whose first line says which file it is.
var fence = regexp.MustCompile("(?ms)^```yaml\n# (\\S+\\.ya?ml)\n(.*?)^```$")

// pageFiles returns the files that a page has, by their names.
func pageFiles(t *testing.T, page string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		if _, twice := found[m[1]]; twice {
			t.Errorf("the page has two %s", m[1])
		}
		found[m[1]] = m[2]
	}
	return found
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
