package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// gitVersion matches this machine's git version in the doctor's output.
var gitVersion = regexp.MustCompile(`(?m)^(ok +git +)\S+$`)

// TestDoctorSays compares the doctor's output for people with goldens.
func TestDoctorSays(t *testing.T) {
	withoutRace(t)
	if runtime.GOOS == "windows" {
		t.Skip("paths and modes are others there")
	}
	for _, tt := range []struct {
		name    string
		arrange func(s *shop)
	}{
		{"healthy", func(s *shop) { s.run("build dev@HEAD") }},
		{"nothing-built", func(*shop) {}},
		{"outside", func(s *shop) { s.cwd = filepath.Dir(s.dir) }},
		{"ill", func(s *shop) {
			s.run("build dev@HEAD")
			build := ".dot/build/b694700/"
			s.write(".gitignore", "")
			s.write(".vscode/settings.json", "{}")
			s.write("dot_vars.yml", "vars:\n  region: {required: true}\n")
			s.write("dot_environments.yml", "environment:\n  default: dev\n  dev: {vars: {region: eu}}\n  prod: {}\n  qa: {vars: {region: eu}, target: qa}\n")
			s.write(build+"env/dev/records/build.json", "{")
			s.write(build+"env/dev/.profiles.yml.tmp-1", "half")
			s.write(".dot/places/x.json", "{}")
			s.remove(build + "worktree")
			if err := os.Chmod(s.file(build+"env/dev/profiles.yml"), 0o644); err != nil {
				s.t.Fatal(err)
			}
			if err := os.Chtimes(s.file(build+"env/dev/.profiles.yml.tmp-1"), morning, morning); err != nil {
				s.t.Fatal(err)
			}
			s.later(3 * time.Hour)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			tt.arrange(s)
			before := digestTree(s.dir)
			s.show("doctor")
			if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
			golden(t, "doctor/"+tt.name, gitVersion.ReplaceAllString(s.story.String(), "${1}1.2.3"))
		})
	}
}

