//go:build unix

package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestSkill runs each command that SKILL.md teaches agents, in its order, after an edit.
func TestSkill(t *testing.T) {
	onOneAny(t, "duckdb", func(t *testing.T, adapter string, dbt generation) {
		text, err := os.ReadFile("../../SKILL.md")
		if err != nil {
			t.Fatal(err)
		}
		s := newShop(t, adapter)
		s.use(dbt)
		s.findsDot()
		name := "models/marts/revenue_by_month.sql"
		s.write(name, strings.Replace(s.read(name), "group by 1", "where status <> 'cancelled'\ngroup by 1", 1))
		codes := map[string]int{"dot compare prod@main dev@HEAD --exit-code": 1}
		ran := map[string]bool{}
		for _, c := range skillCommands(string(text)) {
			res := s.run(s.commandIn(s.dir, "sh", "-c", c))
			if res.code != codes[c] {
				t.Errorf("%s: exit code %d, want %d\n%s%s", c, res.code, codes[c], res.stderr, res.stdout)
			}
			if res.stdout == "" && !strings.HasPrefix(c, "dot build") && !strings.HasPrefix(c, "dot drop") {
				t.Errorf("%s prints nothing", c)
			}
			ran[strings.Join(strings.Fields(c)[:2], " ")] = true
		}
		for _, c := range []string{"dot status", "dot plan", "dot build", "dot compare", "dot explain", "dot test", "dot drop"} {
			if !ran[c] {
				t.Errorf("%s is not on the page", c)
			}
		}
		for _, schema := range s.schemas() {
			if schema == "dev" || schema == "prod" {
				t.Errorf("the own schema of %s was written", schema)
			}
		}
	})
}

// skillCommands are the lines of a page's blocks of code, without their comments.
func skillCommands(page string) (commands []string) {
	inside := false
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			inside = !inside
		case inside && line != "":
			command, _, _ := strings.Cut(line, " # ")
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}
