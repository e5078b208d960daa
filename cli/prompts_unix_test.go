//go:build unix

package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
)

const (
	gitignoreQuestion = "question: the repository's ignore rules lack .dot/, where builds are kept; add it to .gitignore? [y]es / [N]o / n[e]ver: "
	vsCodeQuestion    = "question: VS Code searches and watches every build in .dot/; exclude them in .vscode/settings.json? [y]es / [N]o / n[e]ver: "
	gitignoreWarning  = "warning: the repository's ignore rules lack .dot/, where builds are kept: add that line to .gitignore\n"
	vsCodeWarning     = "warning: VS Code searches and watches every build in .dot/: .vscode/settings.json does not exclude them\n"
	again             = "note: answer y, n or e\n"
)

// unignoredShop returns a shop whose .gitignore lacks .dot/.
func unignoredShop(t *testing.T) *shop {
	s := newShop(t)
	s.write(".gitignore", unignored)
	return s
}

const unignored = "warehouse.duckdb*\r\n"

func (s *shop) holds(name, want string) {
	s.t.Helper()
	got, err := os.ReadFile(s.file(name))
	if err != nil && want != "" || string(got) != want {
		s.t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
}

func TestPromptGitignore(t *testing.T) {
	tests := map[string]struct {
		typed     []string
		code      int
		said      string // to begin with
		gitignore string
		config    string
		nothing   bool // is written
	}{
		"yes": {
			typed: []string{"y\n"}, gitignore: unignored + ".dot/\r\n",
			said: gitignoreQuestion + "y\nnote: added .dot/ to .gitignore\n",
		},
		"no":    {typed: []string{"n\n"}, code: 2, said: gitignoreQuestion + "n\nerror: the repository's ignore rules lack .dot/", nothing: true},
		"Enter": {typed: []string{"\n"}, code: 2, said: gitignoreQuestion + "\nerror: ", nothing: true},
		"never": {
			typed: []string{"never\n"}, gitignore: unignored, config: "prompts:\n  gitignore: disabled\n",
			said: gitignoreQuestion + "never\n",
		},
		"end of input": {typed: []string{ctrlD}, code: 2, said: gitignoreQuestion, nothing: true},
		"Ctrl-C":       {typed: []string{ctrlC}, code: 130, said: gitignoreQuestion + "\nnote: interrupted", nothing: true},
		"half an answer, Ctrl-C": {
			typed: []string{"y" + ctrlC}, code: 130, said: gitignoreQuestion, nothing: true,
		},
		"garbage, then yes": {
			typed: []string{"what?\n", "Y\n"}, gitignore: unignored + ".dot/\r\n",
			said: gitignoreQuestion + "what?\n" + again + gitignoreQuestion + "Y\n",
		},
		"garbage": {
			typed: []string{"a\n", "b\n", "c\n"}, code: 2, nothing: true,
			said: gitignoreQuestion + "a\n" + again + gitignoreQuestion + "b\n" + again + gitignoreQuestion + "c\n" + again + "note: taken as no\nerror: ",
		},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			t.Parallel()
			s := unignoredShop(t)
			before := digestTree(s.dir)
			out := s.atTerminal("build dev@HEAD", tt.typed)
			if out.code != tt.code {
				t.Errorf("exit code %d, want %d", out.code, tt.code)
			}
			said := out.both
			if tt.code == 130 { // the terminal sends the signal before it shows ^C, and dot may be faster
				said = strings.ReplaceAll(strings.ReplaceAll(said, "^C", ""), "\n\n", "\n")
			}
			if !strings.HasPrefix(said, tt.said) {
				t.Errorf("said\n%q\nwant it to begin with\n%q", out.both, tt.said)
			}
			if tt.nothing {
				if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
					t.Errorf("written (-before +after):\n%s", diff)
				}
				return
			}
			s.holds(".gitignore", tt.gitignore)
			s.holds(".dot/config.yml", tt.config)
			if !strings.Contains(out.both, "done dev@") {
				t.Errorf("not built:\n%s", out.both)
			}
			if again := s.atTerminal("build dev@HEAD", nil); again.code != 0 || strings.Contains(again.both, "ignore") {
				t.Errorf("the second time, exit code %d:\n%s", again.code, again.both)
			}
		})
	}
}

