package steps_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/steps"
)

// usual are the inputs of the dbt steps of a build in the bench's environment dev.
var usual = []string{
	"--profile", "commit", "dbt", "dbt-duckdb", "env_var COLOUR", "env_var DBT_ENV_CUSTOM_ENV_TEAM", "env_var REGION", "environment",
	"profile: path", "profile: schema", "profile: settings.region", "profile: threads", "profile: type",
	"project", "schema suffix", "target-name", "vars: days",
}

// TestCompile compares compiled invocations: a line for each remark, and a line for
// each step with the labels of its inputs and its dependencies. A commit is named by
// the first word of its subject.
func TestCompile(t *testing.T) {
	tests := []struct {
		name    string
		request func(b *bench)
		want    string
	}{
		{"a build", func(*bench) {}, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
`},
		{"of a selection", func(b *bench) { b.req.Args = []string{"-s", "orders"} }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + --select + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual + --select] after worktree, commit, profiles, deps, check
`},
		{"without its packages", func(b *bench) { b.req.NoDeps = true }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
check dev@Open [usual + shared-schemas] after worktree, commit, profiles
build dev@Open [usual] after worktree, commit, profiles, check
`},
		{"with packages", withPackages, `
worktree Ask [commit]
commit Ask [commit] after worktree
profiles dev@Ask
deps Ask [dbt, packages-install-path, packages.yml] after worktree
check dev@Ask [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Ask [usual] after worktree, commit, profiles, deps, check
`},
		{"with packages that are locked", func(b *bench) {
			b.write("package-lock.yml", "packages: []\n")
			withPackages(b)
		}, `
worktree Ask [commit]
commit Ask [commit] after worktree
profiles dev@Ask
deps Ask [dbt, package-lock.yml, packages-install-path, packages.yml] after worktree
check dev@Ask [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Ask [usual] after worktree, commit, profiles, deps, check
`},
		{"with packages that read the environment", func(b *bench) {
			b.write("packages.yml", "packages: [{git: \"https://{{ env_var('HOST') }}/a\", revision: v1}]\n")
			b.commit("Ask for packages")
		}, `
worktree Ask [commit]
commit Ask [commit] after worktree
profiles dev@Ask
deps Ask [dbt, env_var HOST, packages-install-path, packages.yml] after worktree
check dev@Ask [usual + env_var HOST + shared-schemas] after worktree, commit, profiles, deps
build dev@Ask [usual + env_var HOST] after worktree, commit, profiles, deps, check
`},
		{"with a local package", func(b *bench) {
			b.write("packages.yml", "packages: [{local: shared}, {local: shared}]\n")
			b.write("shared/dbt_project.yml", "name: shared\n")
			b.commit("Ask for packages")
		}, `
worktree Ask [commit]
commit Ask [commit] after worktree
profiles dev@Ask
deps Ask [dbt, package shared, packages-install-path, packages.yml] after worktree
check dev@Ask [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Ask [usual] after worktree, commit, profiles, deps, check
`},
		{"the packages alone", func(b *bench) {
			withPackages(b)
			b.command("deps")
		}, `
worktree Ask [commit]
commit Ask [commit] after worktree
profiles dev@Ask
deps Ask [dbt, packages-install-path, packages.yml] after worktree
`},
		{"a command that builds nothing", func(b *bench) { b.command("compile") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
compile dev@Open [usual] after worktree, commit, profiles, deps
`},
		{"tests", func(b *bench) { b.command("test") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
test dev@Open [usual] after worktree, commit, profiles, deps, check
`},
		{"a command that parses nothing", func(b *bench) { b.command("debug") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
debug dev@Open [usual] after worktree, commit, profiles
`},
		{"what dbt has written, removed", func(b *bench) { b.command("clean") }, `
clean dev@Open
`},
		{"the working tree", func(b *bench) { b.specs("prod") }, `
build prod
`},
		{"the working tree, by default", func(b *bench) { b.req.Specs = nil }, `
build dev
`},
		{"two environments of a commit", func(b *bench) { b.specs("dev@HEAD", "prod@HEAD") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
profiles prod@Open
check prod@Open [usual + shared-schemas - env_var REGION - profile: settings.region - vars: days] after worktree, commit, profiles, deps
build prod@Open [usual - env_var REGION - profile: settings.region - vars: days] after worktree, commit, profiles, deps, check
`},
		{"an environment of two commits", func(b *bench) {
			b.commit("More")
			b.specs("dev@HEAD", "dev@HEAD~1")
		}, `
worktree More [commit]
commit More [commit] after worktree
profiles dev@More
deps More after worktree
check dev@More [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@More [usual] after worktree, commit, profiles, deps, check
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
`},
		{"a range", func(b *bench) {
			b.commit("More")
			b.commit("Most")
			b.specs("dev@HEAD~2..HEAD")
		}, `
worktree More [commit]
commit More [commit] after worktree
profiles dev@More
deps More after worktree
check dev@More [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@More [usual] after worktree, commit, profiles, deps, check
worktree Most [commit]
commit Most [commit] after worktree
profiles dev@Most
deps Most after worktree
check dev@Most [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Most [usual] after worktree, commit, profiles, deps, check
`},
		{"one build twice", func(b *bench) { b.specs("dev@HEAD", "@main") }, `
note: dev@HEAD and @main are the same build, dev@Open, which runs once
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
`},
		{"a commit and the working tree", func(b *bench) { b.specs("dev@HEAD", "prod") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
build prod
`},
		{"with uncommitted files", func(b *bench) { b.write("models/more.sql", "select 1") }, `
note: 1 uncommitted file is not in dev@HEAD, but in dev@.
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps
build dev@Open [usual] after worktree, commit, profiles, deps, check
`},
		{"deferring to what was built before", func(b *bench) {
			b.built("prod@HEAD")
			b.defersTo("prod@HEAD")
		}, `
warning: --defer has no effect without a selection: all nodes are selected, so none of the baseline's 1 node is read; --modified selects the changed nodes
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
baseline prod@Open
check dev@Open [usual + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@Open [usual; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open, check
`},
		{"deferring to what another tool made", func(b *bench) {
			b.madeElsewhere("prod@HEAD")
			b.defersTo("prod@HEAD")
		}, `
warning: --defer has no effect without a selection: all nodes are selected, so none of the baseline's 1 node is read; --modified selects the changed nodes
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
baseline prod@Open
check dev@Open [usual + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@Open [usual; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open, check
`},
		{"deferring to a build of the same invocation", func(b *bench) {
			b.specs("dev@HEAD", "prod@HEAD")
			b.defersTo("prod@HEAD")
		}, `
warning: --defer has no effect without a selection: all nodes are selected, so nothing of the baseline is read; --modified selects the changed nodes
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
profiles prod@Open
check prod@Open [usual + shared-schemas - env_var REGION - profile: settings.region - vars: days] after worktree, commit, profiles, deps
build prod@Open [usual - env_var REGION - profile: settings.region - vars: days] after worktree, commit, profiles, deps, check
baseline prod@Open after build
check dev@Open [usual + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@Open [usual; later: not known yet] after worktree, commit, profiles, deps, baseline prod@Open, check
`},
		{"several that defer to one", func(b *bench) {
			b.built("prod@HEAD")
			b.commit("More")
			b.specs("dev@HEAD", "dev@HEAD~1", "dev")
			b.defersTo("prod@HEAD~1")
		}, `
warning: --defer has no effect without a selection: all nodes are selected, so none of the baseline's 1 node is read; --modified selects the changed nodes
worktree More [commit]
commit More [commit] after worktree
profiles dev@More
deps More after worktree
baseline prod@Open
check dev@More [usual + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@More [usual; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open, check
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
check dev@Open [usual + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@Open [usual; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open, check
build dev after baseline prod@Open
`},
		{"what differs from a baseline", func(b *bench) {
			b.built("prod@HEAD")
			b.defersTo("prod@HEAD")
			b.req.Modified = true
		}, `
warning: prod@Open and dev@Open have different values of var days: nodes that read them differ, and are not selected unless the commit changes them
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
baseline prod@Open
check dev@Open [usual + --select + shared-schemas; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open
build dev@Open [usual + --select; later: baseline] after worktree, commit, profiles, deps, baseline prod@Open, check
`},
		{"on top of what another tool made", func(b *bench) { b.madeElsewhere("dev@HEAD") }, `
worktree Open [commit]
commit Open [commit] after worktree
profiles dev@Open
deps Open after worktree
adopt dev@Open
check dev@Open [usual + shared-schemas] after worktree, commit, profiles, deps, adopt
build dev@Open [usual] after worktree, commit, profiles, deps, adopt, check
`},
		{"what another tool made, removed", func(b *bench) {
			b.madeElsewhere("dev@HEAD")
			b.command("clean")
		}, `
adopt dev@Open
clean dev@Open after adopt
`},
		{"with a dbt of the commit's own", func(b *bench) {
			b.write("requirements.txt", "dbt-core==1.11.16\n")
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {toolchain: requirements.txt}}")
			b.commit("Pin dbt")
			b.world.Env = nil // no DOT_DBT
		}, `
worktree Pin [commit]
commit Pin [commit] after worktree
profiles dev@Pin
toolchain KEY [python, requirements: requirements.txt]
deps Pin after worktree
check dev@Pin [usual + shared-schemas - dbt - dbt-duckdb; later: dbt] after worktree, commit, profiles, toolchain KEY, deps
build dev@Pin [usual - dbt - dbt-duckdb; later: dbt] after worktree, commit, profiles, toolchain KEY, deps, check
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			test.request(b)
			if diff := cmp.Diff(strings.TrimSpace(test.want), strings.Join(b.compiled(), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompileRefuses checks the errors and hints of invocations that can't run.
func TestCompileRefuses(t *testing.T) {
	tests := []struct {
		name    string
		request func(b *bench)
		want    string // in the error
		hint    string // in its hints, "" for none
	}{
		{"no project", func(b *bench) { b.world.Dir = filepath.Dir(b.dir) }, "not a dbt project", "dbt init makes a new project"},
		{"an unknown environment", func(b *bench) { b.specs("qa@HEAD") }, `environment "qa" is not defined`, "ci\ndev\nprod"},
		{"an unknown ref", func(b *bench) { b.specs("dev@nowhere") }, `unknown ref "nowhere"`, "git fetch"},
		{"a range without commits", func(b *bench) {
			b.commit("More")
			b.specs("dev@HEAD..HEAD~1")
		}, "dev@HEAD..HEAD~1 has no commits", "dev@HEAD~1..HEAD"},
		{"a commit without the project", func(b *bench) {
			b.git("rm", "-q", "--cached", "dbt_project.yml")
			b.git("commit", "-qm", "Lose it")
		}, "there is no dbt_project.yml at", "git log --oneline -- dbt_project.yml"},
		{"a project that was elsewhere", func(b *bench) {
			b.git("mv", "dbt_project.yml", "models/dbt_project.yml")
			b.git("commit", "-qm", "Move it")
			b.write("dbt_project.yml", "name: shop\nprofile: shop\n")
		}, "there is no dbt_project.yml at", "it is in models: git worktree add"},
		{"two builds of one schema", func(b *bench) { b.specs("dev@HEAD", "ci@HEAD") }, "each would overwrite what the other builds", "schema-suffix"},
		{"several that dbt talks about", func(b *bench) {
			b.command("docs serve")
			b.specs("dev@HEAD", "prod@HEAD")
		}, "it runs on one spec only", "dot docs serve dev@HEAD"},
		{"documentation that was never made", func(b *bench) { b.command("docs serve") }, "it has no manifest.json", "dot docs generate dev@HEAD"},
		{"init of a commit", func(b *bench) { b.command("init") }, "dbt init sets up a project", "dot init"},
		{"clone without a baseline", func(b *bench) { b.command("clone") }, "there is no baseline", "--defer prod@main"},
		{"what differs from no baseline", func(b *bench) { b.req.Modified = true }, "--modified selects nodes that differ from a baseline", "--defer prod@main"},
		{"two selections", func(b *bench) {
			b.req.Modified, b.req.Args = true, []string{"-s", "orders"}
			b.defersTo("prod@HEAD")
		}, "--modified and --select can't be combined", "state:modified+"},
		{"a baseline that was never built", func(b *bench) { b.defersTo("prod@HEAD") }, "was never built: there is nothing to defer to", "dot build prod@HEAD"},
		{"a baseline that is the build, to clone", func(b *bench) { b.command("clone"); b.defersTo("dev@HEAD") }, "can't be its own baseline", "--defer prod@main"},
		{"a baseline in the build's schema", func(b *bench) { b.defersTo("ci@HEAD") }, "the build would overwrite its baseline", "schema-suffix"},
		{"a baseline without its manifest", func(b *bench) {
			b.built("prod@HEAD")
			build, place := b.place("prod@HEAD")
			if err := os.Remove(filepath.Join(build.State(place), "manifest.json")); err != nil {
				b.t.Fatal(err)
			}
			b.defersTo("prod@HEAD")
		}, "is missing", "dot build prod@HEAD"},
		{"a baseline with half a manifest", func(b *bench) {
			b.built("prod@HEAD")
			build, place := b.place("prod@HEAD")
			if err := os.Truncate(filepath.Join(build.State(place), "manifest.json"), 10); err != nil {
				b.t.Fatal(err)
			}
			b.defersTo("prod@HEAD")
		}, "is damaged: it has 10 bytes", "dot build prod@HEAD"},
		{"a local package outside of the repository", func(b *bench) {
			b.write("packages.yml", "packages: [{local: ../shared}]\n")
			b.commit("Ask for packages")
		}, "the local package ../shared is outside of the repository", "git URL"},
		{"a local package that the commit lacks", func(b *bench) {
			b.write("packages.yml", "packages: [{local: shared}]\n")
			b.commit("Ask for packages")
		}, "the local package shared does not exist at", ""},
		{"packages for a place outside of the worktree", func(b *bench) {
			b.write("dbt_project.yml", "name: shop\nprofile: shop\npackages-install-path: /srv/packages\n")
			withPackages(b)
		}, "packages-install-path is /srv/packages", "name a directory in the project"},
		{"another dbt than the project requires", func(b *bench) {
			b.write("dbt_project.yml", "name: shop\nprofile: shop\nrequire-dbt-version: '>=2.0.0'\n")
			b.commit("Require dbt")
		}, "requires dbt >=2.0.0, but dbt is 1.11.16", "--no-version-check"},
		{"a toolchain that the commit lacks", func(b *bench) {
			b.replace("dot_environments.yml", "{vars: {days: 30}}", "{vars: {days: 30}, dot: {toolchain: requirements.txt}}")
			b.world.Env = nil
		}, "there is no requirements.txt at", "git log --oneline -- requirements.txt"},
		{"a workspace that is committed", func(b *bench) {
			b.git("add", "-f", ".dot")
			b.git("commit", "-qm", "Commit too much")
		}, ".dot is committed to this repository", "git rm -r --cached"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			test.request(b)
			_, err := steps.Compile(t.Context(), b.world, b.req)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q in it", err, test.want)
			}
			hints := hint.Of(err)
			if test.hint == "" && hints != nil || !strings.Contains(strings.Join(hints, "\n"), test.hint) {
				t.Errorf("the hints are %q, want %q in them", hints, test.hint)
			}
		})
	}
}

// withPackages adds a package to the project.
func withPackages(b *bench) {
	b.write("packages.yml", "packages: [{package: dbt-labs/dbt_utils, version: 1.3.0}]\n")
	b.commit("Ask for packages")
}

// toolchainKey is the digest in the name of a toolchain's step.
var toolchainKey = regexp.MustCompile(`\btoolchain [0-9a-f]{8}\b`)

// compiled describes what the invocation is compiled to.
func (b *bench) compiled() []string {
	b.t.Helper()
	program := b.compile()
	var lines []string
	for _, note := range program.Notes {
		lines = append(lines, "note: "+note)
	}
	for _, warning := range program.Warnings {
		lines = append(lines, "warning: "+warning)
	}
	for _, s := range program.Graph.Steps() {
		lines = append(lines, s.Name+b.inputLabels(s)+b.dependencies(s))
	}
	var names []string // of commits, in pairs: a hash, and what the tests call it
	for _, r := range program.Resolved {
		subject, _, _ := strings.Cut(r.Commit.Subject, " ")
		names = append(names, r.Short, subject)
	}
	for i, line := range lines {
		lines[i] = toolchainKey.ReplaceAllString(strings.NewReplacer(names...).Replace(line), "toolchain KEY")
	}
	return lines
}

// inputLabels lists the labels of a step's inputs in brackets. If the step has the
// usual inputs, it lists only the differences. Late inputs come last.
func (b *bench) inputLabels(s *graph.Step) string {
	labels := labelsOf(s.Inputs)
	text := strings.Join(labels, ", ")
	if slices.Contains(labels, "schema suffix") {
		text = "usual"
		for _, label := range labels {
			if !slices.Contains(usual, label) {
				text += " + " + label
			}
		}
		for _, label := range usual {
			if !slices.Contains(labels, label) {
				text += " - " + label
			}
		}
	}
	if s.Late != nil {
		switch late, err := s.Late(b.t.Context()); {
		case err != nil:
			text += "; later: not known yet"
		case len(late) > 0:
			text += "; later: " + strings.Join(labelsOf(late), ", ")
		}
	}
	if text == "" {
		return ""
	}
	return " [" + text + "]"
}

// labelsOf lists the labels of inputs, sorted.
func labelsOf(inputs []graph.Input) []string {
	var labels []string
	for _, in := range inputs {
		labels = append(labels, in.Label)
	}
	slices.Sort(labels)
	return labels
}

// dependencies lists the steps that a step depends on. Steps of the same build or
// commit are named by their kind only.
func (b *bench) dependencies(s *graph.Step) string {
	if len(s.Deps) == 0 {
		return ""
	}
	_, of := s.Title()
	_, commit, _ := strings.Cut(of, "@")
	var names []string
	for _, name := range s.Deps {
		dep := graph.Step{Name: name}
		if kind, to := dep.Title(); to == of || to == commit {
			name = kind
		}
		names = append(names, name)
	}
	return " after " + strings.Join(names, ", ")
}
