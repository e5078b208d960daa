//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestREADME (G.2) runs every command of README and docs/compare.md, in their order, in a new sample shop,
// and compares the output with what is printed there.
func TestREADME(t *testing.T) {
	t.Parallel()
	newShop(t, "duckdb").runPages(true)
}

// TestHowTo (G.2) runs every command of the how-to pages, each page in a sample shop of its own, and compares the
// output with what is printed there. make test-docs and make test-full run it.
func TestHowTo(t *testing.T) {
	if os.Getenv("DOT_TEST_DOCS") == "" {
		full(t)
	}
	before := map[string]func(*shop){
		"slim-ci.md":                func(s *shop) { s.production("../prod-artifacts") },
		"from-state-directories.md": func(s *shop) { s.production("../prod-artifacts") },
		"from-the-python-tool.md": func(s *shop) {
			s.git("switch", "--quiet", "main")
			s.otherTool("prod")
			s.git("switch", "--quiet", "feature/refunds")
		},
		"editors.md": func(s *shop) {
			if err := os.Remove(filepath.Join(s.dir, "dot_environments.yml")); err != nil {
				s.t.Fatal(err)
			}
		},
		"upgrade.md": func(s *shop) {
			if newerVenv() == "" {
				s.t.Skip("there are no two dbts")
			}
			if err := os.Symlink(newerVenv(), filepath.Join(s.dir, ".venv-1.12")); err != nil {
				s.t.Fatal(err)
			}
		},
		"monorepo.md": func(s *shop) {
			s.git("mv", "-k", "dbt_project.yml", "profiles.yml", "packages.yml", "models", "seeds", "tests", "macros", "packages", s.subdirectory("analytics/shop"))
			s.commit("Into a directory")
		},
	}
	after := map[string]func(*shop){
		// Another runner has a fresh clone at the same path.
		"tar -cf ../dot.tar --exclude='.dot/build/*/worktree' .dot": func(s *shop) {
			if err := os.RemoveAll(filepath.Join(s.dir, ".dot")); err != nil {
				s.t.Fatal(err)
			}
			s.git("worktree", "prune")
			s.must(s.commandIn(s.dir, "tar", "-xf", "../dot.tar"))
		},
	}
	pages, err := filepath.Glob("../../docs/howto/*.md")
	if err != nil || len(pages) < 6 {
		t.Fatalf("pages: %v, %v", pages, err)
	}
	// Commands that need what a shop doesn't have. Other tests run them.
	elsewhere := []string{
		"dot status --check",      // TestStatusCheck: it needs another clone, and a relation that was lost
		"psql ",                   // marks on PostgreSQL
		"dot prune dev --schemas", // TestPruneSchemas
		"dot test dev@.",          // an example of a spec, in the text
		"code ",                   // an editor
		"dot upgrade-check dev@HEAD --from .venv-1.12 --to .venv-2", // TestUpgradeCheck, with other models
	}
	edit := func(s *shop, condition string) {
		name := "models/marts/revenue_by_month.sql"
		s.git("checkout", "--quiet", ".")
		s.write(name, strings.Replace(s.read(name), "group by 1", "where status <> '"+condition+"'\ngroup by 1", 1))
	}
	prepare := map[string]func(*shop){
		"life.md: dot plan drop dev@HEAD":   func(s *shop) { s.mustDot("build", "prod@main", "dev@HEAD", "--defer", "prod@main", "--modified") },
		"life.md: dot drop prod@main --yes": func(s *shop) { s.mustDot("build", "dev@HEAD", "--defer", "prod@main", "--modified") },
		"life.md: dot drop dev@. --yes": func(s *shop) {
			for _, condition := range []string{"cancelled", "returned"} {
				edit(s, condition)
				s.mustDot("build", "dev@.", "--defer", "prod@main")
			}
		},
		"working-tree.md: dot plan build dev@. --defer prod@main --modified": func(s *shop) {
			s.mustDot("build", "prod@main")
			edit(s, "cancelled")
		},
	}
	for _, name := range []string{"pre-commit", "life", "working-tree", "editors", "upgrade"} {
		pages = append(pages, "../../docs/"+name+".md")
	}
	for _, file := range pages {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".md"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := newShop(t, "duckdb")
			s.findsDot()
			if prepare := before[name]; prepare != nil {
				prepare(s)
			}
			commands := printedCommands(strings.ReplaceAll(string(text), "dbt 1.11.16 at", "dbt "+s.dbtVersion()+" at"))
			if len(commands) == 0 {
				t.Error("the page has no command")
			}
			top := s.dir
			for _, c := range commands {
				if dir, ok := strings.CutPrefix(c.line, "cd "); ok {
					s.dir = filepath.Join(top, dir)
					continue
				}
				if slices.ContainsFunc(elsewhere, func(begins string) bool { return strings.HasPrefix(c.line, begins) }) || strings.Contains(c.line, "--watch") { // it ends by Ctrl-C only
					continue
				}
				if prepare := prepare[name+": "+c.line]; prepare != nil {
					prepare(s)
				}
				s.runPrinted(name, c, strings.NewReplacer("/tmp/shop", s.dir), true)
				if then := after[c.line]; then != nil {
					then(s)
				}
			}
		})
	}
}