func TestPromptGitignoreSaysHowToGoOn(t *testing.T) {
	s := unignoredShop(t)
	out := s.atTerminal("build dev@HEAD", []string{"n\n"})
	for _, want := range []string{
		"error: the repository's ignore rules lack .dot/, where builds are kept\n",
		"hint: add the line .dot/ to .gitignore yourself, or to .git/info/exclude\n",
		"hint: or continue without it: answer never, or give --disable-prompts\n",
	} {
		if !strings.Contains(out.both, want) {
			t.Errorf("lacks %q:\n%s", want, out.both)
		}
	}
}

func TestPromptGitignoreThatCantBeChanged(t *testing.T) {
	for name, spoil := range map[string]func(*shop) error{
		"read-only": func(s *shop) error { return os.Chmod(s.file(".gitignore"), 0o444) },
		"symbolic link": func(s *shop) error {
			return errors.Join(os.Rename(s.file(".gitignore"), s.file("rules")), os.Symlink("rules", s.file(".gitignore")))
		},
	} {
		t.Run("H.1 "+name, func(t *testing.T) {
			s := unignoredShop(t)
			if err := spoil(s); err != nil {
				t.Fatal(err)
			}
			out := s.atTerminal("build dev@HEAD", []string{"y\n"})
			if out.code != 2 || !strings.Contains(out.both, "error: add .dot/ to .gitignore: /shop/.gitignore is a "+name) &&
				!strings.Contains(out.both, "error: add .dot/ to .gitignore: /shop/.gitignore is "+name) {
				t.Errorf("exit code %d:\n%s", out.code, out.both)
			}
			s.holds(".gitignore", unignored)
			if _, err := os.Stat(s.file(".dot")); err == nil {
				t.Error(".dot was made")
			}
		})
	}
}

func TestPromptVSCode(t *testing.T) {
	const settings = "{\r\n\t// mine\r\n\t\"editor.tabSize\": 2,\r\n}\r\n"
	const excluded = "{\r\n\t// mine\r\n\t\"editor.tabSize\": 2,\r\n\t\"search.exclude\": {\r\n\t\t\"**/.dot\": true,\r\n\t\t\"**/.dot/**\": true\r\n\t},\r\n\t\"files.watcherExclude\": {\r\n\t\t\"**/.dot/**\": true\r\n\t},\r\n}\r\n"
	tests := map[string]struct {
		typed            string
		code             int
		before, settings string
		config           string
		says             string
	}{
		"yes":          {typed: "yes\n", before: settings, settings: excluded, says: "note: excluded .dot/ in .vscode/settings.json\n"},
		"no":           {typed: "n\n", before: settings, settings: settings},
		"Enter":        {typed: "\n", before: settings, settings: settings},
		"end of input": {typed: ctrlD, before: settings, settings: settings},
		"never":        {typed: "e\n", before: settings, settings: settings, config: "prompts:\n  vscode: disabled\n"},
		"Ctrl-C":       {typed: ctrlC, code: 130, before: settings, settings: settings},
		"unparsable": {
			typed: "y\n", before: "{\n  oops\n", settings: "{\n  oops\n",
			says: "warning: exclude .dot/ in VS Code: /shop/.vscode/settings.json:2:3: not JSON from here on, even with comments\nhint: the file was not changed; add this to it:\n{\n    \"search.exclude\": {\n",
		},
	}
	for name, tt := range tests {
		t.Run("H.2 "+name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.write(".vscode/settings.json", tt.before)
			out := s.atTerminal("build dev@HEAD", []string{tt.typed}, "TERM_PROGRAM=vscode")
			if out.code != tt.code {
				t.Errorf("exit code %d, want %d", out.code, tt.code)
			}
			if !strings.HasPrefix(out.both, vsCodeQuestion) || !strings.Contains(out.both, tt.says) {
				t.Errorf("said\n%s\nwant %q", out.both, tt.says)
			}
			if built := strings.Contains(out.both, "done dev@"); built != (tt.code == 0) {
				t.Errorf("built %v:\n%s", built, out.both)
			}
			s.holds(".vscode/settings.json", tt.settings)
			s.holds(".dot/config.yml", tt.config)
		})
	}
}

