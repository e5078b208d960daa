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
	s.write("dbt.sh", "exec "+filepath.Join(venv(t), "bin", "dbt")+" \"$@\"\n") // not committed
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
