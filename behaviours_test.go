package main

import (
	"bufio"
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sebdah/goldie/v2"
)

// TestBehaviours fails if docs/behaviours.md does not list the tests that name each
// line of the specification; -update rewrites the list.
// A test names a line in its comments or in the name of a case ("B.2 annotated
// tag"), a script in a comment.
func TestBehaviours(t *testing.T) {
	found := proofs{}
	found.inTests(t)
	found.inScripts(t)

	text, err := os.ReadFile(filepath.Join("docs", "behaviours.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for line := range strings.Lines(string(text)) {
		row := behaviour.FindStringSubmatch(strings.TrimSpace(line))
		if row == nil {
			want.WriteString(line)
			continue
		}
		label := row[1]
		tests := strings.Join(slices.Sorted(maps.Keys(found[label])), ", ")
		if tests == "" {
			t.Errorf("no test names %s", label)
		}
		fmt.Fprintf(&want, "| %s | %s | %s |\n", label, row[2], tests)
		delete(found, label)
	}
	for label, tests := range found {
		t.Errorf("the specification has no line %s, which these name: %v", label, tests)
	}
	goldie.New(t, goldie.WithFixtureDir("docs"), goldie.WithNameSuffix(".md")).Assert(t, "behaviours", want.Bytes())
}

var (
	// behaviour matches a row of the table: label, behaviour, tests.
	behaviour = regexp.MustCompile(`^\| ([A-H]\.\d+) \| (.*) \| ([^|]*) \|$`)
	// named matches a label in a comment or text, called one in the name of a
	// test: TestPackagesD7_git.
	named  = regexp.MustCompile(`(?:^|[\s("/])([A-H]\.\d{1,2})\b`)
	called = regexp.MustCompile(`^Test\w*[a-z]([A-H])(\d{1,2})(?:_|$)`)
)

// proofs are links to tests and scripts, by the label that they name.
type proofs map[string]map[string]bool

// add adds the labels in a text.
func (p proofs) add(text, name, file string) {
	for _, m := range named.FindAllStringSubmatch(text, -1) {
		if p[m[1]] == nil {
			p[m[1]] = map[string]bool{}
		}
		p[m[1]][fmt.Sprintf("[%s](../%s)", name, file)] = true
	}
}

// inTests reads the labels in Go tests: in doc comments, other comments and string
// literals.
func (p proofs) inTests(t *testing.T) {
	t.Helper()
	err := walk(func(name string) error {
		if !strings.HasSuffix(name, "_test.go") || name == "behaviours_test.go" {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			start, end := decl.Pos(), decl.End()
			test := path.Base(name)
			if f, ok := decl.(*ast.FuncDecl); ok {
				if f.Doc != nil {
					start = f.Doc.Pos()
				}
				if strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz") {
					test = f.Name.Name
				}
				if m := called.FindStringSubmatch(test); m != nil {
					p.add(m[1]+"."+m[2], test, name)
				}
			}
			for _, comments := range file.Comments {
				if start <= comments.Pos() && comments.End() <= end {
					p.add(comments.Text(), test, name)
				}
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
					p.add(text.Value[1:len(text.Value)-1], test, name)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inScripts reads the labels in comments of testdata/script.
func (p proofs) inScripts(t *testing.T) {
	t.Helper()
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("scripts: %v, %v", scripts, err)
	}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		script = filepath.ToSlash(script)
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			if comment, ok := strings.CutPrefix(lines.Text(), "#"); ok {
				p.add(comment, path.Base(script), script)
			}
		}
	}
}