func TestPromptVSCodeWhereItIsUsed(t *testing.T) {
	withoutRace(t)
	t.Run("H.2 not at all", func(t *testing.T) {
		s := newShop(t)
		s.write(".vscode/settings.json", "{}") // a colleague's
		if out := s.atTerminal("build dev@HEAD", nil); out.code != 0 || strings.Contains(out.both, "VS Code") {
			t.Errorf("exit code %d:\n%s", out.code, out.both)
		}
	})
	t.Run("H.2 its terminal", func(t *testing.T) {
		s := newShop(t)
		s.atTerminal("build dev@HEAD", []string{"y\n"}, "TERM_PROGRAM=vscode")
		if text, err := os.ReadFile(s.file(".vscode/settings.json")); err != nil || !strings.Contains(string(text), `"**/.dot/**": true`) {
			t.Errorf("got %q, %v", text, err)
		}
	})
	t.Run("H.2 from below", func(t *testing.T) {
		s := newShop(t)
		s.cwd = s.file("models")
		out := s.atTerminal("build dev@HEAD", []string{"y\n"}, "TERM_PROGRAM=vscode")
		if !strings.Contains(out.both, "in ../.vscode/settings.json?") {
			t.Errorf("said\n%s", out.both)
		}
		if _, err := os.Stat(s.file(".vscode/settings.json")); err != nil {
			t.Error(err)
		}
	})
}

// Two questions: nothing is written before both are answered.
func TestPromptBoth(t *testing.T) {
	withoutRace(t)
	tests := map[string]struct {
		typed     []string
		code      int
		gitignore string
		config    string
	}{
		"yes, Ctrl-C":  {[]string{"y\n", ctrlC}, 130, unignored, ""},
		"never, never": {[]string{"e\n", "e\n"}, 0, unignored, "prompts:\n  vscode: disabled\n  gitignore: disabled\n"},
		"yes, no":      {[]string{"y\n", "n\n"}, 0, unignored + ".dot/\r\n", ""},
	}
	for name, tt := range tests {
		t.Run("H.2 "+name, func(t *testing.T) {
			s := unignoredShop(t)
			out := s.atTerminal("build dev@HEAD", tt.typed, "TERM_PROGRAM=vscode")
			if out.code != tt.code {
				t.Errorf("exit code %d, want %d:\n%s", out.code, tt.code, out.both)
			}
			s.holds(".gitignore", tt.gitignore)
			s.holds(".dot/config.yml", tt.config)
		})
	}
}

// dot shows many builds, and asks before it runs them.
func TestConfirm(t *testing.T) {
	const four = "build dev@HEAD dev@main prod@HEAD prod@main --log quiet"
	for name, tt := range map[string]struct {
		typed []string
		code  int
		ends  string
		built bool
	}{
		"yes":          {[]string{"y\n"}, 0, "", true},
		"no":           {[]string{"n\n"}, 2, "run these 4 builds? [y]es / [N]o: n\nerror: nothing was run\n", false},
		"Enter":        {[]string{"\n"}, 2, "[N]o: \nerror: nothing was run\n", false},
		"end of input": {[]string{ctrlD}, 2, "error: nothing was run\n", false},
		"Ctrl-C":       {[]string{ctrlC}, 130, "note: interrupted\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			before := digestTree(s.dir)
			out := s.atTerminal(four, tt.typed)
			if out.code != tt.code || !strings.HasSuffix(out.both, tt.ends) {
				t.Errorf("exit code %d, want %d and to end with %q:\n%s", out.code, tt.code, tt.ends, out.both)
			}
			if !strings.Contains(out.both, "run      build      dev@") || strings.Contains(out.both, "--profiles-dir") {
				t.Errorf("it does not show what would run, or more than that:\n%s", out.both)
			}
			if written := digestTree(s.dir) != before; written != tt.built {
				t.Errorf("something was written: %t, want %t", written, tt.built)
			}
		})
	}
}