// production lets dbt build main without dot, in production's own schema, and leaves its artifacts in a directory.
func (s *shop) production(target string) {
	s.t.Helper()
	s.git("switch", "--quiet", "main")
	for _, command := range [][]string{{"deps"}, {"build", "--target", "prod", "--target-path", target}} {
		if res := s.dbt(command...); res.code != 0 {
			s.t.Fatalf("dbt %s: exit code %d\n%s", command[0], res.code, res.stdout)
		}
	}
	s.git("switch", "--quiet", "feature/refunds")
}

// subdirectory makes a directory in the shop, and returns its name.
func (s *shop) subdirectory(name string) string {
	if err := os.MkdirAll(filepath.Join(s.dir, name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// findsDot lets the shop's shells find dot and the profile as a user's do.
func (s *shop) findsDot() {
	binary, err := dotBinary()
	if err != nil {
		s.t.Fatal(err)
	}
	s.setenv("PATH=" + filepath.Dir(binary) + string(os.PathListSeparator) + s.bin + string(os.PathListSeparator) + os.Getenv("PATH"))
	s.setenv("DBT_PROFILES_DIR=")
}

// runPages runs the commands. same compares what they print, too; it isn't the same with dbt 2.
func (s *shop) runPages(same bool) {
	t := s.t
	s.findsDot()
	// What stands in the text before a command.
	here := strings.NewReplacer()
	const upgrade = "dot upgrade-check dev@HEAD --to .venv-1.12"
	edited := 0
	after := map[string]func(){
		"dot build dev@. --defer prod@main": func() {
			if edited++; edited == 2 {
				s.git("checkout", "--quiet", ".")
			}
		},
		"dot build dev@HEAD": func() { s.git("reset", "--quiet", "--hard", "HEAD~1") },
		upgrade:              func() { _ = os.Remove(filepath.Join(s.dir, ".venv-1.12")) },
	}
	before := map[string]func(){
		"dot build dev@feature/reports --defer dev@feature/refunds --modified": func() {
			s.git("switch", "--quiet", "--create", "feature/reports")
			s.write("models/report.sql", "select * from {{ ref('customer_value') }}\n")
			s.commit("Add a report")
			s.git("switch", "--quiet", "feature/refunds")
		},
		"git diff --stat": func() {
			name := "models/marts/revenue_by_month.sql"
			s.write(name, strings.Replace(s.read(name), "group by 1", "where status <> 'cancelled'\ngroup by 1", 1))
		},
		upgrade: func() {
			if err := os.Symlink(newerVenv(), filepath.Join(s.dir, ".venv-1.12")); err != nil {
				t.Error(err)
			}
		},
		"dot build dev@HEAD --defer path:../prod/target --modified": func() { s.production("../prod/target") },
		"dot build --specs nightly.txt":                             func() { s.write("nightly.txt", "# every night\nprod@main\n") },
		"dot build dev@HEAD": func() {
			s.write("macros/generate_schema_name.sql", "{% macro generate_schema_name(name, node) %}{{ name or target.schema }}{% endmacro %}\n")
			s.write("dbt_project.yml", s.read("dbt_project.yml")+"\nseeds:\n  shop:\n    +schema: raw\n")
			s.commit("A schema for seeds")
			here = strings.NewReplacer("7de1c3d", s.head()) // the commit's time is today's
		},
	}
	pages, ran := []string{"README.md"}, 0
	if inSlow() {
		pages = append(pages, "docs/compare.md")
	}
	for _, name := range pages {
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "docs/compare.md" { // it shows builds of their own
			s.mustDot("build", "prod@main", "dev@HEAD", "--force")
		}
		page := strings.ReplaceAll(string(text), "dbt 1.11.16 at", "dbt "+s.dbtVersion()+" at")
		if _, tour, found := strings.Cut(page, "## Five minutes"); found { // what stands above it is explained there
			page = tour
		}
		for _, c := range printedCommands(page) {
			if c.line == upgrade && (!same || newerVenv() == "" || strings.HasPrefix(s.dbtVersion(), "1.12.")) {
				continue // there are no two dbts
			}
			if prepare := before[c.line]; prepare != nil && name == "README.md" {
				prepare()
			}
			ran++
			for _, example := range []string{"https://artifacts.example.com/prod", "s3://bucket/prod"} {
				c.line = strings.Replace(c.line, example, "file://"+filepath.Join(s.dir, "..", "prod", "target"), 1)
			}
			s.runPrinted(name, c, here, same)
			if clean := after[c.line]; clean != nil && name == "README.md" {
				clean()
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands were found", ran)
	}
}

// runPrinted runs a command of a page. same compares what it prints, too, with what here has for the page's
// words.
func (s *shop) runPrinted(page string, c printedCommand, here *strings.Replacer, same bool) {
	t := s.t
	t.Helper()
	res := s.run(s.commandIn(s.dir, "sh", "-c", c.line))
	refused := slices.ContainsFunc(c.output, func(line string) bool { return strings.HasPrefix(line, "error:") })
	if res.code != 0 && !refused || refused && res.code != 2 {
		t.Errorf("%s: %s: exit code %d\n%s", page, c.line, res.code, res.stderr)
	}
	rest := strings.Split(res.stdout+"\n"+res.stderr, "\n")
	if strings.HasPrefix(c.line, "dot build") {
		rest = strings.Split(res.stderr, "\n")
	}
	for _, want := range c.output {
		if !same {
			break
		}
		at := -1
		expected := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(normal(here.Replace(want))), "…", ".*") + "$")
		for i, line := range rest {
			if expected.MatchString(normal(line)) {
				at = i
				break
			}
		}
		if at < 0 {
			t.Errorf("%s: %s: not printed, or not in this order: %s\nbut\n%s", page, c.line, want, strings.Join(rest, "\n"))
			continue
		}
		rest = rest[at+1:]
	}
}

// A printedCommand is a command of a page, with the lines printed below it.
type printedCommand struct {
	line   string
	output []string
}

// printedCommands returns the commands in a page's blocks of code, and those in its text that run or test.
func printedCommands(page string) []printedCommand {
	var all []printedCommand
	inBlock, open := false, false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "```"):
			inBlock, open = !inBlock && line == "```", false
			continue
		case !inBlock:
			for _, m := range regexp.MustCompile("`(dot (?:test|run) [^`]*@[^`]*)`").FindAllStringSubmatch(line, -1) {
				all = append(all, printedCommand{line: m[1]})
			}
			continue
		}
		command, shown := strings.CutPrefix(line, "$ ")
		own, _, _ := strings.Cut(line, " #")
		switch {
		case shown:
			all, open = append(all, printedCommand{line: command}), true
		case !open && strings.HasPrefix(own, "dot ") && strings.Contains(own, " build"):
			all = append(all, printedCommand{line: strings.TrimSpace(own)})
		case open && strings.TrimSpace(line) != "" && strings.TrimSpace(line) != "…":
			all[len(all)-1].output = append(all[len(all)-1].output, line)
		}
	}
	return all
}

var (
	ageText  = regexp.MustCompile(`just now|\d+ \w+ ago(?: to \d+ \w+ ago)?|\bnow\b|\d+ (?:second|minute)s?\b`)
	timeText = regexp.MustCompile(`\b(\d+m)?\d+(\.\d+)?m?s\b`)
	spaces   = regexp.MustCompile(` +`)
)

// normal returns a line without times, ages and the widths of columns.
func normal(line string) string {
	line = ageText.ReplaceAllString(line, "AGE")
	line = timeText.ReplaceAllString(line, "TIME")
	return strings.TrimSpace(spaces.ReplaceAllString(line, " "))
}
