// Package schematest makes JSON Schemas from Go types, compares them with the files in schemas/,
// and checks JSON with them.
package schematest

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/invopop/jsonschema"
	"github.com/sebdah/goldie/v2"
)

// module is the path of dot's module.
const module = "dot-for-dbt"

// Golden fails unless the schema of that name in schemas/ is the schema of the value's type, with the
// comments of its fields; -update writes the file. A field that is added to the type is missing in the
// file until then.
func Golden(t *testing.T, name, title string, value any) {
	t.Helper()
	g := &generator{t: t, comments: map[string]string{}, words: map[string][]any{}, read: map[string]bool{}}
	g.readComments(reflect.TypeOf(value), map[reflect.Type]bool{})
	reflector := jsonschema.Reflector{
		Anonymous: true, AllowAdditionalProperties: true, ExpandedStruct: true,
		CommentMap: g.comments, Mapper: g.special, Namer: definition,
	}
	schema := reflector.Reflect(value)
	g.mend(schema, reflect.TypeOf(value), map[reflect.Type]bool{})
	schema.Title = title
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldie.New(t,
		goldie.WithFixtureDir(Dir()), goldie.WithNameSuffix(".schema.json"), goldie.WithDiffEngine(goldie.ClassicDiff),
	).Assert(t, name, append(text, '\n'))
}

// Dir is the directory schemas/ of the checkout.
func Dir() string { return filepath.Join(root(), "schemas") }

// root is the directory of the checkout.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..")
}

// definition names a type in a schema: plan for jsonPlan.
func definition(t reflect.Type) string {
	name := strings.TrimPrefix(t.Name(), "json")
	if name == "" {
		return "" // a list, a map
	}
	return string(unicode.ToLower(rune(name[0]))) + name[1:]
}

// generator has what reflection doesn't know of types.
type generator struct {
	t        *testing.T
	comments map[string]string // by package, type and field
	words    map[string][]any  // the constants of a type of words
	read     map[string]bool   // packages
}

// readComments reads the source of all packages of dot that a type refers to.
func (g *generator) readComments(t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if strings.HasPrefix(t.PkgPath(), module+"/") && !g.read[t.PkgPath()] {
		g.read[t.PkgPath()] = true
		g.readPackage(t.PkgPath())
	}
	switch t.Kind() {
	case reflect.Map:
		g.readComments(t.Key(), seen)
		g.readComments(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		g.readComments(t.Elem(), seen)
	case reflect.Struct:
		if t.PkgPath() == "time" {
			return
		}
		for i := range t.NumField() {
			g.readComments(t.Field(i).Type, seen)
		}
	}
}

func (g *generator) readPackage(path string) {
	g.t.Helper()
	files, err := filepath.Glob(filepath.Join(root(), filepath.FromSlash(strings.TrimPrefix(path, module+"/")), "*.go"))
	if err != nil {
		g.t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					g.readType(path, decl, spec)
				case *ast.ValueSpec:
					if id, ok := spec.Type.(*ast.Ident); ok && decl.Tok == token.CONST {
						g.readWords(path+"."+id.Name, spec)
					}
				}
			}
		}
	}
}

func (g *generator) readType(path string, decl *ast.GenDecl, spec *ast.TypeSpec) {
	name := path + "." + spec.Name.Name
	doc := spec.Doc
	if doc == nil {
		doc = decl.Doc
	}
	g.comments[name] = plain(doc)
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		about := plain(field.Doc)
		if about == "" {
			about = plain(field.Comment)
		}
		for _, id := range field.Names {
			g.comments[name+"."+id.Name] = about
		}
	}
}

func (g *generator) readWords(of string, spec *ast.ValueSpec) {
	for _, value := range spec.Values {
		if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if word, err := strconv.Unquote(lit.Value); err == nil && !slices.Contains(g.words[of], any(word)) {
				g.words[of] = append(g.words[of], word)
			}
		}
	}
}

// plain returns a comment as one paragraph.
func plain(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

// special returns the schema of a type that reflection takes for less than it is.
func (g *generator) special(t reflect.Type) *jsonschema.Schema {
	words := g.words[t.PkgPath()+"."+t.Name()]
	switch {
	case t.Kind() == reflect.String && len(words) > 0:
		return &jsonschema.Schema{Type: "string", Enum: words}
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Pointer:
		// A value may be null: a database's NULL.
		return &jsonschema.Schema{Type: "object", AdditionalProperties: nullable(&jsonschema.Schema{Type: "string"})}
	}
	return nil
}

func nullable(s *jsonschema.Schema) *jsonschema.Schema {
	about := s.Description
	s.Description = ""
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}, Description: about}
}

// mend corrects the schema of each struct: a pointer without omitempty may be null, and the fields of
// an embedded pointer may be missing.
func (g *generator) mend(schema *jsonschema.Schema, t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" || seen[t] {
		return
	}
	seen[t] = true
	own := schema
	if found, ok := schema.Definitions[definition(t)]; ok {
		own = found
	}
	g.mendFields(schema, own, t, seen)
}

func (g *generator) mendFields(schema, own *jsonschema.Schema, t reflect.Type, seen map[reflect.Type]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			part := f.Type
			if part.Kind() == reflect.Pointer {
				part = part.Elem()
				for j := range part.NumField() {
					name, _, _ := strings.Cut(part.Field(j).Tag.Get("json"), ",")
					own.Required = slices.DeleteFunc(own.Required, func(r string) bool { return r == name })
				}
			}
			g.mendFields(schema, own, part, seen)
			continue
		}
		if property, ok := own.Properties.Get(name); ok && f.Type.Kind() == reflect.Pointer && options == "" {
			own.Properties.Set(name, nullable(property))
		}
		g.mend(schema, f.Type, seen)
	}
}
