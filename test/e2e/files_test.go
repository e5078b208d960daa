//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesOfTheCommit proves D.6: by relative paths, SQL, sources and Python models read files of
// their commit, whatever the working tree has now.
func TestFilesOfTheCommit(t *testing.T) {
	s := newProject(t, "duckdb", map[string]string{
		"data/x.csv":        "n\n1\n",
		"models/show.sql":   "select n from 'data/x.csv'\n",
		"models/shown.sql":  "select n from {{ ref('show') }}\n",
		"models/sql.sql":    "{{ config(materialized='table') }} select n from read_csv('data/x.csv')\n",
		"models/source.sql": "{{ config(materialized='table') }} select n from {{ source('files', 'x') }}\n",
		"models/sources.yml": "sources:\n  - name: files\n    config:\n      external_location: \"data/{identifier}.csv\"\n" +
			"    tables:\n      - name: x\n",
		"models/py.py": "def model(dbt, session):\n    text = open('data/x.csv').read()\n    return session.sql('select ' + text.split()[1] + ' as n')\n",
	})
	want := func(spec, n string) {
		t.Helper()
		for _, model := range []string{"sql", "source", "py"} {
			s.wantRows("select n from "+s.schema(spec)+"."+model, n)
		}
	}
	s.write("data/x.csv", "n\n2\n") // not committed
	s.mustDot("build", "dev@HEAD")
	want("dev@HEAD", "1")
	s.commit("Other data")
	s.write("data/x.csv", "n\n3\n")
	s.mustDot("build", "dev@HEAD", "dev@HEAD~1")
	want("dev@HEAD", "2")
	want("dev@HEAD~1", "1")
	out := s.dot("compare", "dev@HEAD~1", "dev@HEAD")
	if !strings.Contains(out.stdout, "3 differ") || !strings.Contains(out.stdout, "2 unknown") {
		t.Errorf("compare:\n%s", out.stdout)
	}
}

// TestFilesOfTheWorkingTree proves D.6: a dbt that dot can't start in the worktree reads no file that
// differs from the commit's. A path that leads out of the worktree is named once.
func TestFilesOfTheWorkingTree(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "out.csv")
	if err := os.WriteFile(outside, []byte("n\n7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newProject(t, "duckdb", map[string]string{
		"data/x.csv":           "n\n1\n",
		"macros/x.sql":         "{% macro x() %}read_csv('data/x.csv'){% endmacro %}\n",
		"models/a.sql":         "{{ config(materialized='table') }} select n from {{ x() }}\n",
		"models/b.sql":         "{{ config(materialized='table') }} select n from '" + outside + "'\n",
		"dot_environments.yml": "environment:\n  dev: {target: dev, dot: {dbt: [sh, dbt.sh]}}\n",
	})
	s.write("dbt.sh", "exec "+filepath.Join(s.bin, "dbt")+" \"$@\"\n") // not committed
	s.write("data/x.csv", "n\n2\n")
	s.ends(2, "model.stall.a: data/x.csv", "build", "dev@HEAD")
	const says = "model.stall.b: "
	if out := s.mustDot("build", "dev@HEAD", "-s", "b"); strings.Count(out.stderr, says+outside) != 1 {
		t.Errorf("a file outside:\n%s", out.stderr)
	}
	if out := s.mustDot("build", "dev@HEAD", "-s", "b", "--force"); strings.Contains(out.stderr, says) {
		t.Errorf("said again:\n%s", out.stderr)
	}
	s.commit("Other data")
	s.mustDot("build", "dev@HEAD")
	s.wantRows("select n from "+s.schema("dev@HEAD")+".a", "2")
	s.wantRows("select n from "+s.schema("dev@HEAD")+".b", "7")
}

// TestFilesNotCommitted: a build doesn't see files that only the working tree has, and a hint names
// them, also one whose path Jinja makes.
func TestFilesNotCommitted(t *testing.T) {
	slow(t)
	t.Parallel()
	s := newProject(t, "duckdb", map[string]string{
		"data/old.csv":      "n\n1\n",
		"models/old.sql":    "select n from read_csv('data/old.csv')\n",
		"models/new.sql":    "select n from read_csv('data/new.csv')\n",
		"models/made.sql":   "select n from read_csv('{{ 'data' }}/made.csv')\n",
		"models/many.sql":   "select n from read_csv('parts/*.csv')\n",
		"models/nobody.sql": "select n from read_csv('data/nobody.csv')\n",
	})
	for _, name := range []string{"data/new.csv", "data/made.csv", "parts/1.csv"} {
		s.write(name, "n\n2\n")
	}
	head := s.git("rev-parse", "--short", "HEAD")
	res := s.dot("build", "dev@HEAD")
	if res.code == 0 {
		t.Fatalf("the build succeeded, as no fresh clone would:\n%s", res.stderr)
	}
	for model, file := range map[string]string{"new": "data/new.csv", "made": "data/made.csv", "many": "parts/*.csv"} {
		if want := "hint: " + model + " reads " + file + ", which is in your working tree, but not in commit " + head + ": commit the file"; !strings.Contains(res.stderr, want) {
			t.Errorf("no %q in:\n%s", want, res.stderr)
		}
	}
	for _, file := range []string{"data/old.csv,", "data/nobody.csv,"} {
		if strings.Contains(res.stderr, file) {
			t.Errorf("a hint names %s\n%s", file, res.stderr)
		}
	}
	s.wantTables("dev@HEAD", "old")
	s.git("rm", "--quiet", "models/nobody.sql")
	s.commit("Commit the files")
	s.mustDot("build", "dev@HEAD")
}

