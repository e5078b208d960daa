//go:build unix

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A history whose pinned versions change. Each commit is built with its own dbt, which venv and pip
// install from the index. It takes a minute or two, most of it for pip.
func TestToolchains(t *testing.T) {
	full(t) // it installs dbt twice
	t.Parallel()
	s := newStall(t, "duckdb", map[string]string{
		"dot_environments.yml": "environment:\n  default: dev\n  dev: {dot: {toolchain: requirements.txt}}\n",
		"requirements.txt":     pins(t, "1.9.txt"),
		"pins/shared.txt":      pins(t, "shared.txt"),
		"dbt_project.yml":      projectFiles["dbt_project.yml"] + "require-dbt-version: \"<1.10.0\"\n",
	})
	old := s.head()
	s.write("requirements.txt", pins(t, "1.11.txt"))
	s.write("dbt_project.yml", projectFiles["dbt_project.yml"]+"require-dbt-version: [\">=1.11.0\", \"<2.0.0\"]\n")
	latest := s.commit("A newer dbt")
	s.pip()

	// Kill it during pip: an incomplete environment is never used.
	killed := s.start("build", "dev@"+old)
	eventually(t, "pip installs", func() bool {
		if killed.ended() {
			killed.wait()
			t.Fatal("dot ended before pip installed anything")
		}
		return slices.ContainsFunc(s.toolchains("lib/python3*/site-packages/*.dist-info"), func(name string) bool {
			return !strings.HasPrefix(filepath.Base(name), "pip-") && !strings.HasPrefix(filepath.Base(name), "setuptools-")
		})
	})
	killed.signal(syscall.SIGKILL)
	killed.wait()

	again := s.mustDot("build", "dev@"+old)
	if !strings.Contains(again.stderr, " (last run interrupted; requirements.txt at "+old) {
		t.Error("the toolchain is not made again because it was interrupted")
	}
	s.mustDot("build", "dev@"+latest)

	for commit, want := range map[string]string{old: "1.9.10", latest: "1.11.16"} {
		if got := s.builtBy(commit); got != want {
			t.Errorf("%s was built with dbt %s, want %s", commit, got, want)
		}
		want := []string{
			"cheap {'fruit': pear, 'cents': 95}", "prices {'fruit': apple, 'cents': 120}",
			"prices {'fruit': pear, 'cents': 95}", "season {'season': spring, 'fruits': 1}",
		}
		if diff := cmp.Diff(want, s.table("dev_"+commit)); diff != "" {
			t.Errorf("tables of %s (-want +got):\n%s", commit, diff)
		}
		s.reason("", "build", "dev@"+commit)
	}
	if got := len(s.toolchains("bin/dbt")); got != 2 {
		t.Errorf("%d toolchains, want 2", got)
	}
	if len(s.toolchains("lib/python3*/site-packages/dbt/__pycache__/*.pyc")) == 0 {
		t.Error("dbt was installed without bytecode")
	}

	// Both exist by now: nothing is installed, and the dbt on PATH has never run.
	before := tree(t, filepath.Join(s.dir, ".dot", "toolchains"))
	s.mustDot("build", "dev@"+old)
	s.planIsRun("test", "dev@"+old)
	after := tree(t, filepath.Join(s.dir, ".dot", "toolchains"))
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the toolchains have changed (-before +after):\n%s", diff)
	}
	if got := s.starts(); len(got) > 0 {
		t.Errorf("the dbt on PATH was started: %v", got)
	}

	t.Run("pins that do not fit", func(t *testing.T) {
		s.write("requirements.txt", pins(t, "1.9.txt"))
		head := s.commit("Pins of old")
		s.refused([]string{"build", "dev@HEAD"}, "", head+" requires dbt >=1.11.0, <2.0.0, but dbt is 1.9.10", "dot: {dbt: /path/to/dbt}")
	})
}

// If a commit needs another dbt, dot reports that before dbt runs. It builds the commit anyway if
// the user insists.
func TestRequiredVersion(t *testing.T) {
	t.Parallel()
	s := newStall(t, "duckdb", map[string]string{
		"dbt_project.yml":                projectFiles["dbt_project.yml"] + "require-dbt-version: \">=1.8.0,<1.10.0\"\n",
		"packages.yml":                   "packages:\n  - local: packages/fruit\n",
		"packages/fruit/dbt_project.yml": "name: fruit\nversion: \"1.0\"\n",
	})
	s.refused([]string{"build", "dev@HEAD"}, "",
		s.head()+" requires dbt >=1.8.0, <1.10.0, but dbt is "+s.dbtVersion(), "dot: {dbt: /path/to/dbt}", "dot: {toolchain: requirements.txt}")
	if _, err := os.Stat(filepath.Join(s.dir, ".dot", "build")); !os.IsNotExist(err) {
		t.Errorf("something was written (%v)", err)
	}
	if got := s.started(func() { s.mustDot("build", "dev@HEAD", "--", "--no-version-check") }); got != "deps list build" {
		t.Errorf("dot started dbt %q, want deps, list and build", got)
	}
}

// dbtVersion returns the version of the virtual environment's dbt.
func (s *shop) dbtVersion() string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(venv(s.t), "lib", "python3*", "site-packages", "dbt_core-*.dist-info"))
	if err != nil || len(found) != 1 {
		s.t.Fatalf("the version of dbt is unknown: %q, %v", found, err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "dbt_core-"), ".dist-info")
}

// pins returns a file of testdata/toolchain.
func pins(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "toolchain", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pip lets dot find the Python of the tests and no uv. pip finds the index as it does for the
// caller, with the caller's cache.
func (s *shop) pip() {
	s.t.Helper()
	link := func(name, to string) {
		s.t.Helper()
		script := "#!/bin/sh\nexec '" + to + "' \"$@\"\n"
		if err := os.WriteFile(filepath.Join(s.bin, name), []byte(script), 0o755); err != nil {
			s.t.Fatal(err)
		}
	}
	link("python3", filepath.Join(venv(s.t), "bin", "python"))
	git, err := exec.LookPath("git")
	if err != nil {
		s.t.Fatal(err)
	}
	link("git", git) // its directory may contain uv, too
	path := []string{s.bin}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, "uv")); err != nil {
			path = append(path, dir)
		}
	}
	s.setenv("PATH=" + strings.Join(path, string(os.PathListSeparator)))
	if cache, err := os.UserCacheDir(); err == nil {
		s.setenv("PIP_CACHE_DIR=" + filepath.Join(cache, "pip"))
	}
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PIP_") || strings.HasPrefix(name, "SSL_CERT_") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			s.setenv(entry)
		}
	}
}

// toolchains lists the paths in virtual environments that match a pattern.
func (s *shop) toolchains(pattern string) []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.dir, ".dot", "toolchains", "*", "venv", filepath.FromSlash(pattern)))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// builtBy returns the version of the dbt that wrote the manifest of dev at a commit.
func (s *shop) builtBy(commit string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, ".dot", "build", commit, "env", "dev", "target", "manifest.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var manifest struct {
		Metadata struct {
			Version string `json:"dbt_version"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		s.t.Fatal(err)
	}
	return manifest.Metadata.Version
}
