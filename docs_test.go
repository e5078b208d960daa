package main

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"dot-for-dbt/cli"
	"dot-for-dbt/config"
)

// TestLinks fails on broken links in the documentation: to a missing file or
// heading.
func TestLinks(t *testing.T) {
	links := 0
	for _, page := range markdown(t) {
		for _, target := range page.links() {
			u, err := url.Parse(target)
			if err != nil {
				t.Errorf("%s: link %q: %v", page.name, target, err)
				continue
			}
			if u.IsAbs() {
				continue
			}
			links++
			file := page.name
			if u.Path != "" {
				file = path.Join(path.Dir(page.name), u.Path)
			}
			if _, err := os.Stat(filepath.FromSlash(file)); err != nil {
				t.Errorf("%s: link %q: %v", page.name, target, err)
				continue
			}
			if u.Fragment != "" && !slices.Contains(readPage(t, file).anchors(), u.Fragment) {
				t.Errorf("%s: link %q: %s has no such heading", page.name, target, file)
			}
		}
	}
	if links == 0 {
		t.Error("no relative link was found: the test looks for them in the wrong way")
	}
}

// TestNamedTestsExist fails on a link to a test that its file doesn't have.
func TestNamedTestsExist(t *testing.T) {
	named := regexp.MustCompile(`\[((?:Test|Fuzz)\w+)\]\(([^)]+\.go)\)`)
	found := 0
	for _, page := range markdown(t) {
		for _, m := range named.FindAllStringSubmatch(page.text, -1) {
			found++
			file := readPage(t, path.Join(path.Dir(page.name), m[2]))
			if !strings.Contains(file.text, "func "+m[1]+"(") && page.name != "docs/behaviours.md" { // which names cases, too
				t.Errorf("%s: %s has no %s", page.name, file.name, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no test is named: this one looks for them in the wrong way")
	}
}

// TestCaskHasAllPages fails on a man page that the Homebrew cask doesn't list.
func TestCaskHasAllPages(t *testing.T) {
	dir := t.TempDir()
	printed(t, "man", "--dir", dir)
	pages, err := os.ReadDir(dir)
	if err != nil || len(pages) == 0 {
		t.Fatalf("%d man pages, %v", len(pages), err)
	}
	listed := readPage(t, ".goreleaser.yaml").text
	for _, page := range pages {
		if !strings.Contains(listed, "- man/"+page.Name()+"\n") {
			t.Errorf(".goreleaser.yaml: homebrew_casks: manpages: lacks man/%s", page.Name())
		}
	}
}

// TestEnvironmentVariables fails on an environment variable of dot's own that the code names and the page about them
// lacks, or the other way round.
func TestEnvironmentVariables(t *testing.T) {
	const name = "docs/environment-variables.md"
	form := regexp.MustCompile("[\"`](DOT_[A-Z_]+)[=\"`]")
	internal := []string{"DOT_QUERY_COMMENT"} // from dot to the Python that it starts
	inCode := map[string]bool{}
	if err := walk(func(file string) error {
		if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "test/") || strings.HasPrefix(file, "internal/testing/") {
			return nil
		}
		for _, m := range form.FindAllStringSubmatch(readPage(t, file).text, -1) {
			inCode[m[1]] = !slices.Contains(internal, m[1])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	onPage := map[string]bool{}
	for _, m := range form.FindAllStringSubmatch(readPage(t, name).text, -1) {
		onPage[m[1]] = true
		if !inCode[m[1]] {
			t.Errorf("%s: dot doesn't know %s", name, m[1])
		}
	}
	for variable, own := range inCode {
		if own && !onPage[variable] {
			t.Errorf("%s lacks %s", name, variable)
		}
	}
	if len(onPage) < 5 {
		t.Errorf("%s: only %d variables were found", name, len(onPage))
	}
}

// TestPagesAreInNav fails on a page in docs/ that the site's navigation lacks: make docs would fail.
func TestPagesAreInNav(t *testing.T) {
	nav := readPage(t, "mkdocs.yml").text
	found := 0
	for _, page := range markdown(t) {
		name, ok := strings.CutPrefix(page.name, "docs/")
		if !ok {
			continue
		}
		found++
		if !strings.Contains(nav, ": "+name+"\n") {
			t.Errorf("mkdocs.yml: nav: lacks %s", name)
		}
	}
	if found == 0 {
		t.Error("no page was found: the test looks for them in the wrong way")
	}
}

// TestDecisionsAreListed fails on a decision that adr/README.md doesn't list,
// and on numbers with gaps.
func TestDecisionsAreListed(t *testing.T) {
	listed := readPage(t, "adr/README.md").links()
	records, err := filepath.Glob("adr/[0-9]*.md")
	if err != nil || len(records) == 0 {
		t.Fatalf("decisions: %v, %v", records, err)
	}
	for i, record := range records {
		name := filepath.Base(record)
		if want := fmt.Sprintf("%04d-", i+1); !strings.HasPrefix(name, want) {
			t.Errorf("%s: a name that begins with %s is expected", name, want)
		}
		if !slices.Contains(listed, name) {
			t.Errorf("adr/README.md doesn't list %s", name)
		}
	}
}

// TestReadmeConfiguration loads the configuration in the README.
func TestReadmeConfiguration(t *testing.T) {
	dir := t.TempDir()
	files := 0
	for _, block := range readPage(t, "README.md").blocks("yaml") {
		first, _, _ := strings.Cut(block, "\n")
		name, _, _ := strings.Cut(strings.TrimPrefix(first, "# "), ":")
		if err := os.WriteFile(filepath.Join(dir, name), []byte(block), 0o600); err != nil {
			t.Fatal(err)
		}
		files++
	}
	if files != 3 {
		t.Errorf("the README shows %d files of configuration, 3 are expected", files)
	}
	c, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range c.Environments() {
		if _, err := c.Resolve(name, nil); err != nil {
			t.Errorf("environment %s: %v", name, err)
		}
	}
}

// TestDocumentedFlags fails on a flag in a command line of the documentation
// that dot doesn't have.
func TestDocumentedFlags(t *testing.T) {
	known := help(t)
	for line := range strings.Lines(printed(t, "__complete", "fish", "")) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		known += help(t, command)
	}
	flag := regexp.MustCompile(`--[a-z-]+`)
	lines := 0
	for _, page := range markdown(t) {
		for _, line := range page.commands() {
			lines++
			own, _, _ := strings.Cut(line, " -- ")
			for _, name := range flag.FindAllString(own, -1) {
				if !regexp.MustCompile(name + `\b`).MatchString(known) {
					t.Errorf("%s: %q: dot has no %s", page.name, line, name)
				}
			}
		}
	}
	if lines == 0 {
		t.Error("no command line of dot's was found: the test looks for them in the wrong way")
	}
}

// help returns the help of a command.
func help(t *testing.T, command ...string) string {
	t.Helper()
	return printed(t, append(command, "--help-all")...)
}

// printed returns dot's stdout.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	code := cli.Main(cli.Process{Args: args, Dir: t.TempDir(), Stdout: &out, Stderr: io.Discard, Now: time.Now})
	if code != 0 {
		t.Fatalf("dot %v: exit code %d", args, code)
	}
	return out.String()
}

// A page is a file of the documentation.
type page struct {
	name string // relative to the root, with slashes
	text string
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return page{name, string(text)}
}

// markdown returns all pages of the documentation.
func markdown(t *testing.T) []page {
	t.Helper()
	var pages []page
	if err := walk(func(name string) error {
		if path.Ext(name) == ".md" {
			pages = append(pages, readPage(t, name))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return pages
}

var (
	fence   = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	code    = regexp.MustCompile("`[^`\n]+`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// prose returns the text without code.
func (p page) prose() string {
	return code.ReplaceAllString(fence.ReplaceAllString(p.text, ""), "")
}

func (p page) links() []string {
	var targets []string
	for _, m := range link.FindAllStringSubmatch(p.prose(), -1) {
		targets = append(targets, m[1])
	}
	return targets
}

// anchors returns the headings as URL fragments, as GitHub makes them.
func (p page) anchors() []string {
	var names []string
	for _, m := range heading.FindAllStringSubmatch(fence.ReplaceAllString(p.text, ""), -1) {
		names = append(names, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, m[1]))
	}
	return names
}

// blocks returns the code blocks in a language; "" means blocks without one.
func (p page) blocks(language string) []string {
	var out []string
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	return out
}

// commands returns dot's command lines in blocks and prose.
func (p page) commands() []string {
	var lines []string
	add := func(line string) {
		line = strings.TrimPrefix(line, "$ ")
		if strings.HasPrefix(line, "dot ") {
			lines = append(lines, line)
		}
	}
	for _, block := range p.blocks("") {
		for line := range strings.Lines(block) {
			add(strings.TrimSpace(line))
		}
	}
	for _, span := range code.FindAllString(fence.ReplaceAllString(p.text, ""), -1) {
		add(strings.Trim(span, "`"))
	}
	return lines
}
