//go:build unix

package e2e

import (
	"archive/zip"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/bucketserver"
)

// E.2: of two clones of one repository one builds and pushes. The other has nothing but the store's address and a
// profile, and builds what a commit changes over what the first has built.
func TestStore(t *testing.T) {
	onEach(t, "", func(t *testing.T, adapter string, dbt generation) {
		s := newStall(t, adapter, map[string]string{
			"models/late.sql": "select season from {{ ref('season') }}\n",
		})
		s.use(dbt)
		s.published()
		s.write("models/season.sql", "{{ config(materialized='table') }}\nselect 'new' as season, count(*) as fruits from {{ ref('cheap') }}\n")
		s.commit("Another season")
		s.git("push", "--quiet", "origin", "HEAD")
		s.mustDot("build", "prod@main~1")
		team, env := newTeamStore(t)
		for _, variable := range env {
			s.setenv(variable)
		}
		s.mustDot("push", "prod@main~1")

		other := s.fresh()
		other.use(dbt)
		build := []string{"build", "dev@HEAD", "--defer", "prod@main~1", "--modified"}
		plan := other.plan(build...)
		if reason := plan.step(t, "baseline prod@"+short(other, "main~1")).Reason; !strings.HasPrefix(reason, "in ") || !strings.HasSuffix(reason, "4 of 4 nodes ok") {
			t.Errorf("the baseline is taken over, since %s", reason)
		}
		if _, err := os.Stat(filepath.Join(other.dir, ".dot")); err == nil {
			t.Error("the plan made .dot")
		}
		other.mustDot(build...)
		other.wantTables("dev@HEAD", "late", "season")
		other.upToDate(build...)
		res := other.dot("compare", "prod@main~1", "dev@HEAD")
		if !regexp.MustCompile(`(?m)^season +differs `).MatchString(res.stdout) || !strings.Contains(res.stdout, "same relation on both sides: 2 relations") {
			t.Errorf("compared with production: exit code %d", res.code)
		}

		// The thin layer goes back, with what it rests on, and the first clone compares it.
		if res := other.mustDot("push", "dev@HEAD"); !strings.Contains(res.stderr, "2 layers (1 new)") {
			t.Errorf("the thin layer's push: %s", res.stderr)
		}
		if res := s.dot("compare", "prod@main~1", "dev@HEAD", "--build"); !regexp.MustCompile(`(?m)^season +differs `).MatchString(res.stdout) {
			t.Errorf("compared by the first clone: exit code %d", res.code)
		}

		// What the first clone drops of it isn't the other's schema.
		schema := "dev_" + short(s, "HEAD")
		before := s.table(schema)
		s.mustDot("drop", "dev@HEAD", "--yes")
		if diff := cmp.Diff(before, s.table(schema)); diff != "" || len(before) == 0 {
			t.Errorf("the other's schema (-before +after):\n%s", diff)
		}

		// No object has a path of the machine.
		for _, clone := range []*shop{s, other} {
			for name, text := range objects(t, team) {
				if at := strings.Index(text, filepath.Dir(clone.dir)); at >= 0 {
					t.Errorf("%s has a path of the machine: %.200q", name, text[max(0, at-100):])
				}
			}
		}
	})
}

func short(s *shop, ref string) string { return s.git("rev-parse", "--short", ref) }

// newTeamStore makes an empty store: in a directory or, for make test-store, in a bucket. It returns the directory
// with its objects, and the environment variables that lead to it.
func newTeamStore(t *testing.T) (dir string, env []string) {
	t.Helper()
	if os.Getenv(bucketserver.ProgramS3) == "" {
		dir = t.TempDir()
		return dir, []string{"DOT_STORE=file://" + dir}
	}
	server := bucketserver.StartS3(t)
	return server.Dir, append(server.Env(), "DOT_STORE="+server.URL("dot"))
}

// objects returns the files in a store, those in its archives included, by name.
func objects(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if filepath.Ext(path) != ".zip" {
			text, err := os.ReadFile(path)
			all[path] = string(text)
			return err
		}
		z, err := zip.OpenReader(path)
		if err != nil {
			return err
		}
		defer z.Close()
		for _, f := range z.File {
			text, err := fs.ReadFile(z, f.Name)
			if err != nil {
				return err
			}
			all[path+"/"+f.Name] = string(text)
		}
		return nil
	})
	if err != nil || len(all) < 3 {
		t.Fatal(all, err)
	}
	return all
}
