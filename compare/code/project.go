package code

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/dbt/artifact"
)

// A project is one side as its manifest tells it.
type project struct {
	Build
	side   string // "baseline" or "candidate", for words
	head   artifact.Metadata
	nodes  map[string]*artifact.NodeCode // models, seeds, snapshots, sources; functions, and whatever else may be depended on
	hooks  []*artifact.NodeCode          // of on-run-start and on-run-end, in order
	tests  map[string][]*artifact.NodeCode
	macros map[string]*macro
}

// A macro is what has to be known of one.
type macro struct {
	name, pkg string
	sum       [sha256.Size]byte
	sql       string // "" for dbt's own, which are many
	calls     []string
}

// read reads a side's manifest. Of tests only what they say about keys is kept.
func read(side string, b Build) (*project, error) {
	f, err := os.Open(b.Manifest)
	if err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", side, err)
	}
	defer f.Close() // only read from
	p := &project{
		Build: b, side: side,
		nodes: map[string]*artifact.NodeCode{}, tests: map[string][]*artifact.NodeCode{}, macros: map[string]*macro{},
	}
	p.head, err = artifact.ReadManifestCode(b.Manifest, f, p.add, p.addMacro)
	if err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", side, err)
	}
	slices.SortFunc(p.hooks, func(a, b *artifact.NodeCode) int { return strings.Compare(a.UniqueID, b.UniqueID) })
	return p, nil
}

func (p *project) add(n artifact.NodeCode) error {
	switch n.ResourceType {
	case "test":
		if tested := testedNode(&n); tested != "" {
			n.RawCode, n.CompiledCode = "", nil
			p.tests[tested] = append(p.tests[tested], &n)
		}
	case "operation":
		p.hooks = append(p.hooks, &n)
	default:
		p.nodes[n.UniqueID] = &n
	}
	return nil
}

func (p *project) addMacro(m artifact.Macro) error {
	kept := &macro{name: m.Name, pkg: m.Package, sum: sha256.Sum256([]byte(m.SQL)), calls: m.DependsOn.Macros}
	if m.Package != "dbt" {
		kept.sql = m.SQL
	}
	p.macros[m.UniqueID] = kept
	return nil
}

// hasRelation reports whether n is something that dbt makes a relation of.
func hasRelation(n *artifact.NodeCode) bool {
	return n != nil && n.RelationName != "" && isBuilt(n)
}

func isBuilt(n *artifact.NodeCode) bool {
	return n.ResourceType == "model" || n.ResourceType == "seed" || n.ResourceType == "snapshot"
}

// above returns what n reads, sorted, through ephemeral models, whose code is
// part of n's: nodes with a relation, sources, and whatever else it depends on,
// those that the manifest doesn't have too.
func (p *project) above(n *artifact.NodeCode) []string {
	read, _ := p.inputs(n)
	return read
}

// inlined are the ephemeral models that are part of n's code.
func (p *project) inlined(n *artifact.NodeCode) map[string]*artifact.NodeCode {
	_, inlined := p.inputs(n)
	return inlined
}

func (p *project) inputs(n *artifact.NodeCode) (read []string, inlined map[string]*artifact.NodeCode) {
	if n == nil {
		return nil, nil
	}
	inlined = map[string]*artifact.NodeCode{}
	seen := map[string]bool{n.UniqueID: true}
	for todo := slices.Clone(n.DependsOn.Nodes); len(todo) > 0; {
		id := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[id] {
			continue
		}
		seen[id] = true
		if parent := p.nodes[id]; parent != nil && isBuilt(parent) && !hasRelation(parent) {
			inlined[id] = parent
			todo = append(todo, parent.DependsOn.Nodes...)
			continue
		}
		read = append(read, id)
	}
	slices.Sort(read)
	return read, inlined
}

// relation is where a node lies.
func relation(n *artifact.NodeCode) Relation {
	if !hasRelation(n) {
		return Relation{}
	}
	return Relation{In: true, Database: n.Database, Schema: n.Schema, Identifier: n.Alias, SQL: n.RelationName, Materialized: materialized(n)}
}

// config returns a node's configuration.
func config(n *artifact.NodeCode) map[string]any {
	if n == nil {
		return nil
	}
	c, _ := decoded(n.Config).(map[string]any)
	return c
}

// materialized is how a node is materialized.
func materialized(n *artifact.NodeCode) string {
	s, _ := config(n)["materialized"].(string)
	return s
}

// ownSchema returns the part of a schema that ends in the side's suffix, "" if
// it has none: dev_9b13827 of dev_9b13827_marts.
func (p *project) ownSchema(schema string) string {
	if p.Suffix == "" {
		return ""
	}
	suffix := "_" + p.Suffix
	for i := 0; ; {
		at := strings.Index(schema[i:], suffix)
		if at < 0 {
			return ""
		}
		i += at + len(suffix)
		if endsWord(schema, i) {
			return schema[:i]
		}
	}
}

// placeless takes a node's own schema out of text, or what of it is in every
// schema of the side.
func (p *project) placeless(text, schema string) string {
	own := p.ownSchema(schema)
	if own == "" {
		return text
	}
	var out strings.Builder
	done := 0
	for i := 0; ; {
		at := strings.Index(text[i:], own)
		if at < 0 {
			return out.String() + text[done:]
		}
		from, to := i+at, i+at+len(own)
		if before, _ := utf8.DecodeLastRuneInString(text[:from]); !inWord(before) && endsWord(text, to) {
			out.WriteString(text[done:from])
			out.WriteString(mark("schema"))
			done = to
		}
		i = to
	}
}

// endsWord reports whether a schema's suffix may end at text[i]: the text does,
// a word does, or something is joined to it.
func endsWord(text string, i int) bool {
	after, _ := utf8.DecodeRuneInString(text[i:])
	return !inWord(after) || after == '_'
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
