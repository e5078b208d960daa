//go:build unix

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestModified builds and compares all that a branch changes: large seeds, macros that are handed
// over as values, files that models read, the project's vars, nodes of packages, new and removed
// nodes. dbt's state:modified misses the first four.
func TestModified(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		rows := strings.Repeat("1,"+strings.Repeat("some text that fills a megabyte ", 20)+"\n", 2000)
		files := map[string]string{
			"dbt_project.yml":       tables,
			"packages.yml":          "packages:\n  - local: lib\n",
			"lib/dbt_project.yml":   "name: lib\n",
			"lib/models/of_lib.sql": "select {{ lib.one() }} as x\n",
			"lib/macros/one.sql":    "{% macro one() %}1{% endmacro %}\n",
			"seeds/big.csv":         "id,note\n" + rows,
			"seeds/small.csv":       "id\n1\n",
			"macros/cents.sql":      "{% macro cents(x) %}{{ x }} * 100{% endmacro %}\n",
			"macros/double.sql":     "{% macro double(x) %}{{ x }} * 2{% endmacro %}\n",
			"macros/apply.sql":      "{% macro apply(function, x) %}{{ function(x) }}{% endmacro %}\n",
			"models/of_big.sql":     "select count(*) as n, max(id) as id from {{ ref('big') }}\n",
			"models/valued.sql":     "select {{ apply(cents, 2) }} as x\n",
			"models/rated.sql":      "select {{ var('most') }} as x\n",
			"models/other.sql":      "select {{ apply(double, 3) }} as x, s.id from {{ ref('small') }} s\n",
			"models/other.yml":      "models: [{name: other, config: {meta: {most: .inf}}}]\n", // JSON has no such number
			"models/gone.sql":       "select 1 as x\n",
			"models/off.sql":        "select 1 as x\n",
			"models/limited.sql":    "select '{{ env_var('DOT_TEST_LIMIT', 'none') }}' as x\n",
			"models/of_file.sql":    "select 1 as x\n",
			"models/of_path.sql":    "select 1 as x\n",
			"data/x.csv":            "x\n1\n",
			"data/part/y.csv":       "x\n1\n",
			"dot_environments.yml":  "environment:\n  default: dev\n  all: {dot: {max-age: never}}\n  dev: {}\n  prod: {}\n  other: {target: prod, vars: {unread: secret-value}}\n",
			"tests/singular.sql":    "select * from {{ ref('other') }} where x < 0\n",
		}
		if adapter == "duckdb" {
			files["models/of_file.sql"] = "select * from read_csv('data/x.csv')\n"
			files["models/of_path.sql"] = "select * from read_csv('{{ 'data' }}/*/y.csv')\n"
		}
		s := newProject(t, adapter, files)
		s.mustDot("build", "prod@main")
		args := func(command, spec string, more ...string) []string {
			return append([]string{command, spec, "--defer", "prod@main", "--modified"}, more...)
		}

		s.part("nothing modified is an answer", func() {
			s.git("switch", "--quiet", "--create", "readme")
			s.write("README.md", "a stall\n")
			s.commit("Explain")
			s.mustDot(args("build", "dev@readme")...)
			s.wantTables("dev@readme")
			if out := s.mustDot(append([]string{"plan"}, args("build", "dev@readme")...)...).stdout; !strings.Contains(out, "nothing modified") {
				t.Errorf("the plan does not say that nothing is modified:\n%s", out)
			}
			s.wantVerdicts(s.compare(0, "prod@main", "dev@readme", "--modified", "--exit-code"), 0)
			if res := s.mustDot("compare", "prod@main", "dev@readme", "--modified"); !strings.Contains(res.stdout, "nothing modified") {
				t.Errorf("compare does not say that nothing is modified:\n%s", res.stdout)
			}
		})
		changed := []string{"big", "of_big", "of_lib", "rated", "valued", "young"}
		why := map[string][]string{
			"seed.stall.big": {"seed's rows"}, "model.stall.valued": {"macro cents"}, "model.stall.rated": {"var most"},
			"model.lib.of_lib": {"macro one"}, "model.stall.young": {"new"},
		}
		if adapter == "duckdb" {
			changed = []string{"big", "of_big", "of_file", "of_lib", "of_path", "rated", "valued", "young"}
			why["model.stall.of_file"], why["model.stall.of_path"] = []string{"file data/x.csv"}, []string{"file data/part/y.csv"}
		}
		s.part("all that the branch changes", func() {
			s.git("switch", "--quiet", "--create", "branch", "main")
			s.write("seeds/big.csv", "id,note\n2,the line that differs\n"+rows)
			s.write("macros/cents.sql", "{% macro cents(x) %}{{ x }} * 1000{% endmacro %}\n")
			s.write("lib/macros/one.sql", "{% macro one() %}11{% endmacro %}\n")
			s.write("dbt_project.yml", strings.Replace(tables, "most: 100", "most: 200", 1))
			s.write("data/x.csv", "x\n12\n")
			s.write("data/part/y.csv", "x\n13\n")
			s.write("models/off.sql", "{{ config(enabled=false) }}\nselect 1 as x\n")
			s.write("models/young.sql", "select 14 as x\n")
			s.git("rm", "--quiet", "models/gone.sql")
			s.commit("Change everything")
			if out := s.mustDot(append([]string{"plan"}, args("build", "dev@branch")...)...).stdout; !strings.Contains(out, "modified: not known until the check has run") {
				t.Errorf("the plan does not say that the nodes aren't known:\n%s", out)
			}
			s.mustDot(args("build", "dev@branch")...)
			s.wantTables("dev@branch", changed...)
			s.wantTable("dev@branch", "of_big", "2001 2")
			s.wantTable("dev@branch", "valued", "2000")
			s.wantTable("dev@branch", "rated", "200")
			s.wantTable("dev@branch", "of_lib", "11")
			if adapter == "duckdb" {
				s.wantTable("dev@branch", "of_file", "12")
				s.wantTable("dev@branch", "of_path", "13")
			}
			s.upToDate(args("build", "dev@branch")...)
		})
		s.part("the plan has the reasons", func() {
			got := s.modified(args("build", "dev@branch")...)
			if diff := cmp.Diff(why, got); diff != "" {
				t.Errorf("modified (-want +got):\n%s", diff)
			}
			for _, command := range []string{"plan", "explain"} {
				if out := s.mustDot(append([]string{command}, args("build", "dev@branch")...)...).stdout; !strings.Contains(out, "macro cents") || !strings.Contains(out, fmt.Sprintf("%d nodes", len(why))) {
					t.Errorf("dot %s has no reasons:\n%s", command, out)
				}
			}
		})
		s.part("other commands, other operators", func() {
			var listed []string
			for line := range strings.Lines(s.mustDot(args("ls", "dev@branch", "--exclude", "big+ of_lib", "--", "--output", "name", "--resource-type", "model", "--quiet")...).stdout) {
				listed = append(listed, strings.TrimSpace(line))
			}
			want := []string{"rated", "valued", "young"}
			if adapter == "duckdb" {
				want = []string{"of_file", "of_path", "rated", "valued", "young"}
			}
			if diff := cmp.Diff(want, listed); diff != "" {
				t.Errorf("dot ls (-want +got):\n%s", diff)
			}
			s.during([]string{"DOT_DBT_HOST=off"}, func() {
				s.mustDot("seed", "other@branch", "--defer", "prod@main", "--modified")
				s.mustDot("run", "other@branch", "--defer", "prod@main", "-s", "state:modified,valued+1")
			})
			s.wantTables("prod@branch", "big", "valued") // the schema of the environment other
		})
		s.part("compare", func() {
			want := []string{"big: differs", "gone: removed", "of_big: differs", "of_lib: differs", "off: removed", "rated: differs", "valued: differs", "young: added"}
			if adapter == "duckdb" {
				want = append(want, "of_file: differs", "of_path: differs")
			}
			found := map[string]bool{}
			for _, r := range s.compare(0, "prod@main", "dev@branch", "--modified").Comparisons[0].Relations {
				found[r.Name+": "+r.Verdict] = true
			}
			wanted := map[string]bool{}
			for _, line := range want {
				wanted[line] = true
			}
			if diff := cmp.Diff(wanted, found); diff != "" {
				t.Errorf("compared (-want +got):\n%s", diff)
			}
		})
		s.part("values that differ", func() {
			if res := s.mustDot("plan", "compare", "prod@main", "other@branch", "--modified"); !strings.Contains(res.stderr, "different values of var unread:") {
				t.Errorf("the comparison does not name the var:\n%s", res.stderr)
			}
			s.setenv("DOT_TEST_LIMIT=hidden-value")
			res := s.mustDot("plan", "build", "other@branch", "--defer", "prod@main", "--modified")
			if want := "var unread, environment variable DOT_TEST_LIMIT"; !strings.Contains(res.stderr, want) || strings.Count(res.stderr, "warning:") != 1 {
				t.Errorf("the one warning does not name %s:\n%s", want, res.stderr)
			}
			if strings.Contains(res.stderr, "hidden-value") || strings.Contains(res.stderr, "secret-value") {
				t.Errorf("the warning has values:\n%s", res.stderr)
			}
		})
	})
}

