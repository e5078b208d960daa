package dbt

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// dbt 2's flags: the tables, what dot makes of them, and dbt itself.

func TestTakesOfDBT2(t *testing.T) {
	for _, tt := range []struct {
		command, flag string
		one, two      bool
	}{
		{"deps", "target-path", false, true},
		{"list", "threads", false, true},
		{"run-operation", "select", false, true},
		{"debug", "config-dir", true, false},
		{"debug", "connection", true, true},
		{"test", "full-refresh", false, false},
	} {
		for version, want := range map[string]bool{"1.11.16": tt.one, "2.0.0-beta.2": tt.two, "": tt.one} {
			if got := command(t, tt.command).In(version).Takes(tt.flag); got != want {
				t.Errorf("dbt %q %s takes --%s: %t, want %t", version, tt.command, tt.flag, got, want)
			}
		}
	}
}

func TestEverywhereFlagsExist(t *testing.T) {
	for _, name := range slices.Concat(v2Everywhere, v2Ignored, v2RefusedNo, slices.Collect(maps.Keys(v2Refused)), slices.Collect(maps.Keys(v2Words))) {
		if _, ok := LookupFlag(name); !ok {
			t.Errorf("there is no flag --%s", name)
		}
	}
}

// What is said in dbt 1's words reaches dbt 2 in its own. What it ignores is left out.
func TestWordsOfDBT2(t *testing.T) {
	for given, want := range map[string]string{
		"--model a b":              "--select a b",
		"-m a":                     "--select a",
		"--no-use-colors --empty":  "--empty",
		"--log-level none":         "--log-level off",
		"--log-format debug":       "--log-format text",
		"--no-debug --debug":       "--debug",
		"--no-debug":               "",
		"--something-new a":        "--something-new a",
		"--no-partial-parse -f -x": "--no-partial-parse --full-refresh --fail-fast",
	} {
		c := command(t, "build").In("2.0.0-alpha.4")
		args, err := ReadArgs(c, strings.Fields(given), Rules{})
		if err != nil {
			t.Fatal(err)
		}
		line := CommandLine{DBT: []string{"dbt"}, Command: c, Options: args.Options}
		if got := strings.Join(line.Argv()[2:], " "); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
		line.Command = c.In("1.11.16")
		if got := strings.Join(line.Argv()[2:], " "); !strings.HasPrefix(given, "--no-debug --debug") && got != given {
			t.Errorf("dbt 1: %s became %s", given, got)
		}
	}
}

// A setting that dbt 2 refuses is named, not dropped in silence.
func TestLeftOut(t *testing.T) {
	for _, tt := range []struct{ command, version, name, want string }{
		{"docs generate", "2.0.0-alpha.4", "empty_catalog", "dbt 2.0.0-alpha.4 has no --empty-catalog for dbt docs generate: it is left out"},
		{"docs generate", "1.11.16", "empty-catalog", ""},
		{"build", "2.0.0-alpha.4", "empty-catalog", ""}, // which dbt 1's build doesn't have, either
		{"build", "2.0.0-alpha.4", "threads", ""},
		{"build", "2.0.0-alpha.4", "nonsense", ""},
	} {
		if got := command(t, tt.command).In(tt.version).LeftOut(tt.name); got != tt.want {
			t.Errorf("%s of dbt %s %s: %q, want %q", tt.name, tt.version, tt.command, got, tt.want)
		}
	}
}

// Its exit code is 1 for everything.
func TestExitCodeOfDBT2(t *testing.T) {
	for _, tt := range []struct {
		command, version string
		code             int
		failed           bool
		want             int
	}{
		{"build", "2.0.0-alpha.4", 1, true, 1},
		{"build", "2.0.0-alpha.4", 1, false, 2},
		{"list", "2.0.0-alpha.4", 1, false, 2},
		{"debug", "2.0.0-alpha.4", 1, false, 1},
		{"build", "2.0.0-alpha.4", 137, false, 137},
		{"build", "1.11.16", 1, false, 1},
		{"build", "2.0.0-alpha.4", 0, false, 0},
	} {
		if got := command(t, tt.command).In(tt.version).ExitCode(tt.code, tt.failed); got != tt.want {
			t.Errorf("%+v: %d", tt, got)
		}
	}
}