// TestDoctorFinds damages the setup in one way after the other.
func TestDoctorFinds(t *testing.T) {
	withoutRace(t)
	for _, tt := range []struct {
		name    string
		arrange func(s *shop)
		env     []string
		want    string // area status text, of a finding
		cure    string // in its cures; "" for any or none
		code    int
	}{
		{"no dbt", nil, []string{"DOT_DBT=nowhere"}, `dbt problem dbt was not found: DOT_DBT names "nowhere"`, "name the path of dbt", 2},
		{"a dbt for each commit", func(s *shop) {
			s.write("dot_environments.yml", "environment: {default: dev, all: {dot: {toolchain: requirements.txt}}, dev: {}}")
		}, nil, "dbt ok each commit has its own, installed from its requirements.txt", "", 0},
		{"none beside it", func(s *shop) {
			s.write("dot_environments.yml", "environment: {default: dev, all: {dot: {toolchain: requirements.txt}}, dev: {}, prod: {dot: {toolchain: null, dbt: nowhere}}}")
		}, nil, `dbt problem dbt was not found: dot: dbt names "nowhere"`, "", 2},
		{"a broken configuration", func(s *shop) { s.write("dot_environments.yml", "environment: [") }, nil, "project problem dot_environments.yml:1:", "", 2},
		{"no profiles", func(s *shop) { s.remove("profiles.yml") }, nil, "environment dev problem no profiles.yml found", "DBT_PROFILES_DIR", 2},
		{"no profiles, for others", func(s *shop) { s.remove("profiles.yml") }, nil, "environment prod warning no profiles.yml found", "", 2},
		{"no profiles to say which environments there are", func(s *shop) { s.remove("profiles.yml"); s.remove("dot_environments.yml") }, nil, "profile problem no profiles.yml found", "", 2},
		{"environments of the profile", func(s *shop) { s.remove("dot_environments.yml") }, nil, "environments ok dev, prod; default: dev", "", 0},
		{"an adapter that is not installed", func(s *shop) {
			s.write("profiles.yml", "shop: {target: dev, outputs: {dev: {type: postgres, host: x, schema: s}, prod: {type: duckdb, path: x}}}")
		}, nil, "adapter problem dbt-postgres is not installed beside /bin/dbt", "-m pip install dbt-postgres", 2},
		{"no repository", func(s *shop) { s.remove(".git") }, nil, "repository problem /shop: not a git repository", "git init", 2},
		{"the ignore rule left out on purpose", func(s *shop) {
			s.write(".gitignore", "")
			s.write(".dot/config.yml", "prompts: {gitignore: disabled}\n")
		}, nil, ".gitignore ok lacks .dot/, as you chose", "", 0},
		{"VS Code's settings", func(s *shop) { s.write(".vscode/settings.json", "{}") }, nil, "VS Code warning it searches and watches", `"**/.dot/**"`, 0},
		{"VS Code by its terminal", nil, []string{"TERM_PROGRAM=vscode"}, "VS Code warning it searches and watches", "", 0},
		{"something else called .dot", func(s *shop) { s.write(".dot", "") }, nil, ".dot problem /shop/.dot is not a directory", "", 2},
		{"a broken config", func(s *shop) { s.write(".dot/config.yml", "prompts: [") }, nil, ".dot problem /shop/.dot/config.yml: ", "", 2},
		{"a damaged key", func(s *shop) {
			s.write(".dot/key", "abc")
			if err := os.Chmod(s.file(".dot/key"), 0o600); err != nil {
				s.t.Fatal(err)
			}
		}, nil, ".dot warning /shop/.dot/key: it is damaged", "", 0},
		{"a worktree with something else in it", func(s *shop) {
			s.run("build dev@HEAD")
			s.git("-C", s.file(".dot/build/b694700/worktree"), "checkout", "-q", "--detach", "main")
		}, nil, "worktrees warning /shop/.dot/build/b694700/worktree: its HEAD is at ", "--reset-worktree", 0},
		{"a build whose commit git has lost", func(s *shop) {
			s.write(".dot/build/b4b4b4b/commit", strings.Repeat("b4", 20)+"\n")
			s.write(".dot/build/b4b4b4b/env/dev/records/x", "")
		}, nil, "worktrees warning /shop/.dot/build/b4b4b4b/worktree: missing, and git doesn't have the commit any more", "dot prune --gone", 0},
		{"a worktree that git still knows", func(s *shop) {
			s.run("build dev@HEAD")
			s.remove(".dot")
			s.write(".dot/config.yml", "")
		}, nil, "worktrees warning /shop/.dot/build/b694700/worktree: registered with git, but missing", "git worktree remove --force --force ", 0},
		{"a worktree without a build", func(s *shop) {
			s.run("build dev@HEAD")
			s.remove(".dot/build/b694700/env")
		}, nil, "worktrees warning /shop/.dot/build/b694700/worktree: no build uses it", "git worktree remove --force --force ", 0},
		{"a worktree of an unknown commit", func(s *shop) {
			s.run("build dev@HEAD")
			s.remove(".dot/build/b694700/commit")
		}, nil, "worktrees warning /shop/.dot/build/b694700/worktree: dot doesn't know its commit", "git worktree remove --force --force ", 0},
		{"what a kill has left", func(s *shop) {
			s.write("tmp/dot-question-1/profiles.yml", "")
			s.env = append(s.env, "TMPDIR="+s.file("tmp"))
			if err := os.Chtimes(s.file("tmp/dot-question-1"), morning, morning); err != nil {
				s.t.Fatal(err)
			}
			s.later(48 * time.Hour)
		}, nil, "leftovers warning temporary directories of a dot that was killed: /shop/tmp/dot-question-1", "rm -r /shop/tmp/dot-question-1", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			if tt.arrange != nil {
				tt.arrange(s)
			}
			out := s.dot([]string{"doctor", "--format", "json"}, tt.env...)
			var report struct {
				Version, Problems int
				Findings          []struct {
					Area, Status, Text string
					Cures              []string
				}
			}
			if err := json.Unmarshal([]byte(out.stdout), &report); err != nil {
				t.Fatalf("%v\n%s", err, out.both)
			}
			found := false
			for _, f := range report.Findings {
				found = found || strings.HasPrefix(f.Area+" "+f.Status+" "+f.Text, tt.want) &&
					(tt.cure == "" || slices.ContainsFunc(f.Cures, func(c string) bool { return strings.Contains(c, tt.cure) }))
			}
			if !found || out.code != tt.code || report.Version != 1 || (report.Problems > 0) != (tt.code == 2) {
				t.Errorf("want %q, cured by %q, exit code %d; got exit code %d\n%s", tt.want, tt.cure, tt.code, out.code, out.both)
			}
		})
	}
}
