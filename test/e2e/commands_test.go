//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A.2: the commands that no other test runs, on an isolated build.
func TestCommands(t *testing.T) {
	slow(t)
	onOne(t, "postgres", func(t *testing.T, adapter string) {
		s := newStall(t, adapter, map[string]string{
			"models/word.sql":      "{{ config(materialized='table') }}\nselect cast('{{ env_var(\"SHOP_WORD\", \"1\") }}' as integer) + {{ var('more', 0) }} as n\n",
			"dot_environments.yml": "environment: {default: dev, dev: {vars: {more: 2, most: 100}}, prod: {}}\n",
			"macros/stamp.sql":     "{% macro stamp() %}{% do run_query('create table ' ~ target.schema ~ '.stamp as select 7 as n') %}{% endmacro %}\n",
		})
		head := s.head()
		target := filepath.Join(s.dir, ".dot", "build", head, "env", "dev", "target")

		// A retry runs the failed nodes, though a later compile has left its own results.
		s.setenv("SHOP_WORD=one")
		if res := s.dot("build", "dev@HEAD", "--vars", "more: 5"); res.code != 1 {
			t.Fatalf("a build with a failing model: exit code %d", res.code)
		}
		s.setenv("SHOP_WORD=1")
		s.mustDot("compile", "dev@HEAD")
		if res := s.mustDot("retry", "dev@HEAD"); !strings.Contains(res.stderr, "1 ok") {
			t.Errorf("a retry of one model says %q", res.stderr)
		}
		if diff := cmp.Diff([][]string{{"6"}}, s.query("select n from dev_"+head+".word")); diff != "" {
			t.Errorf("what the retry built (-want +got):\n%s", diff)
		}

		if res := s.mustDot("show", "dev@HEAD", "-s", "prices", "--", "--limit", "1"); !strings.Contains(res.stdout, "apple") {
			t.Errorf("show printed %q", res.stdout)
		}
		if res := s.mustDot("list", "dev@HEAD", "-s", "cheap+"); !strings.Contains(res.stdout, "stall.season") {
			t.Errorf("list printed %q", res.stdout)
		}
		warning := "make sure that it writes to schema dev_" + head + " only (shown once)" // D.8
		if res := s.mustDot("run-operation", "dev@HEAD", "--", "stamp"); !strings.Contains(res.stderr, warning) {
			t.Errorf("an operation is run without the warning %q:\n%s", warning, res.stderr)
		}
		if diff := cmp.Diff([][]string{{"7"}}, s.query("select n from dev_"+head+".stamp")); diff != "" {
			t.Errorf("what the macro wrote (-want +got):\n%s", diff)
		}
		s.mustDot("docs", "generate", "dev@HEAD")
		if _, err := os.Stat(filepath.Join(target, "catalog.json")); err != nil {
			t.Errorf("docs generate: %v", err)
		}
		if dbts := s.started(func() { s.mustDot("docs", "generate", "dev@HEAD") }); dbts != "" {
			t.Errorf("docs of what was documented started dbt %q", dbts)
		}
		s.mustDot("debug", "dev@HEAD")
		s.mustDot("source", "freshness", "dev@HEAD")

		// A clone has the baseline's rows, in the build's schema.
		s.mustDot("clone", "prod@HEAD", "--defer", "dev@HEAD", "-s", "season")
		if diff := cmp.Diff(s.query("select * from dev_"+head+".season"), s.query("select * from prod_"+head+".season")); diff != "" {
			t.Errorf("the clone (-original +clone):\n%s", diff)
		}
		// A clone leaves what is there, and it is not taken for interrupted.
		s.mustDot("clone", "prod@HEAD", "--defer", "dev@HEAD", "-s", "season")
		if res := s.dot("compare", "dev@HEAD", "prod@HEAD", "-s", "season"); res.code != 0 || strings.Contains(res.stdout, "interrupted") {
			t.Errorf("compare with a clone that was there: code %d\n%s", res.code, res.stdout)
		}

		s.mustDot("clean", "dev@HEAD")
		if _, err := os.Stat(target); !os.IsNotExist(err) {
			t.Errorf("clean left the target path (%v)", err)
		}
		if dbts := s.started(func() { s.mustDot("build", "prod@HEAD", "--defer", "dev@HEAD", "-s", "word") }); dbts != "list list "+s.asked()+"build" {
			t.Errorf("a build on a baseline that was cleaned started dbt %q", dbts)
		}
	})
}
