//go:build unix

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// oddName is the name of a directory, 200 bytes long, with characters that need quoting somewhere.
var oddName = fmt.Sprintf("%-198s..", `it's a "shöp" & co; $HOME {{ x }} %s 100% #1 日本`)

// D.6, G.2: the project is in a subdirectory of a repository whose path has about every kind of
// character. There is Jinja in dbt_project.yml and in the profile, and dot starts below the
// project. D.2, D.4, D.7.
func TestShapesD6_odd_path(t *testing.T) {
	onOnlyAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"dbt_project.yml": `name: stall
profile: "{{ env_var('SHOP_PROFILE') }}"
packages-install-path: "{{ env_var('SHOP_PACKAGES', 'installed') }}"
flags:
  send_anonymous_usage_stats: false
vars: {most: 100}
models:
  +schema: "{{ env_var('SHOP_MART', 'mart') }}"
`,
			"profiles.yml": `config: {send_anonymous_usage_stats: false}
common: &common
  type: duckdb
  path: shop.duckdb
  threads: "{{ env_var('SHOP_THREADS') | int }}"
shop:
  target: "{{ env_var('SHOP_TARGET', 'nowhere') }}"
  outputs:
    one:
      <<: *common
      schema: "{{ env_var('SHOP_TEAM') | lower }}"
    two: {<<: *common, schema: two}
`,
			"dot_environments.yml":       "{}\n",
			"packages.yml":               "packages:\n  - local: own/sizes\n",
			"own/sizes/dbt_project.yml":  "name: sizes\n",
			"own/sizes/macros/size.sql":  "{% macro size() %}large{% endmacro %}\n",
			"models/deep/down/sizes.sql": "select '{{ sizes.size() }}' as size\n",
		})
		s.use(dbt)
		top := filepath.Join(filepath.Dir(s.dir), oddName)
		if err := os.Rename(s.dir, top); err != nil {
			t.Fatal(err)
		}
		s.dir = top
		for _, name := range []string{"dbt_project.yml", "profiles.yml", "dot_environments.yml", "packages.yml", "own", "seeds", "models"} {
			s.move(name, "my project/"+name)
		}
		head := s.commit("A project with a name")
		s.setenv("SHOP_PROFILE=shop", "SHOP_TARGET=one", "SHOP_TEAM=Blue", "SHOP_THREADS=2")

		s.below("my project/models/deep", func() {
			build := []string{"build", "@HEAD", "-s", "sizes"}
			s.planIsRun(build...)
			s.reason("", build...)
			// The plan's commands can be pasted into a shell: each word stays one word.
			pasted := s.plan(append(build, "--force")...).last().Commands[0]
			words := s.must(s.commandIn(s.dir, "/bin/sh", "-c", "set -- "+pasted+"\nprintf '%s\\n' \"$@\"")).stdout
			want := "\n" + filepath.Join(top, ".dot", "build", head, "worktree", "my project") + "\n"
			if !strings.Contains(words, want) {
				t.Errorf("in a shell %s is\n%s", pasted, words)
			}
		})
		rows := s.inDuckDB("my project/shop.duckdb", "select size from blue_"+head+"_mart.sizes")
		if len(rows) != 1 || rows[0][0] != "large" {
			t.Errorf("sizes is %v", rows)
		}
		if _, err := os.Stat(filepath.Join(top, ".dot", "build", head, "projects", "my project", "env", "one", "profiles.yml")); err != nil {
			t.Error(err)
		}
		if changed := s.git("status", "--porcelain"); changed != "" {
			t.Errorf("in the repository there is %s", changed)
		}
	})
}

// D.5: a short hash that YAML reads as a number is still a name.
func TestShapesD5_hash_like_a_number(t *testing.T) {
	onOneAny(t, "postgres", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"profiles.yml": "", "models/season.sql": "", "models/schema.yml": "", "models/cheap.sql": "", "dot_environments.yml": "{}\n",
		})
		s.use(dbt)
		// The worst case would be a schema that is only the suffix.
		output := "{type: duckdb, path: shop.duckdb, schema: 1}"
		if adapter == "postgres" {
			output = "{type: postgres, host: \"{{ env_var('SHOP_PG_HOST') }}\", port: 5432, user: \"{{ env_var('SHOP_PG_USER') }}\"," +
				" password: \"{{ env_var('SHOP_PG_PASSWORD') }}\", dbname: \"{{ env_var('SHOP_PG_DATABASE') }}\", schema: 1}"
		}
		s.write("profiles.yml", "shop: {target: dev, outputs: {dev: "+output+"}}\n")
		s.commit("A profile")
		for _, pattern := range []string{`^[0-9]{7}$`, `^[0-9]+e[0-9]+$`} {
			s.commitLike(pattern)
			s.mustDot("seed", "dev@HEAD")
			schema := "1_" + s.head()
			s.wantRows(`select count(*) from "`+schema+`".prices`, "2")
			if profile := s.read(".dot/build/" + s.head() + "/env/dev/profiles.yml"); !strings.Contains(profile, `"`+schema+`"`) {
				t.Errorf("not quoted:\n%s", profile)
			}
		}
	})
}

// commitLike commits all files with different messages until the commit's short hash matches the
// pattern.
func (s *shop) commitLike(pattern string) {
	s.t.Helper()
	like := regexp.MustCompile(pattern)
	tree := s.git("rev-parse", "HEAD^{tree}")
	parent := s.git("rev-parse", "HEAD")
	for i := range 2000 {
		hash := s.git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit-tree", tree, "-p", parent, "-m", fmt.Sprint(i))
		if like.MatchString(hash[:7]) && s.git("rev-parse", "--short", hash) == hash[:7] {
			s.git("reset", "--quiet", "--soft", hash)
			return
		}
	}
	s.t.Fatalf("no hash is like %s", pattern)
}
