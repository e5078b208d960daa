//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// A workflow of GitHub Actions, as docs/ci.md has it.
type workflow struct {
	Env  map[string]string
	Jobs map[string]struct {
		Env   map[string]string
		Steps []workflowStep
	}
}

type workflowStep struct {
	ID, Uses, Run, If string
	With              map[string]string
	Env               map[string]string
	Directory         string `yaml:"working-directory"`
}

// pageFile returns a file of a page, whose first line names it.
func pageFile(t *testing.T, page, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, text2, ok := strings.Cut(string(text), "```yaml\n# "+name+"\n")
	file, _, ended := strings.Cut(text2, "\n```\n")
	if !ok || !ended {
		t.Fatalf("%s has no %s", page, name)
	}
	return file + "\n"
}

// A runner runs jobs of a workflow, each in a fresh clone, as GitHub does as far as the workflow needs it.
type runner struct {
	*shop
	flow   workflow
	action struct {
		Inputs map[string]struct{ Default string }
		Runs   struct{ Steps []workflowStep }
	}
	temp    string
	scripts string            // the action's directory
	values  map[string]string // of expressions
}

// fakeGH is a gh whose comments are files. It knows what comment.sh asks.
const fakeGH = `#!/usr/bin/env bash
set -euo pipefail
[[ -n $GH_TOKEN ]]
if [[ $GH_TOKEN == read-only && $* == *--method* ]]; then echo 'HTTP 403' >&2; exit 1; fi
body=${!#}
body=${body#body=@}
case "$*" in
"api --paginate repos/team/stall/issues/7/comments --jq "*)
	for f in "$COMMENTS"/*; do
		if [[ -f $f && $(head -n 1 "$f") == "$MARK"* ]]; then basename "$f"; fi
	done ;;
"api --silent --method POST repos/team/stall/issues/7/comments --field body=@"*)
	cp "$body" "$COMMENTS/$((100 + $(find "$COMMENTS" -type f | wc -l)))" ;;
"api --silent --method PATCH repos/team/stall/issues/comments/"*" --field body=@"*)
	id=${5##*/}
	[[ -f $COMMENTS/$id ]]
	cp "$body" "$COMMENTS/$id" ;;
*)
	echo "gh: nobody expects $*" >&2
	exit 1 ;;
esac
`

func newRunner(s *shop, store string) *runner {
	r := &runner{shop: s, temp: s.t.TempDir(), values: map[string]string{
		"vars.DOT_STORE": store, "secrets.WAREHOUSE_PASSWORD": "hush", "secrets.STORE_KEY_ID": "", "secrets.STORE_KEY": "", "github.token": "token",
		"github.event.pull_request.number": "7", "github.event.pull_request.base.ref": "main",
	}}
	if err := yaml.Unmarshal([]byte(pageFile(s.t, "ci.md", ".github/workflows/dbt.yml")), &r.flow); err != nil {
		s.t.Fatal(err)
	}
	r.scripts, _ = filepath.Abs("../../action")
	text, err := os.ReadFile(filepath.Join(r.scripts, "action.yml"))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &r.action); err != nil {
		s.t.Fatal(err)
	}
	bin := filepath.Join(r.temp, "bin")
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, dir := range []string{bin, filepath.Join(r.temp, "comments")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(bin, "dot-for-dbt")); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "gh"), []byte(fakeGH), 0o755); err != nil {
		s.t.Fatal(err)
	}
	r.setenv("PATH="+strings.Join([]string{bin, s.bin, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"COMMENTS="+filepath.Join(r.temp, "comments"), "RUNNER_TEMP="+r.temp, "GITHUB_ACTIONS=true", "CI=true",
		"GITHUB_REPOSITORY=team/stall", "GITHUB_BASE_REF=main", "GITHUB_ACTION_PATH="+r.scripts,
		"GITHUB_STEP_SUMMARY="+filepath.Join(r.temp, "summary"), "GITHUB_OUTPUT="+filepath.Join(r.temp, "output"))
	return r
}

// expression is one of GitHub's.
var expression = regexp.MustCompile(`\$\{\{ *([^}]+?) *\}\}`)

// expand puts values in place of expressions.
func (r *runner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(m string) string {
		name := expression.FindStringSubmatch(m)[1]
		value, ok := r.values[name]
		if !ok {
			r.t.Fatalf("the test has no %s", name)
		}
		return value
	})
}

