//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// Local packages as people have them: the repository's root beside its integration tests, one
// behind a symbolic link, and one that has a local package itself.
func TestPackagesD7_local(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newProject(t, adapter, map[string]string{
			"models/here.sql":                "select '{{ fruit.kind() }} {{ peel.how() }} {{ fruit.peeled() }}' as said\n",
			"packages.yml":                   "packages:\n  - local: ./linked/fruit\n  - local: packages/peel\n",
			"packages/fruit/dbt_project.yml": "name: fruit\nversion: \"1.0\"\nconfig-version: 2\n",
			"packages/fruit/packages.yml":    "packages:\n  - local: packages/peel\n", // from the project's directory, as dbt has it
			"packages/fruit/macros/kind.sql": "{% macro kind() %}pear{% endmacro %}{% macro peeled() %}{{ peel.how() }}{% endmacro %}\n",
			"packages/peel/dbt_project.yml":  "name: peel\nversion: \"1.0\"\nconfig-version: 2\n",
			"packages/peel/macros/how.sql":   "{% macro how() %}thin{% endmacro %}\n",
			// The repository's root is a package, and this project tests it.
			"integration_tests/dbt_project.yml": "name: tests\nversion: \"1.0\"\nconfig-version: 2\nprofile: shop\n",
			"integration_tests/packages.yml":    "packages:\n  - local: ../\n",
			"integration_tests/models/it.sql":   "select '{{ stall.root() }}' as said\n",
			"macros/root.sql":                   "{% macro root() %}the root{% endmacro %}\n",
		})
		s.use(dbt)
		if err := os.Symlink("packages", s.dir+"/linked"); err != nil {
			t.Fatal(err)
		}
		s.commit("A link to the packages")
		s.mustDot("build", "dev@HEAD")
		s.wantTable("dev@HEAD", "here", "pear thin thin")

		// dot runs in the inner project. dbt looks for the packages of its package there, too.
		for _, name := range []string{"packages.yml", "models/here.sql"} {
			if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		inner := *s
		inner.dir = filepath.Join(s.dir, "integration_tests")
		inner.write("profiles.yml", s.read("profiles.yml"))
		inner.setenv("SHOP_DB=" + filepath.Join(s.dir, "shop.duckdb"))
		inner.commit("A profile")
		inner.mustDot("build", "prod@HEAD", "-s", "it")
		s.wantRows("select said from "+s.schema("prod@HEAD")+".it", "the root")
	})
}