func TestRefusedByDBT2(t *testing.T) {
	line := CommandLine{Command: command(t, "docs generate").In("2.0.0-alpha.4"), Options: []Option{{Flag: "static"}}}
	if err := line.CheckV2(); err == nil || err.Error() != "dbt 2.0.0-alpha.4 has no --static for dbt docs generate" {
		t.Errorf("%v", err)
	}
	line.Command = line.Command.In("1.11.16")
	if err := line.CheckV2(); err != nil {
		t.Errorf("dbt 1: %v", err)
	}
}

// TestV2Flags asks dbt 2 about each flag of each command: whether it takes it, and whether it warns that
// it ignores it. DOT_TEST_V2 names dbt 2's environment.
func TestV2Flags(t *testing.T) {
	dir := os.Getenv("DOT_TEST_V2")
	if dir == "" {
		t.Skip("DOT_TEST_V2 names no environment with dbt 2: run make test")
	}
	ask := func(words ...string) (said string, ok bool) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", "dbt"), words...)
		cmd.Dir = t.TempDir()
		out, err := cmd.CombinedOutput()
		return string(out), err == nil
	}
	values := map[string]string{
		"log-format": "json", "log-format-file": "json", "log-level": "info", "log-level-file": "info", "output": "json",
		"resource-types": "model", "exclude-resource-types": "model", "indirect-selection": "eager", "vars": "{}", "args": "{}",
		"warn-error-options": "{}", "event-time-start": "2020-01-01", "event-time-end": "2020-01-01", "sample": "1 day",
	}
	limit := make(chan struct{}, 8)
	var all sync.WaitGroup
	for _, plain := range Commands() {
		c := plain.In("2.0.0-alpha.4")
		if c.Name == "init" {
			continue // its flags are about questions
		}
		for _, f := range c.Flags() {
			if f.Name == "help" || f.Name == "version" {
				continue
			}
			forms := []Option{{Flag: f.Name}}
			if value, ok := values[f.Name]; f.Arity != None && ok {
				forms[0].Values = []string{value}
			} else if f.Arity != None {
				forms[0].Values = []string{"1"}
			}
			if f.HasNo {
				forms = append(forms, Option{Flag: f.Name, Negated: true})
			}
			for _, o := range forms {
				all.Go(func() {
					limit <- struct{}{}
					defer func() { <-limit }()
					words := append(c.Words(), o.Words()...)
					// With --help, dbt reads the words and does nothing.
					said, ok := ask(append(words, "--help")...)
					want := !c.refusedByV2(f.Name) && !(o.Negated && slices.Contains(v2RefusedNo, f.Name))
					if ok != want {
						t.Errorf("dbt %s: taken %t, want %t: %.80s", strings.Join(words, " "), ok, want, said)
					}
				})
			}
		}
	}
	all.Wait()
	project := t.TempDir()
	if err := os.WriteFile(filepath.Join(project, "dbt_project.yml"), []byte("name: p\nprofile: p\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(project, "profiles.yml"), []byte("p: {target: dev, outputs: {dev: {type: duckdb, path: x.duckdb, schema: s}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range v2Ignored {
		f, _ := LookupFlag(name)
		o := Option{Flag: name}
		if f.Arity != None {
			o.Values = []string{"80"}
		}
		said, _ := ask(append([]string{"parse", "--project-dir", project, "--profiles-dir", project}, o.Words()...)...)
		if !strings.Contains(said, "(dbt1700)") && !strings.Contains(said, "(dbt1701)") {
			t.Errorf("dbt doesn't say that it ignores --%s: %s", name, said)
		}
	}
}
