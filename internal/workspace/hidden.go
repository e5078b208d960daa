package workspace

import (
	"cmp"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// A secret variable may say where a relation lies. In ledgers, records and messages a
// digest under the workspace's key stands for its value.

// hiddenName matches the names that Hide gives.
var hiddenName = lazy.Regexp(`secret-[0-9a-f]{16}`)

// Hide returns the name of a secret text: a digest under the workspace's key. Until
// the process ends, Reveal knows the text.
func (w *Workspace) Hide(text string) string {
	name := "secret-" + w.Digest("place " + text)[:16]
	w.hidden.Store(name, text)
	return name
}

// Know makes Reveal know secrets in the spellings that SQL may have them in.
func (w *Workspace) Know(secrets ...string) {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, text := range []string{secret, strings.ToLower(secret), strings.ToUpper(secret)} {
			w.Hide(text)
		}
	}
}

// Reveal replaces names that Hide has given in this process by their texts.
func (w *Workspace) Reveal(text string) string {
	if !IsHidden(text) {
		return text
	}
	return hiddenName().ReplaceAllStringFunc(text, func(name string) string {
		if known, ok := w.hidden.Load(name); ok {
			return known.(string)
		}
		return name
	})
}

// Conceal returns a function that replaces secrets in a text by their names, in upper
// or lower case.
func (w *Workspace) Conceal(secrets ...string) func(text string) string {
	var any []string
	for _, secret := range secrets {
		if secret != "" {
			any = append(any, regexp.QuoteMeta(secret))
		}
	}
	if len(any) == 0 {
		return func(text string) string { return text }
	}
	slices.SortFunc(any, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // one may be a part of another
	pattern := regexp.MustCompile(`(?i)` + strings.Join(any, "|"))
	return func(text string) string { return pattern.ReplaceAllStringFunc(text, w.Hide) }
}

// IsHidden reports whether a text has a name that Hide gives.
func IsHidden(text string) bool {
	return strings.Contains(text, "secret-") && hiddenName().MatchString(text)
}

// secretsIn returns the secrets in a place's name that SQL has, too.
func (w *Workspace) secretsIn(p Place) []string {
	var texts []string
	for _, part := range []string{p.Schema, p.Database} {
		for _, name := range hiddenName().FindAllString(part, -1) {
			text := w.Reveal(name)
			if p.Adapter == "duckdb" && part == p.Database { // DuckDB calls a database after its file
				text = strings.TrimPrefix(filepath.Base(text), "md:")
				text = strings.TrimSuffix(text, filepath.Ext(text))
			}
			texts = append(texts, text)
		}
	}
	return texts
}

// concealed returns a ledger as it is saved: without secrets in the spellings.
func (w *Workspace) concealed(l *Ledger) *Ledger {
	secrets := w.secretsIn(l.Place)
	if len(secrets) == 0 {
		return l
	}
	return l.mapSpellings(w.Conceal(secrets...))
}

// revealed returns a saved ledger with the secrets that are known.
func (w *Workspace) revealed(l *Ledger) *Ledger {
	if !IsHidden(l.Place.Schema) && !IsHidden(l.Place.Database) {
		return l
	}
	return l.mapSpellings(w.Reveal)
}

// mapSpellings returns the ledger with other names of databases and schemas.
func (l *Ledger) mapSpellings(to func(string) string) *Ledger {
	out := *l
	out.Relations = make(map[string]Entry, len(l.Relations))
	for name, e := range l.Relations {
		e.Name = e.Name.mapped(to)
		if e.Before != nil {
			before := *e.Before
			before.Name = before.Name.mapped(to)
			e.Before = &before
		}
		out.Relations[name] = e
	}
	return &out
}

func (s Spelling) mapped(to func(string) string) Spelling {
	return Spelling{Database: to(s.Database), Schema: to(s.Schema), Name: s.Name, SQL: to(s.SQL)}
}