// TestProfileFilesGone: a DuckDB file in a directory that doesn't exist, and a certificate that isn't
// there, are named before dbt starts. dbt debug runs all the same.
func TestProfileFilesGone(t *testing.T) {
	t.Parallel()
	s := newProject(t, "duckdb", map[string]string{"models/a.sql": "select 1 as n\n"})
	s.write("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: 'not/there/shop.duckdb', schema: dev}\n"+
		"    prod: {type: postgres, host: localhost, user: me, password: hush, dbname: shop, schema: prod, port: 5432, sslmode: verify-full, sslrootcert: root.crt}\n")
	dir := filepath.Join(s.dir, "not", "there")
	for _, command := range [][]string{{"build", "dev@HEAD"}, {"build", "dev@HEAD", "dev@HEAD"}, {"plan", "build", "dev@HEAD"}, {"run", "dev"}} {
		res := s.dot(command...)
		for _, want := range []string{"profiles.yml:4", "path names " + filepath.Join(dir, "shop.duckdb") + ", and its directory does not exist", "hint: make it: mkdir -p " + dir} {
			if res.code != 2 || !strings.Contains(res.stderr, want) || strings.Contains(res.stderr, "Traceback") {
				t.Errorf("dot %s: code %d, no %q in:\n%s", strings.Join(command, " "), res.code, want, res.stderr)
			}
		}
	}
	res := s.dot("build", "prod@HEAD")
	for _, want := range []string{"profiles.yml:5", "sslrootcert names " + filepath.Join(s.dir, "root.crt") + ", which does not exist", "hint: put the file there, or let sslrootcert name"} {
		if res.code != 2 || !strings.Contains(res.stderr, want) || strings.Contains(res.stderr, "hush") {
			t.Errorf("code %d, no %q in:\n%s", res.code, want, res.stderr)
		}
	}
	if res := s.dot("debug", "dev"); !strings.Contains(res.stdout, "Connection test") {
		t.Errorf("dbt debug did not run:\n%s%s", res.stdout, res.stderr)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s.mustDot("build", "dev@HEAD")
}

// TestFilesThatModelsWrite: each build has its own files of external models. What a hook writes by
// a relative path stays in the worktree, and is no change of the commit.
func TestFilesThatModelsWrite(t *testing.T) {
	s := newProject(t, "duckdb", map[string]string{
		"models/out.sql":  "{{ config(materialized='external', format='csv') }} select '{{ target.name }}' as env\n",
		"models/hook.sql": "{{ config(materialized='table', post_hook=\"copy (select 1 as n) to 'made.csv'\") }} select 1 as n\n",
	})
	s.mustDot("build", "dev@HEAD", "prod@HEAD")
	s.mustDot("build", "dev@HEAD", "prod@HEAD", "--force")
	for _, env := range []string{"dev", "prod"} {
		s.wantRows("select env from "+s.schema(env+"@HEAD")+".out", env)
	}
	made := filepath.Join(s.dir, ".dot", "build", s.git("rev-parse", "--short", "HEAD"), "worktree", "made.csv")
	if err := os.WriteFile(made, []byte("n\n2000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := s.dot("build", "dev@HEAD", "--force"); out.code != 2 || !strings.Contains(out.stderr, "?? made.csv") {
		t.Errorf("with a file that was changed by hand: code %d\n%s", out.code, out.stderr)
	}

	s.write("models/out.sql", "{{ config(materialized='external', location='out.csv') }} select 1 as n\n")
	s.commit("A location")
	if out := s.dot("build", "dev@HEAD"); out.code != 2 || !strings.Contains(out.stderr, "model.stall.out  file out.csv") {
		t.Errorf("a relative location: code %d\n%s", out.code, out.stderr)
	}
}