// holds evaluates the condition of a step of the action.
func (r *runner) holds(condition string) bool {
	if condition == "" {
		return true
	}
	m := regexp.MustCompile(`^(inputs\.[a-z-]+) (==|!=) '(.*)'$`).FindStringSubmatch(condition)
	if m == nil {
		r.t.Fatalf("the test can't evaluate %s", condition)
	}
	return (r.values[m[1]] == m[3]) == (m[2] == "==")
}

// job runs a job at a ref of the fresh clone, and returns what its commands wrote and whether it ended well.
func (r *runner) job(name, ref string) (clone *shop, said string, ok bool) {
	r.t.Helper()
	clone = r.fresh()
	clone.env = slices.Clone(r.env)
	job, has := r.flow.Jobs[name]
	if !has {
		r.t.Fatalf("the workflow has no job %s", name)
	}
	for _, env := range []map[string]string{r.flow.Env, job.Env} {
		for name, value := range env {
			clone.setenv(name + "=" + r.expand(value))
		}
	}
	steps := 0
	for _, step := range job.Steps {
		switch {
		case strings.HasPrefix(step.Uses, "actions/checkout@"):
			if step.With["fetch-depth"] != "0" {
				r.t.Errorf("%s checks out a shallow clone", name)
			}
			if at := r.expand(step.With["ref"]); at != "" && at != ref {
				r.t.Fatalf("%s checks out %s, want %s", name, at, ref)
			}
			clone.git("checkout", "--quiet", ref)
			continue
		case step.Uses == "./.github/actions/dot":
			steps++
			out, good := r.runAction(clone, step.With)
			if said += out; !good {
				return clone, said, false
			}
			continue
		case strings.HasPrefix(step.Run, "pip install -r requirements.txt"):
			continue // dbt is there
		case step.Run == "":
			r.t.Fatalf("the test doesn't know the step %+v", step)
		}
		steps++
		out, good := r.runStep(clone, step)
		if said += out; !good {
			return clone, said, false
		}
	}
	if steps == 0 {
		r.t.Fatalf("%s has no step", name)
	}
	return clone, said, true
}