// modified returns why each node is modified, according to the plan.
func (s *shop) modified(args ...string) map[string][]string {
	s.t.Helper()
	var plan struct {
		Builds []struct {
			Modified struct {
				Nodes []struct {
					ID  string `json:"unique_id"`
					Why []string
				}
			}
		}
	}
	res := s.mustDot(append([]string{"plan", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(res.stdout), &plan); err != nil {
		s.t.Fatal(err)
	}
	found := map[string][]string{}
	for _, n := range plan.Builds[0].Modified.Nodes {
		found[n.ID] = n.Why
	}
	return found
}

// TestModifiedFiles changes files that models read: with odd names, in a submodule, and behind a
// symbolic link. E.4: --modified finds the models, and compare doesn't take their code for the same.
func TestModifiedFiles(t *testing.T) {
	slow(t)
	t.Parallel()
	model := func(from string) string { return "{{ config(materialized='table') }} select x from " + from + "\n" }
	s := newProject(t, "duckdb", map[string]string{
		"data/it's \"so\".csv":     "x\n1\n",
		"données/été (alt).csv":    "x\n1\n",
		"données/same n° 1.csv":    "x\n1\n",
		"data/2024/y.csv":          "x\n1\n",
		"models/quotes.sql":        model(`read_csv('data/it''s "so".csv')`),
		"models/letters.sql":       model(`read_csv('données/été (alt).csv')`),
		"models/same.sql":          model(`read_csv('données/same n° 1.csv')`),
		"models/linked.sql":        model(`read_csv('now/y.csv')`),
		"models/of_submodule.sql":  model(`read_csv('vendor/our lib/data/z.csv')`),
		"models/of_submodules.sql": model(`read_csv('vendor/*/data/*.csv')`),
		"models/py.py":             "def model(dbt, session):\n    text = open(\"data/it's \\\"so\\\".csv\").read()\n    return session.sql('select ' + text.split()[1] + ' as x')\n",
		"models/below.sql":         model("{{ ref('quotes') }}"),
	})
	s.setenv("GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=protocol.file.allow", "GIT_CONFIG_VALUE_0=always")
	lib := filepath.Join(t.TempDir(), "lib")
	s.git("init", "--quiet", "--template=", "--initial-branch=main", lib)
	inLib := func(text string) {
		if err := os.MkdirAll(filepath.Join(lib, "data"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(lib, "data", "z.csv"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		s.git("-C", lib, "add", "--all")
		s.git("-C", lib, "-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "--quiet", "--message", "data")
	}
	inLib("x\n1\n")
	s.git("submodule", "--quiet", "add", "--name", "lib", lib, "vendor/our lib")
	if err := os.Symlink("data/2024", filepath.Join(s.dir, "now")); err != nil {
		t.Fatal(err)
	}
	s.commit("A submodule and a link")
	s.mustDot("build", "prod@main")

	s.git("switch", "--quiet", "--create", "branch")
	s.write("data/it's \"so\".csv", "x\n12\n")
	s.write("données/été (alt).csv", "x\n13\n")
	s.write("data/2024/y.csv", "x\n14\n")
	inLib("x\n15\n")
	s.git("-C", "vendor/our lib", "pull", "--quiet", "origin", "main")
	s.commit("Other files")
	args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified"}
	s.mustDot(args...)
	for model, row := range map[string]string{"quotes": "12", "py": "12", "below": "12", "letters": "13", "linked": "14", "of_submodule": "15", "of_submodules": "15"} {
		s.wantTable("dev@branch", model, row)
	}
	s.wantTables("dev@branch", "below", "letters", "linked", "of_submodule", "of_submodules", "py", "quotes")
	want := map[string][]string{
		"model.stall.quotes": {`file data/it's "so".csv`}, "model.stall.py": {`file data/it's "so".csv`}, "model.stall.letters": {"file données/été (alt).csv"},
		"model.stall.linked": {"file now/y.csv"}, "model.stall.of_submodule": {"file vendor/our lib/data/z.csv"}, "model.stall.of_submodules": {"file vendor/our lib"},
	}
	if diff := cmp.Diff(want, s.modified(args...)); diff != "" {
		t.Errorf("modified (-want +got):\n%s", diff)
	}
	var same []string
	s.mustDot("build", "dev@branch")
	for _, r := range s.compare(0, "prod@main", "dev@branch").Comparisons[0].Relations {
		if r.Verdict != "differs" {
			same = append(same, r.Name+": "+r.Verdict)
		}
	}
	if diff := cmp.Diff([]string{"same: same code"}, same); diff != "" {
		t.Errorf("compared (-want +got):\n%s", diff)
	}
}

// TestModifiedPackageVars changes vars in the dbt_project.yml of a local package and of an installed
// one. E.4: such a var counts for the nodes of that package, unless the project or --vars has a value
// for it, which wins.
func TestModifiedPackageVars(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		project := strings.Replace(tables, "  most: 100\n", "  most: 100\n  overridden: own\n  near: {scoped: own}\n  far: {in_far: own}\n", 1)
		near := func(value string) string {
			return strings.ReplaceAll("name: near\nvars: {in_near: @, called: @, near: {in_scope: @}, scoped: @, overridden: @, on_line: @, in_far: @}\n", "@", value)
		}
		files := map[string]string{
			"dbt_project.yml":          project,
			"packages.yml":             "packages:\n  - local: near\n",
			"models/own.sql":           "select '{{ near.how('own') }}' as said\n", // the project's node doesn't see the package's var
			"near/dbt_project.yml":     near("one"),
			"near/macros/how.sql":      "{% macro how(otherwise='') %}{{ var('called', otherwise) }}{% endmacro %}\n",
			"near/models/by_macro.sql": "select '{{ how() }}' as said\n",
			"near/models/neither.sql":  "select 1 as said\n",
		}
		for _, name := range []string{"in_near", "in_scope", "scoped", "overridden", "on_line"} {
			files["near/models/of_"+name+".sql"] = "select '{{ var('" + name + "') }}' as said\n"
		}
		s := newProject(t, adapter, files)
		s.use(dbt)
		far := s.newPackage("far")
		publish := func(value string) {
			version := far.push(map[string]string{
				"dbt_project.yml":   "name: far\nvars: {at_far: " + value + ", in_far: " + value + "}\n",
				"models/of_far.sql": "select '{{ var('at_far') }}' as said\n",
				"models/in_far.sql": "select '{{ var('in_far') }}' as said\n",
			})
			s.write("packages.yml", "packages:\n  - local: near\n  - git: "+far.url+"\n    revision: "+version+"\n")
		}
		publish("one")
		s.commit("Another package")
		s.mustDot("build", "prod@main")

		s.git("switch", "--quiet", "--create", "branch")
		s.write("near/dbt_project.yml", near("two"))
		publish("two")
		s.commit("Other vars of packages")
		args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified", "--vars", "on_line: line"}
		s.mustDot(args...)
		want := map[string][]string{
			"model.near.by_macro": {"var called of near"}, "model.near.of_in_near": {"var in_near of near"}, "model.near.of_in_scope": {"var in_scope of near"},
			"model.far.of_far": {"var at_far of far"},
		}
		if diff := cmp.Diff(want, s.modified(args...)); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
		s.wantTables("dev@branch", "by_macro", "of_far", "of_in_near", "of_in_scope")
		for _, name := range []string{"by_macro", "of_far", "of_in_near", "of_in_scope"} {
			s.wantTable("dev@branch", name, "two")
		}
		var differ []string
		s.mustDot("build", "dev@branch")
		for _, r := range s.compare(0, "prod@main", "dev@branch", "--modified").Comparisons[0].Relations {
			differ = append(differ, r.Name+": "+r.Verdict)
		}
		if diff := cmp.Diff([]string{"by_macro: differs", "of_far: differs", "of_in_near: differs", "of_in_scope: differs", "of_on_line: differs"}, differ); diff != "" {
			t.Errorf("compared (-want +got):\n%s", diff)
		}
		for _, name := range []string{"own", "in_far", "of_scoped", "of_overridden"} { // what --modified left out has the same rows
			s.wantRows("select count(*) from (select said from "+s.schema("prod@main")+"."+name+" except select said from "+s.schema("dev@branch")+"."+name+") x", "0")
		}
	})
}

// TestModifiedCompiled changes a macro and a var whose names the models compute, and a model whose
// description another one reads. E.4: --modified finds these models if dot compile has compiled the
// commit, and no others, though each build compiles other names of schemas.
func TestModifiedCompiled(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newProject(t, "duckdb", map[string]string{
		"dbt_project.yml":     tables,
		"macros/cents.sql":    "{% macro cents(x) %}{{ x }} * 100{% endmacro %}\n",
		"models/base.sql":     "select 1 as x\n",
		"models/base.yml":     "models: [{name: base, description: one}]\n",
		"models/by_macro.sql": "select {{ context['ce' ~ 'nts'](2) if execute else 1 }} as x\n",
		"models/by_var.sql":   "select {{ var('mo' ~ 'st') }} as x\n",
		"models/by_graph.sql": "select '{{ graph.nodes['model.stall.base'].description if execute }}' as x\n",
		"models/below.sql":    "select * from {{ ref('by_macro') }}\n",
		"models/named.sql":    "select x, '{{ target.schema }}' as y, '{{ this }}' as z from {{ ref('base') }} -- {{ ref('base') }}\n",
		"models/grows.sql":    "{{ config(materialized='incremental') }} select x from {{ ref('base') }} {% if is_incremental() %} where x > 1 {% endif %}\n",
		"models/py.py":        "def model(dbt, session):\n    return dbt.ref('base')\n",
		"tests/counted.sql":   "select * from {{ ref('base') }} where x > {{ context['ce' ~ 'nts'](2) if execute else 1 }}\n",
	})
	s.mustDot("build", "prod@main")
	s.mustDot("build", "prod@main", "--force") // the incremental model has rows now
	s.git("switch", "--quiet", "--create", "branch")
	s.write("macros/cents.sql", "{% macro cents(x) %}{{ x }} * 1000{% endmacro %}\n")
	s.write("dbt_project.yml", strings.Replace(tables, "most: 100", "most: 200", 1))
	s.write("models/base.yml", "models: [{name: base, description: two}]\n")
	s.commit("Change what no text names")
	args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified"}
	s.mustDot(args...)
	if found := s.modified(args...); len(found) > 0 {
		t.Errorf("without compiled SQL, these are modified: %v", found)
	}

	s.mustDot("compile", "dev@branch", "--defer", "prod@main")
	step := "build dev@" + s.git("rev-parse", "--short", "branch")
	if got := s.plan(args...).step(t, step); got.Reason != "changed: compiled SQL" {
		t.Errorf("%s: %s: %s", step, got.Decision, got.Reason)
	}
	s.mustDot(args...)
	want := map[string][]string{}
	for _, id := range []string{"model.stall.by_macro", "model.stall.by_var", "model.stall.by_graph", "test.stall.counted"} {
		want[id] = []string{"compiled SQL"}
	}
	if diff := cmp.Diff(want, s.modified(args...)); diff != "" {
		t.Errorf("modified (-want +got):\n%s", diff)
	}
	s.wantTables("dev@branch", "below", "by_graph", "by_macro", "by_var")
	s.wantTable("dev@branch", "below", "2000")
	s.wantTable("dev@branch", "by_var", "200")
	s.wantTable("dev@branch", "by_graph", "two")
	s.upToDate(args...)

	// With other vars, the compiled SQL is not that of the build.
	if got := s.plan(append(args, "--vars", "most: 1")...).step(t, step); strings.Contains(got.Reason, "compiled SQL") && !strings.Contains(got.Reason, "vars") {
		t.Errorf("%s: %s: %s", step, got.Decision, got.Reason)
	}
}

// TestModifiedDispatch changes where adapter.dispatch finds a package's macro, and no macro. E.4: nodes that
// call it are modified; dbt 2's manifest says the same on both sides.
func TestModifiedDispatch(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"dbt_project.yml":      tables,
			"packages.yml":         "packages:\n  - local: near\n",
			"macros/unit.sql":      "{% macro default__unit() %}project{% endmacro %}\n",
			"models/said.sql":      "select '{{ near.unit() }}' as said\n",
			"models/other.sql":     "select 1 as said\n",
			"near/dbt_project.yml": "name: near\n",
			"near/macros/unit.sql": "{% macro unit() %}{{ return(adapter.dispatch('unit', 'near')()) }}{% endmacro %}\n" +
				"{% macro default__unit() %}package{% endmacro %}\n",
		})
		s.use(dbt)
		s.mustDot("build", "prod@main")
		s.wantTable("prod@main", "said", "project")

		s.git("switch", "--quiet", "--create", "branch")
		s.write("dbt_project.yml", tables+"dispatch: [{macro_namespace: near, search_order: [near, stall]}]\n")
		s.commit("The package's own unit")
		args := []string{"build", "dev@branch", "--defer", "prod@main", "--modified"}
		s.mustDot(args...)
		why := "macro unit of another package"
		if diff := cmp.Diff(map[string][]string{"model.stall.said": {why}}, s.modified(args...)); diff != "" {
			t.Errorf("modified (-want +got):\n%s", diff)
		}
		s.wantTable("dev@branch", "said", "package")
		s.wantTables("dev@branch", "said")
	})
}

