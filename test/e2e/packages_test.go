//go:build unix

package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Packages from git hosts: one pinned to a commit, one that follows a branch. dbt writes the commit
// it found to package-lock.yml. If the built commit has no such file, that must not keep dbt from
// looking for newer commits later.
func TestPackagesD7_git(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		pinned, moving := s.newPackage("pinned"), s.newPackage("moving")
		first := pinned.publish("one")
		moving.publish("one")
		s.write("packages.yml", "packages:\n  - git: "+pinned.url+"\n    revision: "+first+
			"\n  - git: "+moving.url+"\n    revision: main\n    warn-unpinned: false\n")
		s.write("models/sizes.sql", "select '{{ pinned.size() }}' as pinned, '{{ moving.size() }}' as moving\n")
		head := s.commit("Sizes from packages")
		build := []string{"build", "dev@HEAD", "-s", "sizes"}
		expect := func(moving string) {
			t.Helper()
			if got := s.query("select pinned, moving from dev_" + head + ".sizes")[0]; got[0] != "one" || got[1] != moving {
				t.Errorf("built with pinned %s and moving %s, want one and %s", got[0], got[1], moving)
			}
		}
		s.mustDot(build...)
		expect("one")

		// New commits in the packages change nothing while the installed packages are young.
		pinned.publish("two")
		moving.publish("two")
		deps := "deps " + head
		if step := s.plan(build...).step(t, deps); step.Decision != "skip" {
			t.Errorf("%s would run: %s", deps, step.Reason)
		}
		s.at(13*time.Hour, func() {
			if step := s.plan(build...).step(t, deps); step.Reason != "older than 12h" {
				t.Errorf("after 13 hours %s is %s: %s", deps, step.Decision, step.Reason)
			}
			s.planIsRun(build...)
		})
		expect("two")

		// dot deps looks for newer packages at once. Builds with the old ones are then out of date.
		moving.publish("three")
		s.mustDot("deps", "dev@HEAD")
		if got := s.read(".dot/build/" + head + "/worktree/dbt_packages/moving/macros/size.sql"); !strings.Contains(got, "three") {
			t.Errorf("dot deps has installed %s", got)
		}
		if step := s.plan(build...).step(t, "build dev@"+head); step.Reason != "changed: packages" {
			t.Errorf("after dot deps %s is %s: %s", step.Name, step.Decision, step.Reason)
		}

		// A committed lock file pins its packages.
		s.write("package-lock.yml", s.read(".dot/build/"+head+"/worktree/package-lock.yml"))
		locked := s.commit("Lock the packages")
		moving.publish("four")
		s.mustDot("deps", "dev@HEAD")
		if got := s.read(".dot/build/" + locked + "/worktree/dbt_packages/moving/macros/size.sql"); !strings.Contains(got, "three") {
			t.Errorf("in spite of the lock file dot deps has installed %s", got)
		}
		s.at(13*time.Hour, func() {
			if step := s.plan(build...).step(t, "deps "+locked); strings.Contains(step.Reason, "older") {
				t.Errorf("locked packages age: %s", step.Reason)
			}
		})
	})
}

// Packages from a hub, listed in dependencies.yml, with a lock file for other packages. dbt
// rewrites the lock file, which does not count as a change in the worktree.
func TestPackagesD3_lock_file_out_of_date(t *testing.T) {
	t.Parallel()
	s := newStall(t, "duckdb", nil)
	hub := newHub(t, "ada/sizes", map[string]string{"1.0.0": "small", "1.1.0": "large"})
	s.setenv("DBT_PACKAGE_HUB_URL=" + hub + "/")
	s.write("dependencies.yml", "packages:\n  - package: ada/sizes\n    version: [\">=1.0.0\", \"<2.0.0\"]\n")
	s.write("package-lock.yml", "packages:\n  - package: ada/sizes\n    version: 1.0.0\n    name: sizes\nsha1_hash: 0000000000000000000000000000000000000000\n")
	s.write("models/sizes.sql", "select '{{ sizes.size() }}' as size\n")
	head := s.commit("Sizes from a hub")
	build := []string{"build", "dev@HEAD", "-s", "sizes"}
	s.planIsRun(build...)
	if got := s.query("select size from dev_" + head + ".sizes")[0][0]; got != "large" {
		t.Errorf("built with %s", got)
	}
	if changes := s.git("-C", ".dot/build/"+head+"/worktree", "status", "--porcelain", "--", "package-lock.yml"); changes == "" {
		t.Error("dbt has not written the lock file anew: this test proves nothing")
	}
	s.reason("", build...)

	// Another hub may have something else under the same name.
	s.during([]string{"DBT_PACKAGE_HUB_URL=" + hub + "/other/"}, func() {
		if step := s.plan(build...).step(t, "deps "+head); step.Reason != "changed: DBT_PACKAGE_HUB_URL" {
			t.Errorf("with another hub: %s: %s", step.Decision, step.Reason)
		}
	})
}