// TestConfirmProtected: at a terminal, dot asks before it writes into the own schema of what may be
// production.
func TestConfirmProtected(t *testing.T) {
	const question = "question: without a ref, this writes into schema prod of database "
	for name, tt := range map[string]struct {
		command string
		typed   []string
		code    int
		asks    bool
		set     string // protected: of prod, "" for none
	}{
		"yes":           {"build prod", []string{"y\n"}, 0, true, ""},
		"no":            {"build prod", []string{"n\n"}, 2, true, ""},
		"Enter":         {"build prod", []string{"\n"}, 2, true, ""},
		"Ctrl-C":        {"build prod", []string{ctrlC}, 130, true, ""},
		"--yes":         {"build prod --yes", nil, 0, false, ""},
		"another":       {"build dev", nil, 0, false, ""},
		"a plan":        {"plan build prod", nil, 0, false, ""},
		"isolated":      {"build prod@HEAD", nil, 0, false, ""},
		"writes nought": {"compile prod", nil, 0, false, ""},

		"protected":                {"build prod", []string{"y\n"}, 0, true, "true"},
		"protected, no":            {"build prod", []string{"n\n"}, 2, true, "true"},
		"protected, prompts off":   {"build prod --disable-prompts", nil, 2, false, "true"},
		"by name, prompts off":     {"build prod --disable-prompts", nil, 0, false, ""},
		"unprotected":              {"build prod", nil, 0, false, "false"},
		"protected, by its target": {"build dev -- --target prod", []string{"y\n"}, 0, true, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			if tt.set != "" {
				s.write("dot_environments.yml", "environment: {default: dev, dev: {}, prod: {dot: {protected: "+tt.set+"}}}\n")
			}
			out := s.atTerminal(tt.command, tt.typed)
			if out.code != tt.code || strings.Contains(out.both, question) != tt.asks {
				t.Errorf("exit code %d, want %d:\n%s", out.code, tt.code, out.both)
			}
			if ran := strings.Contains(out.both, "Running with dbt"); !strings.Contains(tt.command, "plan") && ran != (tt.code == 0) {
				t.Errorf("dbt ran: %t\n%s", ran, out.both)
			}
		})
	}
}

