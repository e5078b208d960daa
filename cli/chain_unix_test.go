//go:build unix

package cli_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChain advances main by many commits, each built as a layer over the last. What the last one
// has is what a whole build has, and composing it has read one manifest: the others may be gone.
func TestChain(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	const layers = 15
	s := newShop(t)
	s.run("build prod@HEAD")
	for i := range layers {
		from := "orders"
		if i > 0 {
			from = fmt.Sprintf("step%d", i-1)
		}
		s.write(fmt.Sprintf("models/step%d.sql", i), fmt.Sprintf("select %d as step from {{ ref('%s') }}\n", i, from))
		s.write("models/tip.sql", fmt.Sprintf("select * from {{ ref('step%d') }} cross join {{ ref('average') }}\n", i))
		if i%10 == 9 { // in the middle of the chain, and all that depend on it
			s.write(fmt.Sprintf("models/step%d.sql", i-5), fmt.Sprintf("select -%d as step from {{ ref('step%d') }}\n", i, i-6))
		}
		s.git("add", "-A")
		s.git("commit", "-qm", fmt.Sprintf("Step %d", i))
		if i == layers-1 {
			s.forget("HEAD~2")
		}
		s.run("build prod@HEAD --defer prod@HEAD~ --modified")
	}
	s.run(`build dev@HEAD --vars {"days":7}`) // as in prod
	whole, tip := s.data("dev_"+s.short("HEAD"), "tip"), s.data("prod_"+s.short("HEAD"), "tip")
	if diff := cmp.Diff(whole, tip); diff != "" || !strings.Contains(whole, "-9 as step") {
		t.Errorf("the tip's data (-whole +layers):\n%s", diff)
	}
}

// short is the abbreviated hash of a ref.
func (s *shop) short(ref string) string { return s.git("rev-parse", "--short", ref) }

// forget removes the manifests of all prod builds up to a commit.
func (s *shop) forget(ref string) {
	s.t.Helper()
	for _, short := range strings.Fields(s.git("log", "--format=%h", ref)) {
		kept, err := filepath.Glob(s.file(".dot/build/" + short + "/env/prod/state/*/manifest.json"))
		if err != nil || len(kept) == 0 && short != s.short("main") {
			s.t.Fatalf("the manifests of %s: %q, %v", short, kept, err)
		}
		for _, name := range append(kept, s.file(".dot/build/"+short+"/env/prod/target/manifest.json")) {
			if err := os.RemoveAll(name); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

// relationName matches a relation in the SQL that the stand-in writes for data.
var relationName = regexp.MustCompile(`"\w+"\."(\w+)"\."(\w+)"`)

// data returns a table's SQL, with that of the tables that it reads in their place.
func (s *shop) data(schema, table string) string {
	s.t.Helper()
	text, err := os.ReadFile(s.file("warehouse.duckdb/" + schema + "/" + table))
	if err != nil {
		s.t.Fatal(err)
	}
	return relationName.ReplaceAllStringFunc(string(text), func(name string) string {
		parts := relationName.FindStringSubmatch(name)
		return "(" + s.data(parts[1], parts[2]) + ")"
	})
}
