package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// completed returns the completions of the last word of a line.
func (s *shop) completed(line string, env ...string) []string {
	s.t.Helper()
	out := s.dot(append([]string{"__complete", "fish"}, strings.Split(line, " ")...), env...)
	if out.code != 0 || out.stderr != "" {
		s.t.Errorf("%s: exit code %d, stderr %q", line, out.code, out.stderr)
	}
	var words []string
	for line := range strings.Lines(out.stdout) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		words = append(words, word)
	}
	return words
}

// Builds and nodes are completed from what the last command left, without dbt and without writing.
func TestCompleteBuildsAndNodes(t *testing.T) {
	withoutRace(t)
	s := newShop(t)
	s.write("models/late.sql", "{{ config(tags=['nightly']) }} select 1 as one")
	s.git("add", "-A")
	s.git("commit", "-qm", "Late")
	s.git("branch", "topic")
	s.git("tag", "-a", "-m", "annotated", "v2")
	s.run("build prod@main")
	s.run("build dev@HEAD")
	s.run("build dev@.")
	main, head := "prod@"+s.git("rev-parse", "--short", "main"), "dev@"+s.git("rev-parse", "--short", "HEAD")
	models := []string{"average", "late", "orders", "path:", "payments", "positive", "revenue", "stg_payments", "tag:"}
	before := digestTree(s.dir)
	for _, tt := range []struct {
		name, line string
		want       []string
	}{
		{"environments with builds", "drop ", []string{"dev@", "prod@"}},
		{"all of an environment's", "status p", []string{"prod", "prod@"}},
		{"the builds of an environment", "drop prod@", []string{main, "prod@main", "prod@v1"}},
		{"of the working tree, too", "status dev@", []string{"dev@.", head, "dev@metrics", "dev@topic"}},
		{"of the default environment", "drop @m", []string{"@main", "@metrics"}},
		{"a second one", "compare prod@main dev@me", []string{"dev@metrics"}},
		{"to plan", "plan drop dev@t", []string{"dev@topic"}},
		{"none fits: any ref", "compare prod@met", []string{"prod@metrics"}},
		{"what compare is to build", "compare --build prod@m", []string{"prod@main", "prod@metrics"}},
		{"not for a build", "build prod@v", []string{"prod@v1", "prod@v2"}},
		{"nodes", "build -s ", models},
		{"of another command", "plan build dev@HEAD --exclude ord", []string{"orders"}},
		{"in one word", "build --select=stg", []string{"--select=stg_payments"}},
		{"children of parents", "build -s +ord", []string{"+orders"}},
		{"within a distance", "build -s 2+ord", []string{"2+orders"}},
		{"an intersection", "build -s tag:nightly,la", []string{"tag:nightly,late"}},
		{"tags", "build -s tag:", []string{"tag:nightly"}},
		{"paths", "build -s path:m", []string{
			"path:models", "path:models/average.sql", "path:models/late.sql", "path:models/orders.sql", "path:models/revenue.sql", "path:models/stg_payments.sql",
		}},
		{"no such method", "build -s config.x:", nil},
	} {
		// A dbt that is started would be missed here, and say so.
		if diff := cmp.Diff(tt.want, s.completed(tt.line, "DOT_DBT="+filepath.Join(s.dir, "none"))); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", tt.name, tt.line, diff)
		}
	}
	if got, want := s.dot([]string{"__complete", "bash", "dot build -s 'orders stg", "'orders stg"}).stdout, "orders stg_payments\n"; got != want {
		t.Errorf("in quotes: got %q, want %q", got, want)
	}
	if got, want := s.dot([]string{"__complete", "bash", "dot build -s tag:ni", "ni"}).stdout, "nightly\n"; got != want {
		t.Errorf("after a colon: got %q, want %q", got, want)
	}
	if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
		t.Errorf("changed (-before +after):\n%s", diff)
	}
}

// Without a build, the manifest in target/ that dbt itself left has the names, unless it is large.
func TestCompleteNodesOfDBTsOwnManifest(t *testing.T) {
	const head = `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json"}, "nodes": {` +
		`"model.shop.orders": {"unique_id": "model.shop.orders", "resource_type": "model", "name": "orders"}}, "docs": "`
	for _, tt := range []struct {
		name, manifest string
		want           []string
	}{
		{"a small one", head + `"}`, []string{"orders"}},
		{"a large one", head + strings.Repeat("x", 3<<20) + `"}`, nil},
		{"a broken one", head, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			s.write("target/manifest.json", tt.manifest)
			if diff := cmp.Diff(tt.want, s.completed("build -s or")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// With 10,000 refs a completion starts no more programs than with three.
func TestCompleteAmongManyRefs(t *testing.T) {
	withoutRace(t)
	s := newShop(t)
	s.run("build prod@main")
	head, trace := s.git("rev-parse", "HEAD"), t.TempDir()
	t.Setenv("GIT_TRACE2_EVENT", trace) // a file for each git
	gits := func(line string) (words, started int) {
		words = len(s.completed(line))
		files, err := os.ReadDir(trace)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.Remove(filepath.Join(trace, f.Name())); err != nil {
				t.Fatal(err)
			}
		}
		return words, len(files)
	}
	type count struct{ words, gits int }
	lines := []string{"build ", "build dev@", "build dev@b/1", "drop prod@", "build -s "}
	var few []count
	for _, line := range lines {
		words, started := gits(line)
		few = append(few, count{words, started})
	}
	var packed strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&packed, "%s refs/heads/b/%d\n", head, i)
	}
	s.write(".git/packed-refs", packed.String())
	more := map[string]int{"build dev@": 10_000, "build dev@b/1": 1_111}
	for i, line := range lines {
		words, started := gits(line)
		if got, want := (count{words, started}), (count{few[i].words + more[line], few[i].gits}); got != want {
			t.Errorf("dot %s: got %+v, want %+v", line, got, want)
		}
		if started > 2 {
			t.Errorf("dot %s starts %d gits", line, started)
		}
	}
}
