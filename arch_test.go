package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is this module's path.
const module = "dot-for-dbt"

// house lists the packages of this module that each package may import;
// docs/architecture.md draws it. Every package may import leaves. Tests may also
// import their own package and the packages for tests.
var house = map[string][]string{
	".": {"cli"},
	"cli": {
		"compare", "compare/report", "compare/table", "config", "doctor", "graph", "lifecycle", "spec", "steps",
		"internal/dbt",     // the table of commands and flags
		"internal/dbt/run", // how dbt ran
		"internal/durable", // a report in a file
		"internal/ignore",
		"internal/proc",  // signals
		"internal/saves", // --watch
		"internal/store", // a file with a build
		"mcp",
		"pipeline", // the jobs of a plan, for CI and schedulers
		"schemas",
		"internal/ui",
		"watch",
	},
	"compare": {
		"compare/code", "compare/ladder", "compare/report",
		"config", "graph", "spec", "steps",
		"internal/dbt", "internal/dbt/artifact", "internal/dbt/run",
		"internal/durable",
	},
	"compare/code":   {"internal/dbt/adapter", "internal/dbt/artifact"},
	"compare/ladder": {"compare/report", "internal/dbt", "internal/dbt/artifact", "internal/dbt/ask"},
	"compare/report": {},
	"compare/table":  {"compare/report", "internal/ui"},
	"doctor": {
		"config", "steps",
		"internal/dbt/profile", "internal/dbt/run", "internal/dbt/tool",
		"internal/git", "internal/ignore", "internal/workspace",
	},
	"lifecycle": {
		"config", // which builds are kept
		"graph", "spec", "steps",
		"internal/dbt", "internal/git", "internal/layer", "internal/store", "internal/workspace",
	},
	"mcp": {"compare/report", "spec", "internal/proc"},
	"steps": {
		"config", "graph", "spec",
		"compare/code", // what a commit changes
		"internal/dbt", "internal/dbt/adapter", "internal/dbt/artifact", "internal/dbt/profile", "internal/dbt/run", "internal/dbt/tool",
		"internal/git", "internal/layer", "internal/warehouse", "internal/workspace",
		"internal/proc", // how a dbt command ended
		"internal/durable",
		"internal/elsewhere", // a baseline that dbt built without dot
		"internal/python",    // a commit's own dbt
		"internal/saves",     // what --watch watches
		"internal/store",     // the builds of a team
	},
	"internal/dbt":          {"internal/dbt/artifact", "internal/dbt/profile", "internal/dbt/version", "internal/pyyaml"},
	"internal/dbt/adapter":  {},
	"internal/dbt/artifact": {"internal/dbt/hidden"},
	"internal/dbt/ask":      {"internal/dbt", "internal/dbt/artifact"},
	"internal/dbt/hidden":   {},
	"internal/dbt/profile":  {"internal/dbt/adapter", "internal/pyyaml"},
	"internal/dbt/run":      {"internal/dbt", "internal/dbt/adapter", "internal/dbt/artifact", "internal/dbt/tool", "internal/dbt/version", "internal/proc"},
	"internal/dbt/tool":     {"internal/dbt/adapter", "internal/dbt/version", "internal/proc"},
	"internal/dbt/version":  {},
	"internal/warehouse":    {"internal/dbt", "internal/dbt/artifact", "internal/dbt/ask"},
	"internal/hint":         {},
	"internal/text":         {},
	"internal/lazy":         {},
	"internal/smallfile":    {},
	"internal/until":        {},
	"internal/git":          {"internal/proc"},
	"internal/layer":        {},
	"internal/pyyaml":       {},
	"internal/workspace":    {"graph", "internal/dbt/hidden", "internal/durable", "internal/pyyaml"},
	"internal/durable":      {},
	"internal/elsewhere":    {"internal/bucket", "internal/durable"},
	"internal/bucket":       {},
	"internal/store":        {"internal/bucket", "internal/durable", "internal/workspace"},
	"config":                {"spec", "internal/pyyaml"}, // what an environment may be called
	"graph":                 {"internal/durable"},        // the seal of records
	"internal/ignore":       {"internal/durable"},
	"internal/proc":         {},
	"internal/python":       {"internal/proc"},
	"internal/saves":        {},
	"internal/ui":           {},
	"pipeline":              {},
	"schemas":               {},
	"spec":                  {},
	"watch":                 {"graph", "steps", "internal/dbt/artifact", "internal/ui"},

	"internal/git/gittest":          {},
	"internal/testing/bucketserver": {},
	"internal/testing/database":     {"internal/testing/imported", "internal/testing/postgres"},
	"internal/testing/dbttest":      {},
	"internal/testing/dotdir":       {},
	"internal/testing/imported":     {},
	"internal/testing/postgres":     {},
	"internal/testing/schematest":   {},
	"internal/testing/screen":       {},
	"internal/testing/standin":      {},
	"internal/testing/yamltest":     {},
	"packaging":                     {}, // scripts, and their tests
	"test/bench":                    {"graph", "internal/dbt/artifact", "internal/durable", "internal/testing/postgres", "internal/workspace", "test/bench/measure", "test/bench/project"},
	"test/bench/compare":            {"compare/report", "internal/testing/postgres", "test/bench/measure", "test/bench/project"},
	"test/bench/measure":            {},
	"test/bench/project":            {},
	"test/e2e":                      {},
	"test/e2e/dbt2":                 {},      // dbt 2, as a shop has it
	"test/e2e/dot":                  {"cli"}, // dot with another clock
	"test/editors":                  {},
	"test/engines":                  {},
	"test/precommit":                {},
	"site":                          {},
}

