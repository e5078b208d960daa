//go:build linux

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A dbt 1 that is newer than all that were tried runs in a host if it has what a host needs, and else
// as processes of its own. dot says which, with -v and in dot doctor.
func TestNewerDBT(t *testing.T) {
	full(t)
	t.Parallel()
	s := newStall(t, "duckdb", map[string]string{"models/fruits.sql": "select 'fig' as fruit\n"})
	s.ownDBT()
	s.claimVersion("1.99.0")
	const untried = "dbt 1.99.0 was not tried in a host, "
	says := func(way, doctor string) {
		t.Helper()
		res := s.mustDot("build", "dev@HEAD", "-v", "--force")
		if !strings.Contains(res.stderr, " ran "+way+"\n") {
			t.Errorf("dot does not say that dbt ran %s", way)
		}
		if out := s.dot("doctor").stdout; !strings.Contains(out, doctor+"\n") {
			t.Errorf("dot doctor does not say %q:\n%s", doctor, out)
		}
	}
	s.part("with all functions", func() {
		note := untried + "but has what a host needs"
		says("in a host, which imports dbt once; "+note, "dbt is started once for all commands of an invocation; "+note)
	})
	s.part("with another signature", func() {
		// Only in a host, so that dbt itself goes on.
		s.install("python/sitecustomize.py", pythonStart+"\nif sys.orig_argv[1:2] == ['-']:\n    import dbt_common.invocation\n"+
			"    dbt_common.invocation.reset_invocation_id = lambda why: None\n")
		note := untried + "and doesn't fit: dbt's dbt_common.invocation.reset_invocation_id can't be called without arguments: missing a required argument: 'why'"
		says("as a process of its own: "+note, "dbt is started for each command: "+note)
	})
}

// claimVersion replaces the shop's dbt by one that says that it has another version: a virtual
// environment of links.
func (s *shop) claimVersion(version string) {
	s.t.Helper()
	installed, err := filepath.Glob(filepath.Join(venv(s.t), "lib", "python3*", "site-packages", "*"))
	if err != nil || len(installed) == 0 {
		s.t.Fatalf("there are no packages: %v", err)
	}
	packages := filepath.Join("lib", filepath.Base(filepath.Dir(filepath.Dir(installed[0]))), "site-packages")
	s.install(filepath.Join(packages, "dbt_core-"+version+".dist-info", "METADATA"), "Metadata-Version: 2.1\nName: dbt-core\nVersion: "+version+"\n")
	link := func(from, to string) {
		s.t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(s.bin, to)), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.Symlink(from, filepath.Join(s.bin, to)); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, file := range installed {
		if !strings.HasPrefix(filepath.Base(file), "dbt_core-") {
			link(file, filepath.Join(packages, filepath.Base(file)))
		}
	}
	python := filepath.Join(venv(s.t), "bin", "python")
	base, err := filepath.EvalSymlinks(python)
	if err != nil {
		s.t.Fatal(err)
	}
	link(base, "bin/python")
	link(filepath.Join(venv(s.t), "pyvenv.cfg"), "pyvenv.cfg")
	script, err := os.ReadFile(filepath.Join(s.bin, "dbt"))
	if err != nil {
		s.t.Fatal(err)
	}
	changed := strings.Replace(string(script), python, filepath.Join(s.bin, "bin", "python"), 1)
	if changed == string(script) {
		s.t.Fatalf("the script is not started by %s:\n%s", python, script)
	}
	s.install("dbt", changed)
}

// install writes a file into the directory of the shop's dbt.
func (s *shop) install(name, text string) {
	s.t.Helper()
	file := filepath.Join(s.bin, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}
