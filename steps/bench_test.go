package steps_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/dbt"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/workspace"
	"dot-for-dbt/spec"
	"dot-for-dbt/steps"
)

// A bench is a repository with a project, and an invocation that is compiled but never
// run. Its dbt is only a file beside the names of installed packages.
type bench struct {
	t     *testing.T
	dir   string
	world steps.World
	req   steps.Request
}

// packages is the directory with the names of the installed packages.
const packages = "venv/lib/python3.12/site-packages"

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: filepath.Join(root, "shop")}
	script := b.path("../venv/bin/dbt")
	b.write("../venv/bin/dbt", "#!"+b.path("../venv/bin/python")+"\nfrom dbt.cli.main import cli\n")
	if err := os.Chmod(script, 0o755); err != nil {
		t.Fatal(err)
	}
	b.install("dbt_core-1.11.16")
	b.install("dbt_duckdb-1.11.1")
	for name, text := range map[string]string{
		"dbt_project.yml": "name: shop\nprofile: shop\n",
		"profiles.yml": `shop:
  target: dev
  outputs:
    dev: {type: duckdb, path: shop.duckdb, schema: dev, threads: 4, password: hunter2,
          settings: {region: "{{ env_var('REGION', 'eu') }}", token: "{{ env_var('LOGIN', '') }}"}}
    prod: {type: duckdb, path: shop.duckdb, schema: prod, threads: 4}
`,
		"dot_environments.yml": "environment: {default: dev, dev: {vars: {days: 30}}, prod: {}, ci: {target: dev, vars: {days: 30}}}\n",
		"models/orders.sql": "select '{{ env_var('COLOUR', 'red') }}', '{{ env_var('DBT_ENV_SECRET_SALT', '') }}'," +
			" '{{ env_var('DBT_ENV_CUSTOM_ENV_TEAM', '') }}'",
	} {
		b.write(name, text)
	}
	b.git("init", "-q", "--template=", "-b", "main")
	b.git("add", "-A")
	b.git("commit", "-qm", "Open the shop")
	ws, err := workspace.Open(b.dir)
	if err == nil {
		err = ws.Create() // what is read from the environment is digested under its key
	}
	if err != nil {
		t.Fatal(err)
	}
	b.world = steps.World{
		Dir: b.dir, Env: []string{"DOT_DBT=" + script}, Home: root,
		Now: func() time.Time { return time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC) },
	}
	b.req = steps.Request{Planning: true}
	b.command("build")
	b.specs("dev@HEAD")
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