// runStep runs a command of a step in a clone.
func (r *runner) runStep(clone *shop, step workflowStep) (said string, ok bool) {
	r.t.Helper()
	output := filepath.Join(r.temp, "output")
	if err := os.WriteFile(output, nil, 0o644); err != nil {
		r.t.Fatal(err)
	}
	cmd := clone.commandIn(filepath.Join(clone.dir, r.expand(step.Directory)), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", r.expand(step.Run))
	for name, value := range step.Env {
		cmd.Env = append(cmd.Env, name+"="+r.expand(value))
	}
	res := clone.run(cmd)
	text, err := os.ReadFile(output)
	if err != nil {
		r.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		r.values["steps."+step.ID+".outputs."+name] = value
	}
	return res.stdout + res.stderr, res.code == 0
}

// runAction runs the steps of the action.
func (r *runner) runAction(clone *shop, with map[string]string) (said string, ok bool) {
	r.t.Helper()
	for name, input := range r.action.Inputs {
		r.values["inputs."+name] = r.expand(input.Default)
	}
	for name, value := range with {
		if _, has := r.action.Inputs[name]; !has {
			r.t.Fatalf("the action has no input %s", name)
		}
		r.values["inputs."+name] = value
	}
	for _, step := range r.action.Runs.Steps {
		if !r.holds(step.If) || strings.Contains(step.Run, "install.sh") {
			continue
		}
		out, good := r.runStep(clone, step)
		if said += out; !good {
			return said, false
		}
	}
	return said, true
}

// comments returns the comments on the pull request.
func (r *runner) comments() []string {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.temp, "comments", "*"))
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// The workflow of docs/ci.md: main's job, those of a pull request, and the one that closes it, each in a fresh clone.
// They share a store and the warehouse alone.
func TestCI(t *testing.T) {
	onOnlyAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		profiles, err := os.ReadFile("testdata/postgres/profiles.yml")
		if err != nil {
			t.Fatal(err)
		}
		s := newStall(t, adapter, map[string]string{
			"models/late.sql":      "select season from {{ ref('season') }}\n",
			"profiles.yml":         strings.TrimRight(string(profiles), "\n") + "\n    ci:\n      <<: *postgres\n      schema: ci\n",
			"dot_environments.yml": pageFile(t, "ci.md", "dot_environments.yml"),
		})
		s.use(dbt)
		s.published()
		store := filepath.Join(t.TempDir(), "store")
		if err := os.Mkdir(store, 0o755); err != nil {
			t.Fatal(err)
		}
		r := newRunner(s, "file://"+store)
		schema := func(env, ref string) string { return env + "_" + s.git("rev-parse", "--short=10", ref) }
		tables := func(schema string) string {
			var names []string
			for _, row := range s.query("select table_name from information_schema.tables where table_schema = '" + schema + "' order by 1") {
				names = append(names, row[0])
			}
			return strings.Join(names, " ")
		}
		want := func(what, got, want string) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %q, want %q", what, got, want)
			}
		}
		failed := func(what, said string) {
			t.Helper()
			t.Fatalf("%s:\n%s", what, said)
		}

		prod := schema("prod", "main")
		if _, said, ok := r.job("main", "main"); !ok || !strings.Contains(said, "pushed prod@") {
			failed("main's job", said)
		}
		want("main's job built", tables(prod), "cheap late prices season")
		s.wantSchemas(prod)

		// A pull request builds what it changes, and what reads that.
		s.git("checkout", "--quiet", "-b", "topic")
		s.write("models/season.sql", "{{ config(materialized='table') }}\nselect 'autumn' as season, count(*) as fruits from {{ ref('cheap') }}\n")
		s.commit("Autumn")
		s.git("push", "--quiet", "origin", "topic")
		var clone *shop
		open := func() (said string, ok bool) {
			r.values["github.event.pull_request.head.sha"] = s.git("rev-parse", "topic")
			clone, said, ok = r.job("pull-request", s.git("rev-parse", "topic"))
			return said, ok
		}
		said, ok := open()
		if !ok {
			failed("the pull request's job", said)
		}
		first := schema("ci", "topic")
		want("the pull request's job built", tables(first), "late season")
		s.wantSchemas(first, prod)
		want("differs", r.values["steps.build.outputs.differs"], "true")
		want("failed", r.values["steps.build.outputs.failed"], "false")
		comments := r.comments()
		if len(comments) != 1 || !strings.HasPrefix(comments[0], "<!-- dot ci -->\n") || !strings.Contains(comments[0], "| `season` | differs |") {
			t.Errorf("the comments are %q", comments)
		}
		if summary, err := os.ReadFile(filepath.Join(r.temp, "summary")); err != nil || "<!-- dot ci -->\n"+string(summary) != comments[0] {
			t.Errorf("the summary is %v\n%s", err, summary)
		}

		// The next commit breaks a model: the job fails, and the same comment says so. A token that may not write is
		// no reason to fail.
		s.write("models/late.sql", "select nothing from {{ ref('season') }}\n")
		s.commit("Break it")
		s.git("push", "--quiet", "origin", "topic")
		if said, ok = open(); ok || !strings.Contains(said, "::error::the build failed") {
			failed("a broken model", said)
		}
		want("failed", r.values["steps.build.outputs.failed"], "true")
		if comments = r.comments(); len(comments) != 1 || !strings.HasPrefix(comments[0], "<!-- dot ci -->\n**The build failed") {
			t.Errorf("the comments are %q", comments)
		}
		r.values["inputs.token"], r.values["inputs.fail-on-differences"] = "read-only", "true"
		r.values["steps.build.outputs.failed"], r.values["steps.build.outputs.differs"] = "false", "true"
		last := r.action.Runs.Steps[len(r.action.Runs.Steps)-2:]
		if said, ok = r.runStep(clone, last[0]); !ok || !strings.Contains(said, "::warning::no comment: the token may not write") {
			failed("a token that may not write", said)
		}
		if said, ok = r.runStep(clone, last[1]); ok || !strings.Contains(said, "::error::the data differs") {
			failed("fail-on-differences", said)
		}

		// The job for forks reaches no warehouse.
		clean := r.env
		r.setenv("SHOP_PG_HOST=/nowhere")
		_, said, ok = r.job("fork", s.git("rev-parse", "HEAD"))
		r.env = clean
		if !ok || !regexp.MustCompile(`(?m)^run +build +ci@`).MatchString(said) {
			failed("the fork's job", said)
		}

		// Closed without a merge, and the branch is deleted.
		s.wantSchemas(slices.Sorted(slices.Values([]string{first, schema("ci", "topic"), prod}))...)
		r.values["github.event.pull_request.head.sha"] = s.git("rev-parse", "topic")
		s.git("push", "--quiet", "origin", ":topic")
		if _, said, ok = r.job("closing", "main"); !ok {
			failed("the closing job", said)
		}
		want("dropped", fmt.Sprint(strings.Count(said, "dropped ci@")), "2")
		s.wantSchemas(prod)
		if strings.Contains(said, "hush") {
			t.Error("a secret is shown")
		}
	})
}
