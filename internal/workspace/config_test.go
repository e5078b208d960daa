package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithDisabled(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"no text":           {"", "prompts:\n  gitignore: disabled\n"},
		"only a comment":    {"# mine", "# mine\nprompts:\n  gitignore: disabled\n"},
		"an empty document": {"---\n", "---\nprompts:\n  gitignore: disabled\n"},
		"something else":    {"other: [1, 2] # kept\n", "other: [1, 2] # kept\nprompts:\n  gitignore: disabled\n"},
		"no last line end":  {"other: 1", "other: 1\nprompts:\n  gitignore: disabled\n"},
		"a text at the end": {"other: |\n  text\n\n", "other: |\n  text\n\nprompts:\n  gitignore: disabled\n"},
		"indented":          {"  other: 1\n", "  other: 1\n  prompts:\n    gitignore: disabled\n"},
		"another prompt": {
			"prompts:\n    # mine\n    vscode: disabled # yes\nother: 1\n",
			"prompts:\n    # mine\n    gitignore: disabled\n    vscode: disabled # yes\nother: 1\n",
		},
		"on one line":         {"prompts: {vscode: disabled}\n", "prompts: {gitignore: disabled, vscode: disabled}\n"},
		"on one line, none":   {"prompts: {}\n", "prompts: {gitignore: disabled}\n"},
		"none yet":            {"prompts:\nother: 1\n", "prompts:\n  gitignore: disabled\nother: 1\n"},
		"CRLF, mark, unicode": {"\ufeffä: ö\r\nprompts: {ü: 1}\r\n", "\ufeffä: ö\r\nprompts: {gitignore: disabled, ü: 1}\r\n"},
		"CRLF at the end":     {"other: 1\r\n", "other: 1\r\nprompts:\r\n  gitignore: disabled\r\n"},
		"another value":       {"prompts:\n  gitignore: enabled # mine\n  vscode: disabled\n", "prompts:\n  gitignore: disabled # mine\n  vscode: disabled\n"},
		"no value":            {"prompts: {gitignore: , vscode: disabled}\n", "prompts: {gitignore: disabled, vscode: disabled}\n"},
		"quoted":              {"\"prompts\":\n  'vscode': disabled\n", "\"prompts\":\n  gitignore: disabled\n  'vscode': disabled\n"},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			c, err := parseConfig("config.yml", []byte(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.withDisabled("gitignore")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWithDisabledRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a document that is ended": "other: 1\n...\n",
		"all on one line":          "{other: 1}\n",
		"a null that is written":   "prompts: ~\n",
		"shared by an alias":       "prompts: &a\n  vscode: disabled\nb: *a\n",
		"another value in quotes":  "prompts: {gitignore: \"enabled\"}\n",
		"a list of prompts":        "prompts: [gitignore]\n",
	} {
		t.Run("H.1 "+name, func(t *testing.T) {
			c, err := parseConfig("config.yml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.withDisabled("gitignore")
			var byHand *handError
			if !errors.As(err, &byHand) || len(byHand.Hints()) == 0 {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// TestPromptDisabled proves H.1.
func TestPromptDisabled(t *testing.T) {
	tests := map[string]struct {
		text string
		want bool
		err  string
	}{
		"no text":           {},
		"disabled":          {text: "prompts: {gitignore: disabled}\n", want: true},
		"in quotes":         {text: "prompts:\n  gitignore: \"disabled\"\n", want: true},
		"another one":       {text: "prompts: {vscode: disabled}\n"},
		"something else":    {text: "other: 1\n"},
		"nothing in it":     {text: "prompts:\n"},
		"another value":     {text: "prompts:\n  gitignore: no\n", err: "config.yml:2:14: disabled is expected"},
		"the opposite":      {text: "prompts: {gitignore: enabled}\n", err: "config.yml:1:22: disabled is expected"},
		"in capitals":       {text: "prompts: {gitignore: Disabled}\n", err: "config.yml:1:22: disabled is expected"},
		"a list":            {text: "prompts: {gitignore: [disabled]}\n", err: "config.yml:1:22: disabled is expected"},
		"no mapping":        {text: "a: 1\nprompts: [gitignore]\n", err: "config.yml:2:10: a mapping is expected"},
		"no mapping at all": {text: "- prompts\n", err: "config.yml:1:1: "},
		"broken":            {text: "prompts:\n  gitignore: \"disabled\n", err: "config.yml:2:14: "},
		"twice":             {text: "prompts: {}\nprompts: {}\n", err: "config.yml:2:1: "},
		"two documents":     {text: "a: 1\n---\nb: 1\n", err: "config.yml:3:1: a second document"},
	}
	for name, tt := range tests {
		t.Run("H.1 "+name, func(t *testing.T) {
			w := created(t)
			if err := os.WriteFile(w.file("config.yml"), []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := w.PromptDisabled("gitignore")
			if got != tt.want {
				t.Errorf("got %v, %v", got, err)
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got error %v, want …%s…", err, tt.err)
			}
		})
	}
}

// TestDisablePrompt proves H.1.
func TestDisablePrompt(t *testing.T) {
	w, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.PromptDisabled("vscode"); got || err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	if w.Exists() {
		t.Fatal("asking made the workspace")
	}
	for _, name := range []string{"vscode", "gitignore", "vscode"} {
		if err := w.DisablePrompt(name); err != nil {
			t.Fatal(err)
		}
		if got, err := w.PromptDisabled(name); !got || err != nil {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	text, err := os.ReadFile(w.file("config.yml"))
	if want := "prompts:\n  gitignore: disabled\n  vscode: disabled\n"; err != nil || string(text) != want {
		t.Errorf("got %q, %v; want %q", text, err, want)
	}
	if _, err := os.Stat(filepath.Join(w.Path(), ".gitignore")); err != nil {
		t.Errorf("a workspace without its .gitignore: %v", err)
	}
}

func TestDisablePromptLeavesABrokenFileAlone(t *testing.T) {
	w := created(t)
	const text = "prompts: {"
	if err := os.WriteFile(w.file("config.yml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.DisablePrompt("gitignore"); err == nil {
		t.Error("no error")
	}
	if got, err := os.ReadFile(w.file("config.yml")); err != nil || string(got) != text {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestPromptDisabledNoFile(t *testing.T) {
	w := created(t)
	if err := os.Mkdir(w.file("config.yml"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := w.PromptDisabled("gitignore"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// What comes out holds every byte of what went in, and says that and that the
// prompt is disabled: withDisabled itself checks the second.
func FuzzWithDisabled(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 2<<10 { // the parser is slow with more
			return
		}
		c, err := parseConfig("config.yml", text)
		if err != nil {
			return
		}
		if done, err := c.disabled("gitignore"); done || err != nil {
			return
		}
		got, err := c.withDisabled("gitignore")
		if err != nil {
			return
		}
		prefix := 0
		for prefix < len(text) && got[prefix] == text[prefix] {
			prefix++
		}
		if !strings.HasSuffix(string(got), string(text[prefix:])) {
			t.Fatalf("%q became %q", text, got)
		}
		again, err := parseConfig("config.yml", got)
		if err != nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		if done, err := again.disabled("gitignore"); !done || err != nil {
			t.Fatalf("%q became %q: %v, %v", text, got, done, err)
		}
	})
}