// TestModifiedUnitTest changes only a unit test, which dbt 1's build runs with its model only.
func TestModifiedUnitTest(t *testing.T) {
	onOne(t, "duckdb", func(t *testing.T, adapter string) {
		const unitTest = "unit_tests: [{name: one, model: b, given: [{input: ref('a'), rows: [{n: 3}]}], expect: {rows: [{n: %d}]}}]\n"
		s := newProject(t, adapter, map[string]string{
			"models/a.sql":         "select 1 as n\n",
			"models/b.sql":         "select n from {{ ref('a') }}\n",
			"models/tests.yml":     fmt.Sprintf(unitTest, 3),
			"tests/b_is_there.sql": "select 1 as x where (select count(*) from {{ ref('b') }}) = 0\n",
		})
		s.mustDot("build", "prod@main")
		s.git("switch", "--quiet", "--create", "wrong")
		s.write("models/tests.yml", fmt.Sprintf(unitTest, 4))
		s.commit("Expect 4")
		test := []string{"test", "dev@wrong", "--defer", "prod@main", "--modified"}
		build := append([]string{"build"}, test[1:]...)
		said := "unit test one is not run, since dbt build runs a unit test only with its model: dot " + strings.Join(test, " ")
		if res := s.mustDot(build...); !strings.Contains(res.stderr, "warning: "+said+"\n") {
			t.Errorf("want %q:\n%s", said, res.stderr)
		}
		if res := s.mustDot(append([]string{"plan"}, build...)...); !strings.Contains(res.stdout, "         "+said+"\n") {
			t.Errorf("the plan, want %q:\n%s", said, res.stdout)
		}
		reasons := func(want map[string][]string) {
			t.Helper()
			if diff := cmp.Diff(want, s.modified(build...)); diff != "" {
				t.Errorf("modified (-want +got):\n%s", diff)
			}
		}
		reasons(map[string][]string{"unit_test.stall.b.one": {"unit test"}})
		s.ends(1, "dbt test failed on dev@", test...)
		s.saved("nothing modified", "--defer", "prod@wrong~1")
		if res := s.mustDot("plan", "build", "dev@.", "--defer", "prod@wrong~1"); !strings.Contains(res.stdout, "dot test dev@. --defer 'prod@wrong~1' -s one\n") {
			t.Errorf("the plan of dev@. doesn't say what runs the unit test:\n%s", res.stdout)
		}
		s.write("models/b.sql", "select n + 1 as n from {{ ref('a') }}\n")
		if res := s.mustDot("build", "dev@.", "--defer", "prod@main"); strings.Contains(res.stderr, "is not run") || !strings.Contains(res.stderr, "3 ok") {
			t.Errorf("the unit test runs with its model:\n%s", res.stderr)
		}
		s.git("switch", "--quiet", "--create", "right", "main", "--discard-changes")
		s.write("models/b.sql", "select n + 0 as n from {{ ref('a') }}\n")
		s.commit("Add nothing")
		build[1] = "dev@right"
		s.mustDot(build...)
		reasons(map[string][]string{"model.stall.b": {"SQL"}, "unit_test.stall.b.one": {"tests b, which is modified"}, "test.stall.b_is_there": {"tests b, which is modified"}})
	})
}
