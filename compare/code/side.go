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

// A parsedSide is a side with the content of its manifest.
type parsedSide struct {
	Side
	role   string // "baseline" or "candidate", for messages
	head   artifact.Metadata
	nodes  map[string]*artifact.NodeCode // models, seeds, snapshots, sources, functions, and other possible parents
	hooks  []*artifact.NodeCode          // on-run-start and on-run-end, in order
	tests  map[string][]*artifact.NodeCode
	macros map[string]*macro
	// unitTests are read for a commit's changes only.
	unitTests map[string]*artifact.UnitTest

	// renamed has the IDs of renamed nodes, by those in the side's manifests. former is the
	// reverse.
	renamed, former map[string]string
	// from has the manifest that a node is from, if that is a lower layer's.
	from map[string]*parsedSide
	// lost says why the code of nodes from a lower layer is not known.
	lost map[string]string
	// wanted is nil for a manifest whose nodes are all kept.
	wanted map[string]bool
}

// of returns the manifest that a node is from.
func (s *parsedSide) of(id string) *parsedSide {
	if from := s.from[id]; from != nil {
		return from
	}
	return s
}

// A macro holds the needed facts about a macro.
type macro struct {
	name, pkg string
	sum       [sha256.Size]byte
	sql       string // "" for dbt's own, which are many
	calls     []string
}

// read reads a side's manifest. It keeps only those parts of tests that name keys. Of
// a lower layer it keeps the nodes that are wanted; nil means all.
func read(role string, from Side, wanted map[string]bool) (*parsedSide, error) {
	f, err := os.Open(from.Manifest)
	if err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", role, err)
	}
	defer f.Close() // only read from
	s := &parsedSide{
		Side: from, role: role, wanted: wanted, from: map[string]*parsedSide{}, lost: map[string]string{},
		nodes: map[string]*artifact.NodeCode{}, tests: map[string][]*artifact.NodeCode{}, macros: map[string]*macro{},
	}
	s.head, err = artifact.ReadManifestCode(from.Manifest, f, s.add, s.addMacro)
	if err != nil {
		return nil, fmt.Errorf("read the %s's manifest: %w", role, err)
	}
	slices.SortFunc(s.hooks, func(a, b *artifact.NodeCode) int { return strings.Compare(a.UniqueID, b.UniqueID) })
	return s, nil
}

func (s *parsedSide) add(n artifact.NodeCode) error {
	switch {
	case n.ResourceType == "operation":
		s.hooks = append(s.hooks, &n)
	case s.wanted != nil && !s.wanted[n.UniqueID]:
	case n.ResourceType == "test":
		if tested := testedNode(&n); tested != "" {
			n.RawCode, n.CompiledCode = "", nil
			s.tests[tested] = append(s.tests[tested], &n)
		}
	default:
		s.nodes[n.UniqueID] = &n
	}
	return nil
}

func (s *parsedSide) addMacro(m artifact.Macro) error {
	kept := &macro{name: m.Name, pkg: m.Package, sum: sha256.Sum256([]byte(m.SQL)), calls: m.DependsOn.Macros}
	if m.Package != "dbt" {
		kept.sql = m.SQL
	}
	s.macros[m.UniqueID] = kept
	return nil
}

// hasRelation reports whether dbt builds a relation for n.
func hasRelation(n *artifact.NodeCode) bool {
	return n != nil && n.RelationName != "" && isBuilt(n)
}

func isBuilt(n *artifact.NodeCode) bool {
	return n.ResourceType == "model" || n.ResourceType == "seed" || n.ResourceType == "snapshot"
}

// above returns the IDs of the nodes that n reads, sorted: nodes with a relation, sources, and
// all else that it depends on, also if the manifest lacks it. Ephemeral models are
// replaced by what they read, since their code is part of n's.
func (s *parsedSide) above(n *artifact.NodeCode) []string {
	read, _ := s.inputs(n)
	return read
}

// inlined returns the ephemeral models that are part of n's code.
func (s *parsedSide) inlined(n *artifact.NodeCode) map[string]*artifact.NodeCode {
	_, inlined := s.inputs(n)
	return inlined
}

func (s *parsedSide) inputs(n *artifact.NodeCode) (read []string, inlined map[string]*artifact.NodeCode) {
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
		if parent := s.nodes[id]; parent != nil && isBuilt(parent) && !hasRelation(parent) {
			inlined[id] = parent
			todo = append(todo, parent.DependsOn.Nodes...)
			continue
		}
		read = append(read, id)
	}
	slices.Sort(read)
	return read, inlined
}

// relation returns where a node's relation lies.
func relation(n *artifact.NodeCode) Location {
	if !hasRelation(n) {
		return Location{}
	}
	return Location{In: true, Database: n.Database, Schema: n.Schema, Identifier: n.Alias, SQL: n.RelationName, Materialized: materialized(n)}
}

// config returns a node's configuration.
func config(n *artifact.NodeCode) map[string]any {
	if n == nil {
		return nil
	}
	c, _ := decoded(n.Config).(map[string]any)
	if made := defaultMaterialized(n); c != nil && c["materialized"] == nil && made != "" {
		c["materialized"] = made
	}
	return c
}

// materialized returns a node's materialization.
func materialized(n *artifact.NodeCode) string {
	s, _ := config(n)["materialized"].(string)
	return s
}

// ownSchema returns the part of a schema up to the side's suffix, "" if the schema lacks
// it: dev_9b13827 of dev_9b13827_marts.
func (s *parsedSide) ownSchema(schema string) string {
	if s.Suffix == "" {
		return ""
	}
	suffix := "_" + s.Suffix
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

// withoutOwnSchema replaces a node's own schema in text with a mark: the part of it up
// to the suffix, which all schemas of the side share.
func (s *parsedSide) withoutOwnSchema(text, schema string) string {
	own := s.ownSchema(schema)
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

// endsWord reports whether a schema's suffix may end at text[i]: at the end of the text
// or of a word, or before an underscore.
func endsWord(text string, i int) bool {
	after, _ := utf8.DecodeRuneInString(text[i:])
	return !inWord(after) || after == '_'
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' }