// inTests lists further packages that a package's tests may import.
var inTests = map[string][]string{
	".":       {"config"},       // the README's examples are read
	"schemas": {"internal/dbt"}, // the flags that an environment may have
}

// leaves are small packages that every package may import.
var leaves = []string{"internal/hint", "internal/lazy", "internal/smallfile", "internal/text", "internal/until"}

// runsPrograms lists the packages that may start programs.
var runsPrograms = []string{"internal/dbt/run", "internal/dbt/tool", "internal/git", "internal/proc", "internal/python", "mcp"}

// TestHouse fails on imports that the house does not have.
func TestHouse(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range goFiles(t) {
		seen[f.pkg] = true
		allowed, known := house[f.pkg]
		if !known {
			t.Errorf("%s: package %s has no place in the house: give it one in arch_test.go and in docs/architecture.md", f.name, f.pkg)
			continue
		}
		for _, imported := range f.imports {
			to, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case !ours, slices.Contains(allowed, to), slices.Contains(leaves, to):
			case f.test && (to == f.pkg || isForTests(to) || slices.Contains(inTests[f.pkg], to)):
			default:
				t.Errorf("%s: %s may not import %s", f.name, f.pkg, to)
			}
		}
	}
	for pkg := range house {
		if !seen[pkg] {
			t.Errorf("the house has a package %s, and there is none", pkg)
		}
	}
}

// TestWhoRunsPrograms fails if a package starts programs, or git, that should call
// another package for it.
func TestWhoRunsPrograms(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || isForTests(f.pkg) {
			continue
		}
		may := slices.Contains(runsPrograms, f.pkg)
		if slices.Contains(f.imports, "os/exec") && !may {
			t.Errorf("%s: %s imports os/exec", f.name, f.pkg)
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if what := starts(n); what != "" && !may {
				t.Errorf("%s: %s starts a program with %s", f.name, f.pkg, what)
			}
			if isGitLine(n) && f.pkg != "internal/git" {
				t.Errorf("%s: %s has a command line of git's: that is for internal/git", f.name, f.pkg)
			}
			return true
		})
	}
}

// isForTests reports whether a package serves tests only.
func isForTests(pkg string) bool {
	return pkg == "internal/git/gittest" || strings.HasPrefix(pkg, "internal/testing/") || strings.HasPrefix(pkg, "test/")
}

// starts returns the function that n names if the function starts programs,
// otherwise "".
func starts(n ast.Node) string {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	from, ok := selector.X.(*ast.Ident)
	if !ok {
		return ""
	}
	name := from.Name + "." + selector.Sel.Name
	if slices.Contains([]string{"proc.Command", "proc.Output", "os.StartProcess", "syscall.Exec", "syscall.ForkExec"}, name) {
		return name
	}
	return ""
}

// isGitLine reports whether n is a list or a call's arguments with "git" as the
// first element.
func isGitLine(n ast.Node) bool {
	var words []ast.Expr
	switch n := n.(type) {
	case *ast.CompositeLit:
		if list, ok := n.Type.(*ast.ArrayType); ok && list.Len == nil {
			words = n.Elts
		}
	case *ast.CallExpr:
		if called, ok := n.Fun.(*ast.SelectorExpr); ok && strings.HasPrefix(called.Sel.Name, "Command") {
			words = n.Args
		}
	}
	if len(words) == 0 {
		return false
	}
	first, ok := words[0].(*ast.BasicLit)
	return ok && first.Value == `"git"`
}

// A goFile is a file of this module, for any system.
type goFile struct {
	name    string // relative to the root, with slashes
	pkg     string // its directory
	test    bool
	imports []string
	syntax  *ast.File
}

// goFiles parses every Go file of the module.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		f := goFile{name: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), syntax: syntax}
		for _, spec := range syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, imported)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go files were found")
	}
	return files
}

// walk calls visit for each file of the project with its name relative to the root,
// with slashes. It skips directories of built or installed files.
func walk(visit func(name string) error) error {
	made := []string{".git", ".dot", ".venv", "build", "demo/work", "tools"}
	return filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if slices.Contains(made, name) || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		return visit(name)
	})
}