func TestPromptsNotAsked(t *testing.T) {
	withoutRace(t)
	const question = "question:"
	for name, command := range map[string]string{
		"with --disable-prompts": "build dev@HEAD --disable-prompts",
		"in a dry run":           "build dev@HEAD --dry-run",
		"in a plan":              "plan build dev@HEAD",
	} {
		t.Run("H.3 "+name, func(t *testing.T) {
			t.Parallel()
			s := unignoredShop(t)
			s.write(".vscode/settings.json", "{}")
			before := digestTree(s.dir)
			out := s.atTerminal(command, nil, "TERM_PROGRAM=vscode")
			if out.code != 0 || strings.Contains(out.both, question) || strings.Contains(out.both, gitignoreWarning) || strings.Contains(out.both, vsCodeWarning) {
				t.Errorf("exit code %d:\n%s", out.code, out.both)
			}
			s.holds(".gitignore", unignored)
			s.holds(".vscode/settings.json", "{}")
			if strings.Contains(command, "disable") {
				return
			}
			if diff := cmp.Diff(before, digestTree(s.dir)); diff != "" {
				t.Errorf("written (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("H.3 stdin is no terminal", func(t *testing.T) {
		s := unignoredShop(t)
		out := s.run("build dev@HEAD", "TERM_PROGRAM=vscode")
		if strings.Contains(out.both, question) || !strings.HasPrefix(out.stderr, gitignoreWarning+vsCodeWarning) {
			t.Errorf("said\n%s", out.both)
		}
		s.holds(".gitignore", unignored)
		if out := s.run("build dev@HEAD --force", "TERM_PROGRAM=vscode"); strings.Contains(out.both, "warning") {
			t.Errorf("said again:\n%s", out.both)
		}
	})
	t.Run("H.3 nobody sees the question", func(t *testing.T) {
		s := unignoredShop(t)
		screen, keyboard, err := pty.Open()
		if err != nil {
			t.Fatal(err)
		}
		defer screen.Close()
		defer keyboard.Close()
		cmd := exec.CommandContext(t.Context(), "dot", "build", "dev@HEAD")
		cmd.Dir, cmd.Env, cmd.Stdin = s.cwd, s.env, keyboard
		if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), gitignoreWarning) {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("H.3 disabled before", func(t *testing.T) {
		s := unignoredShop(t)
		s.write(".dot/config.yml", "prompts: {gitignore: disabled, vscode: disabled} # quiet\n")
		if out := s.run("plan build dev@HEAD", "TERM_PROGRAM=vscode"); strings.Contains(out.both, "warning") {
			t.Errorf("said\n%s", out.both)
		}
	})
	t.Run("H.3 a call without a ref", func(t *testing.T) {
		s := unignoredShop(t)
		if out := s.atTerminal("build", nil, "TERM_PROGRAM=vscode"); out.code != 0 || strings.Contains(out.both, ".dot/") {
			t.Errorf("exit code %d:\n%s", out.code, out.both)
		}
	})
}

// TestPromptsBrokenConfig proves H.1: a config.yml that dot doesn't understand is said once, and
// never stops a build.
func TestPromptsBrokenConfig(t *testing.T) {
	withoutRace(t)
	const unread = "; dot goes on without it\n"
	for name, tt := range map[string]struct{ config, place, then string }{
		"the opposite":        {"prompts: {gitignore: enabled}\n", ":1:22: disabled is expected, or nothing", "prompts: {gitignore: disabled}\n"},
		"in capitals":         {"prompts:\n  gitignore: Disabled\n", ":2:14: disabled is expected, or nothing", "prompts:\n  gitignore: disabled\n"},
		"a list":              {"prompts: [gitignore]\n", ":1:10: a mapping is expected, such as {gitignore: disabled}", "prompts: [gitignore]\n"},
		"broken":              {"prompts: {", ":1:11: while parsing a flow node: did not find expected node content", "prompts: {"},
		"no file of settings": {strings.Repeat("# long\n", 10<<10), " is not a settings file: move it away", strings.Repeat("# long\n", 10<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			s := unignoredShop(t)
			s.write(".vscode/settings.json", "{}")
			s.write(".dot/config.yml", tt.config)
			want := "warning: /shop/.dot/config.yml" + tt.place + unread
			if out := s.run("build dev@HEAD", "TERM_PROGRAM=vscode"); !strings.HasPrefix(out.both, want+gitignoreWarning+vsCodeWarning) || strings.Count(out.both, unread) > 1 {
				t.Errorf("exit code %d, said\n%s\nwant\n%s", out.code, out.both, want)
			}
			s.holds(".dot/config.yml", tt.config)
			out := s.atTerminal("build dev@HEAD", []string{"never\n", "y\n"}, "TERM_PROGRAM=vscode")
			if !strings.HasPrefix(out.both, want+gitignoreQuestion) || out.code != 0 {
				t.Errorf("asked, exit code %d:\n%s\nwant\n%s", out.code, out.both, want)
			}
			s.holds(".dot/config.yml", tt.then)
			if kept := tt.then != tt.config; kept == strings.Contains(out.both, "warning: the answer is not kept: ") {
				t.Errorf("said of the answer:\n%s", out.both)
			}
		})
	}
}

// An ordinary second run may start few git processes; the question whether
// .dot/ is ignored adds none.
func TestPromptsCostNoProcess(t *testing.T) {
	s := newShop(t)
	s.run("build dev@HEAD")
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	log := filepath.Join(bin, "log")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> '%s'\nexec '%s' \"$@\"\n", log, git)
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	s.run("build dev@HEAD")
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	calls := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(calls) > 5 || strings.Contains(string(text), "check-ignore") {
		t.Errorf("%d git processes:\n%s", len(calls), text)
	}
}