// A host that wants a password gets none, and nobody is asked for it. The token in the URL must not
// be written anywhere.
func TestPackagesD7_private_host(t *testing.T) {
	t.Parallel()
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(host.Close)
	url := strings.Replace(host.URL, "//", "//{{ env_var('DBT_ENV_SECRET_TOKEN') }}@", 1)
	s := newStall(t, "duckdb", map[string]string{"packages.yml": "packages:\n  - git: \"" + url + "/private.git\"\n    revision: v1\n"})
	const token = "hunter2hunter2"
	s.setenv("DBT_ENV_SECRET_TOKEN=" + token)
	s.refused([]string{"build", "dev@HEAD"}, "deps", "dbt deps failed", "--no-deps")
	s.plan("build", "dev@HEAD")
	if log := s.read(".dot/build/" + s.head() + "/env/dev/logs/dbt.log"); !strings.Contains(log, "terminal prompts disabled") {
		t.Error("git was not kept from asking on the terminal")
	}
	for _, said := range s.said {
		if strings.Contains(said.stdout+said.stderr, token) {
			t.Errorf("dot %s shows the token", strings.Join(said.args, " "))
		}
	}
	holding := s.run(s.commandIn(s.dir, "grep", "--recursive", "--files-with-matches", token, ".dot")).stdout
	if holding != "" {
		t.Errorf("the token stands in\n%s", holding)
	}
}

// A package in the repository, above the project.
func TestPackagesD7_local_above_the_project(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		for _, name := range []string{"dbt_project.yml", "profiles.yml", "dot_environments.yml", "seeds", "models"} {
			s.move(name, "shop/"+name)
		}
		s.write("shared/dbt_project.yml", "name: shared\n")
		s.write("shared/macros/size.sql", "{% macro size() %}one{% endmacro %}\n")
		s.write("shop/packages.yml", "packages:\n  - local: ../shared\n")
		s.write("shop/models/sizes.sql", "select '{{ shared.size() }}' as size\n")
		head := s.commit("A package above the project")
		s.write("shared/macros/size.sql", "{% macro size() %}uncommitted{% endmacro %}\n")
		s.below("shop", func() {
			s.mustDot("build", "dev@HEAD", "-s", "sizes")
			s.reason("", "build", "dev@HEAD", "-s", "sizes")
		})
		if got := s.inDuckDB("shop/shop.duckdb", "select size from dev_"+head+".sizes")[0][0]; got != "one" {
			t.Errorf("built with the package as it is %s", got)
		}
	})
}

// D.7: packages.yml reads a var that two environments set differently. Each is built with its own package; both at
// once can't be, since they share a worktree.
func TestPackagesD7_vars(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		sizes := s.newPackage("sizes")
		one, two := sizes.publish("one"), sizes.publish("two")
		s.write("packages.yml", "packages:\n  - git: "+sizes.url+"\n    revision: \"{{ var('sizes') }}\"\n")
		s.write("dot_environments.yml", "environment:\n  default: dev\n  dev: {vars: {sizes: "+one+", other: 1}}\n  prod: {vars: {sizes: "+two+"}}\n")
		s.write("models/sizes.sql", "select '{{ sizes.size() }}' as size\n")
		head := s.commit("Sizes from a package")
		build := func(env string, args ...string) []string {
			return append([]string{"build", env + "@HEAD", "-s", "sizes"}, args...)
		}
		expect := func(env, size string) {
			t.Helper()
			s.wantRows("select size from "+env+"_"+head+".sizes", size)
		}
		s.mustDot(build("dev")...)
		expect("dev", "one")
		s.mustDot(build("prod")...)
		expect("prod", "two")
		s.mustDot(build("dev")...)
		expect("dev", "one")
		deps := "deps " + head
		for reason, vars := range map[string]string{"changed: vars: sizes": "sizes: " + two, "up to date": "other: 2"} {
			if step := s.plan(build("dev", "--vars", vars)...).step(t, deps); step.Reason != reason {
				t.Errorf("%s: %s, want %s", vars, step.Reason, reason)
			}
		}
		both := []string{"build", "dev@HEAD", "prod@HEAD", "-s", "sizes"}
		s.refused(both, "", "they can't have different packages at once", "build one after the other")
		s.mustDot(append(both, "--vars", "sizes: "+two)...)
		expect("dev", "two")
	})
}

// D.7: a local package and one from a git host have a package of their own which follows a branch: it is installed
// again when it is old.
func TestPackagesD7_of_packages(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, nil)
		s.use(dbt)
		moving, pinned := s.newPackage("moving"), s.newPackage("pinned")
		moving.publish("one")
		inner := "packages:\n  - git: " + moving.url + "\n    revision: main\n    warn-unpinned: false\n"
		outer := packageFiles("pinned", "one")
		outer["packages.yml"] = inner
		revision := pinned.push(outer)
		for name, packages := range map[string]string{"git": "  - git: " + pinned.url + "\n    revision: " + revision + "\n", "local": "  - local: near\n"} {
			s.part(name, func() {
				s.write("near/dbt_project.yml", "name: near\n")
				s.write("near/packages.yml", inner)
				s.write("packages.yml", "packages:\n"+packages)
				s.write("models/sizes.sql", "select '{{ moving.size() }}' as size\n")
				head := s.commit("Sizes from a package of a package: " + name)
				build := []string{"build", "dev@HEAD", "-s", "sizes"}
				moving.publish("one, " + name)
				s.mustDot(build...)
				moving.publish("two, " + name)
				if step := s.plan(build...).step(t, "deps "+head); step.Decision != "skip" {
					t.Errorf("%s would run: %s", step.Name, step.Reason)
				}
				s.at(13*time.Hour, func() { s.mustDot(build...) })
				s.wantRows("select size from dev_"+head+".sizes", "two, "+name)
			})
		}
	})
}
