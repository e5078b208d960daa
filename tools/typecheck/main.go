// Typecheck checks the types of a module's packages, tests included, for several
// systems at once: it finds what would not compile there.
//
//	typecheck DIR GOOS...
//
// It takes seconds, where compiling all that the packages import takes minutes.
package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	dir, err := filepath.Abs(os.Args[1])
	if err != nil {
		fail(err)
	}
	failed := false
	for _, system := range os.Args[2:] {
		fmt.Println("typecheck for", system)
		found, err := check(dir, system)
		if err != nil {
			fail(err)
		}
		for _, text := range found {
			fmt.Println(text)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "typecheck:", err)
	os.Exit(1)
}

// check returns what is wrong with the packages on a system.
func check(dir, system string) (found []string, err error) {
	all, err := packages.Load(&packages.Config{
		Dir:   dir,
		Env:   append(os.Environ(), "GOOS="+system, "CGO_ENABLED=0"),
		Tests: true,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedEmbedFiles | packages.NeedImports |
			packages.NeedDeps | packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax,
		ParseFile: func(files *token.FileSet, name string, text []byte) (*ast.File, error) {
			file, err := parser.ParseFile(files, name, text, parser.SkipObjectResolution)
			if file != nil && !strings.HasPrefix(name, dir+string(filepath.Separator)) {
				leaveBodies(file)
			}
			return file, err
		},
	}, "./...")
	if err != nil {
		return nil, err
	}
	for _, pkg := range all {
		if strings.HasSuffix(pkg.PkgPath, ".test") {
			continue // its main function, which go test has written
		}
		for _, e := range pkg.Errors {
			text := fmt.Sprintf("%s: %s", system, e)
			if !slices.Contains(found, text) { // with its tests a package is another one
				found = append(found, text)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there is no package below %s", dir)
	}
	return found, nil
}

// leaveBodies drops what functions do. For whoever imports a package, only its
// declarations matter.
func leaveBodies(file *ast.File) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			f.Body = nil
		}
	}
}
