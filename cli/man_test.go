package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"dot-for-dbt/internal/ui"
)

// pages writes all man pages, and returns the file of each command.
func pages(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	var out bytes.Buffer
	a := &app{Stdout: ui.NewOutput(&out)}
	if err := (&manCommand{Dir: dir}).run(t.Context(), a, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

// There is a page of each command, with each flag that the command takes and its examples.
func TestManPagesHaveWhatTheHelpHas(t *testing.T) {
	dir := pages(t)
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		words := nodeWords(leaf)
		if below(leaf.Parent, "plan") || below(leaf.Parent, "explain") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, pageName(leaf)+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		page := strings.NewReplacer(`\-`, "-", `\(aq`, "'", `\(ti`, "~", `\(dq`, `"`).Replace(string(text))
		for _, group := range leaf.AllFlags(true) {
			for _, flag := range group {
				if got, want := strings.Contains(page, "--"+flag.Name), belongs(flag.Name, words[0]); !got && want {
					t.Errorf("the page of %s lacks --%s", strings.Join(words, " "), flag.Name)
				}
			}
		}
		for _, example := range examplesOf(words) {
			if !strings.Contains(page, example) {
				t.Errorf("the page of %s lacks the example %s", strings.Join(words, " "), example)
			}
		}
	}
	for _, not := range []string{"dot-for-dbt-plan-build.1", "dot.1"} { // the same again; Graphviz's
		if _, err := os.Stat(filepath.Join(dir, not)); err == nil {
			t.Error("there is a page " + not)
		}
	}
}

// The pages for the site have each flag and both examples, too, and no text is taken for Markdown.
func TestMarkdownPagesHaveWhatTheHelpHas(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	a := &app{Stdout: ui.NewOutput(&out)}
	if err := (&manCommand{Dir: dir, Format: "markdown"}).run(t.Context(), a, nil); err != nil {
		t.Fatal(err)
	}
	parser, err := new(app).parser(wholeGrammar())
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(true) {
		words := nodeWords(leaf)
		if below(leaf.Parent, "plan") || below(leaf.Parent, "explain") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, "dot-"+strings.Join(words, "-")+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		page := string(text)
		for _, group := range leaf.AllFlags(true) {
			for _, flag := range group {
				if got, want := strings.Contains(page, "--"+flag.Name), belongs(flag.Name, words[0]); !got && want {
					t.Errorf("the page of %s lacks --%s", strings.Join(words, " "), flag.Name)
				}
			}
		}
		for _, example := range examplesOf(words) {
			if !strings.Contains(page, "\n"+example+"\n") {
				t.Errorf("the page of %s lacks the example %s", strings.Join(words, " "), example)
			}
		}
	}
	if got, want := escapeMarkdown("`a_b` <c> *d* [e](f) \\"), "\\`a\\_b\\` &lt;c&gt; \\*d\\* \\[e](f) \\\\"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// mandoc and groff find nothing wrong with the pages, where they are installed.
func TestManPagesAreValid(t *testing.T) {
	dir := pages(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	for _, tool := range [][]string{{"mandoc", "-T", "lint", "-W", "style"}, {"groff", "-man", "-T", "ascii", "-wall", "-z"}} {
		t.Run(tool[0], func(t *testing.T) {
			path, err := exec.LookPath(tool[0])
			if err != nil {
				t.Skip(err)
			}
			out, _ := exec.Command(path, append(tool[1:], files...)...).CombinedOutput()
			for line := range strings.Lines(string(out)) {
				if !strings.Contains(line, "missing date") { // programs that tests build don't know their commit
					t.Error(line)
				}
			}
		})
	}
}

func TestManPageOf(t *testing.T) {
	for _, tt := range []struct {
		words []string
		want  string // a part of the page, or of the error
	}{
		{nil, `dot\-for\-dbt \-` + "\nRun dbt at any commit"},
		{[]string{"run-operation"}, `\-\-args \(aq{a: 1}\(aq`}, // not a typographic quote: it is copied
		{[]string{"status"}, `.B "\-\-check"`},
		{[]string{"docs", "generate"}, `.B "dot docs generate"`},
		{[]string{"ls"}, `.B "dot list"`},
		{[]string{"plan", "build"}, `.B "dot plan build"`},
		{[]string{"bild"}, "dot has no command bild"},
	} {
		var out bytes.Buffer
		err := (&manCommand{Command: tt.words}).run(t.Context(), &app{Stdout: ui.NewOutput(&out)}, nil)
		got := out.String()
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%q: no %s in %.200s", tt.words, tt.want, got)
		}
	}
}