func (b *bench) write(name, text string) {
	b.t.Helper()
	err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755)
	if err == nil {
		err = os.WriteFile(b.path(name), []byte(text), 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// replace replaces a text in a file.
func (b *bench) replace(name, old, text string) {
	b.t.Helper()
	was, err := os.ReadFile(b.path(name))
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.Contains(string(was), old) {
		b.t.Fatalf("there is no %q in %s", old, name)
	}
	b.write(name, strings.ReplaceAll(string(was), old, text))
}

func (b *bench) install(name string) {
	b.t.Helper()
	b.write("../"+packages+"/"+name+".dist-info/METADATA", "")
}

func (b *bench) uninstall(name string) {
	b.t.Helper()
	if err := os.RemoveAll(b.path("../" + packages + "/" + name + ".dist-info")); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) git(args ...string) {
	b.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (b *bench) command(name string) {
	b.t.Helper()
	var ok bool
	if b.req.Command, ok = dbt.LookupCommand(name); !ok {
		b.t.Fatalf("dbt has no command %q", name)
	}
}

// specs sets the specs of the request.
func (b *bench) specs(texts ...string) {
	b.t.Helper()
	b.req.Specs = nil
	for _, text := range texts {
		s, err := spec.Parse(text)
		if err != nil {
			b.t.Fatal(err)
		}
		b.req.Specs = append(b.req.Specs, s)
	}
}

func (b *bench) setenv(name, value string) { b.world.Env = append(b.world.Env, name+"="+value) }

// commit commits all files; the commit may be empty.
func (b *bench) commit(subject string) {
	b.t.Helper()
	b.git("add", "-A")
	b.git("commit", "-q", "--allow-empty", "-m", subject)
}

// defersTo sets --defer.
func (b *bench) defersTo(text string) {
	b.t.Helper()
	s, err := spec.ParseBaseline(text)
	if err != nil {
		b.t.Fatal(err)
	}
	b.req.Baseline = &s
}

// compile compiles the invocation.
func (b *bench) compile() *steps.Program {
	b.t.Helper()
	program, err := steps.Compile(b.t.Context(), b.world, b.req)
	if err != nil {
		b.t.Fatalf("%v (%s)", err, strings.Join(hint.Of(err), "; "))
	}
	return program
}

// artifacts are dbt's artifacts of a run that built one model.
var artifacts = map[string]string{
	"manifest.json": `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"},
"nodes": {"model.shop.orders": {"unique_id": "model.shop.orders", "resource_type": "model"}}}`,
	"run_results.json": `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json", "invocation_id": "1"},
"args": {"which": "build"}, "results": [{"unique_id": "model.shop.orders", "status": "success"}]}`,
}

// place returns a build, and its place in the warehouse.
func (b *bench) place(text string) (workspace.Build, workspace.Place) {
	b.t.Helper()
	asked := b.req
	defer func() { b.req = asked }()
	b.command("compile")
	b.specs(text)
	program := b.compile()
	resolved := program.Resolved[0]
	commit, err := program.Workspace.Finder().Commit(resolved.Commit.Hash, resolved.Short, false)
	if err != nil {
		b.t.Fatal(err)
	}
	return commit.Build("", resolved.Env), program.Builds[0].Place
}

// built writes the files that a run of dot build leaves.
func (b *bench) built(text string) {
	b.t.Helper()
	build, place := b.place(text)
	b.leave(build.State(place))
	ws, err := workspace.Open(b.dir)
	if err != nil {
		b.t.Fatal(err)
	}
	targets := map[string]workspace.Target{"model.shop.orders": {Relation: workspace.Relation{Place: place, Name: "orders"}}}
	run := workspace.Run{ID: "1", Command: "build", Time: b.world.Now().Add(-time.Hour)}
	if err := ws.Begin(build, place, run, targets); err != nil {
		b.t.Fatal(err)
	}
	run.Nodes, run.Manifest = 1, int64(len(artifacts["manifest.json"]))
	if _, err := ws.End(build, place, run, targets, workspace.Ending{Written: []string{"model.shop.orders"}, Complete: true}); err != nil {
		b.t.Fatal(err)
	}
}

// madeElsewhere writes the files that another tool leaves of a build: dbt's artifacts.
func (b *bench) madeElsewhere(text string) {
	b.t.Helper()
	build, _ := b.place(text)
	b.leave(build.Target())
}

// leave writes dbt's artifacts to a directory.
func (b *bench) leave(dir string) {
	b.t.Helper()
	for name, text := range artifacts {
		relative, err := filepath.Rel(b.dir, filepath.Join(dir, name))
		if err != nil {
			b.t.Fatal(err)
		}
		b.write(relative, text)
	}
}

// step compiles the invocation and returns its last step: dbt itself.
func (b *bench) step() *graph.Step {
	b.t.Helper()
	program := b.compile()
	plan, err := program.Graph.Plan(b.t.Context(), graph.Env{Store: noRecords{}, Locker: graph.NoLocks{}, Now: b.world.Now})
	if err != nil {
		b.t.Fatal(err)
	}
	last := plan.Steps[len(plan.Steps)-1].Step
	if step := program.Builds[0].Step; last.Name != step {
		b.t.Fatalf("the last step is %q, and the build's is %q", last.Name, step)
	}
	return last
}

// inputs returns everything in the key of dbt's step that doesn't come from
// the steps below, by label.
func (b *bench) inputs() map[string]string {
	b.t.Helper()
	out := map[string]string{}
	for _, in := range b.step().Inputs {
		out[in.Label] = in.Value
	}
	return out
}

// noRecords is an empty store.
type noRecords struct{}

func (noRecords) Load(string) (graph.Record, error) { return graph.Record{}, fs.ErrNotExist }
func (noRecords) Save(name string, _ graph.Record) error {
	return fmt.Errorf("a plan saves %s", name)
}
