package workspace

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"dot-for-dbt/internal/durable"
)

// A Shared layer is what the workspace knows of a build at a place, for other machines: without secrets,
// paths of this machine, and what only this machine can use. Its places are portable, see [Place.Portable].
type Shared struct {
	Ref   LayerRef `json:"build"`
	Layer Layer    `json:"layer"`
	// Entries are the ledgers' entries for the layer's claims, by unique_id.
	Entries map[string]Entry `json:"entries"`
}

// ErrUnshareable means that a layer can't be used on other machines. The text of the error that wraps it
// follows the build's name.
var ErrUnshareable = errors.New("it can't be shared")

// Share returns what the workspace knows of a build at a place. The caller holds the build's lock.
func (w *Workspace) Share(b Build, p Place) (Shared, error) {
	s, err := w.Standing(b, p)
	if err != nil {
		return Shared{}, err
	}
	unshareable := func(why string) (Shared, error) { return Shared{}, fmt.Errorf("%s: %w", why, ErrUnshareable) }
	switch {
	case b.Tree != "":
		return unshareable("lies in the schema of a working tree, which changes with each saved file")
	case b.Commit.Variant() != "":
		return unshareable("belongs to an upgrade check")
	case strings.HasPrefix(b.Origin, "path:"):
		return unshareable("is a directory of this machine")
	case s.Layer == nil || s.Run.ID == "":
		return unshareable("was built by a dot that kept too little")
	case s.Open != nil:
		return unshareable("was interrupted, or is being built")
	case p.InMemory():
		return unshareable("lies in memory")
	}
	for _, place := range append([]Place{p}, s.Places...) {
		if IsHidden(place.Schema) || IsHidden(place.Database) || IsHidden(place.Host) {
			return unshareable("lies where a secret variable says, and its manifest.json tells the secret")
		}
	}
	out := Shared{Ref: b.Ref(p.Portable()), Layer: *s.Layer, Entries: map[string]Entry{}}
	l := &out.Layer
	l.Place, l.Log, l.Passed, l.Run.Log, l.Run.Drops, l.Run.From = p.Portable(), 0, nil, 0, nil, ""
	if l.Below != nil {
		below := *l.Below
		below.Place = below.Place.Portable()
		l.Below = &below
	}
	l.Places = nil
	for _, place := range s.Places {
		l.Places = append(l.Places, place.Portable())
	}
	l.Claims = make(map[string]Claim, len(s.Claims))
	for id, c := range s.Claims {
		l.Claims[id] = Claim{Place: c.Place, Name: c.Name}
		e, ok := s.Nodes[id]
		if !ok {
			place := s.Places[c.Place]
			note := strings.ReplaceAll(s.Lost[id], place.Database, filepath.Base(place.Database))
			e = Entry{Node: id, Build: b.ID(), Run: s.Run.ID, Time: s.Run.Time, Status: Gone, Note: note}
		}
		e.Before, e.Kept, e.On = nil, false, nil
		out.Entries[id] = e
	}
	return out, nil
}

// portablePath is before the digest of a path in a portable place.
const portablePath = "file:"

// Portable returns the place with a digest and the last element in place of a path of this machine, such
// as that of a DuckDB file.
func (p Place) Portable() Place {
	p.Host, p.Database = portableText(p.Host), portableText(p.Database)
	return p
}

func portableText(text string) string {
	if !filepath.IsAbs(text) {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return portablePath + hex.EncodeToString(sum[:10]) + "/" + filepath.Base(text)
}

// at returns the portable place with the paths of this machine. local has some of them. ok is false if
// local lacks one of them.
func (p Place) at(local Place) (out Place, ok bool) {
	back := func(text, here string) string {
		if strings.HasPrefix(text, portablePath) && text == portableText(here) {
			return here
		}
		return text
	}
	p.Host, p.Database = back(p.Host, local.Host), back(p.Database, local.Database)
	return p, !strings.HasPrefix(p.Host, portablePath) && !strings.HasPrefix(p.Database, portablePath)
}

// Where says where the place is, for people: schema dev_24256d1 of shop at db.example.com (postgres).
func (p Place) Where() string {
	text := "schema " + p.Schema
	if p.Database != "" {
		_, name, isPath := strings.Cut(p.Database, "/")
		if !isPath || !strings.HasPrefix(p.Database, portablePath) {
			name = p.Database
		}
		text += " of " + name
	}
	if p.Host != "" {
		text += " at " + p.Host
	}
	return text + " (" + p.Adapter + ")"
}

// Check returns an error if the layer says what dot would never have shared. It comes from others.
func (s Shared) Check() error {
	r, l := s.Ref, s.Layer
	texts := []string{r.Hash, r.Short, r.Env, r.Project, r.Origin, r.Tree, l.Run.ID, l.Run.Command}
	for _, p := range append([]Place{r.Place, l.Place}, l.Places...) {
		texts = append(texts, p.Adapter, p.Host, p.Database, p.Schema)
	}
	for id, e := range s.Entries {
		texts = append(texts, id, e.Node, e.Build, e.Run, e.Name.SQL, e.Name.Database, e.Name.Schema, e.Name.Name, e.Note, e.Partial, e.Touched)
		if e.Clone != nil {
			texts = append(texts, e.Clone.From, e.Clone.Run)
		}
	}
	for id, why := range l.Skipped {
		texts = append(texts, id, why)
	}
	for _, text := range append(texts, l.Changed...) {
		if len(text) > maxText || strings.ContainsFunc(text, unicode.IsControl) || IsHidden(text) {
			return fmt.Errorf("the text %.40q is not one of dot's", text)
		}
	}
	switch {
	case l.Version != layerVersion:
		return fmt.Errorf("layer version %d, this dot reads %d", l.Version, layerVersion)
	case !r.valid() || l.Below != nil && !l.Below.valid():
		return errors.New("it doesn't say which build it is of")
	case r.Tree != "" || l.Open != nil || r.Place != l.Place || l.Build != r.ID() || l.Run.ID == "":
		return errors.New("it is not the layer of a finished build")
	case len(s.Entries) != len(l.Claims):
		return errors.New("it doesn't say how each of its nodes ended")
	}
	for id, c := range l.Claims {
		e, ok := s.Entries[id]
		if !ok || c.Place < 0 || c.Place >= len(l.Places) || e.Node != id || e.Build != l.Build || !e.Status.valid() || e.Before != nil || e.Status == Cloned && e.Clone == nil {
			return fmt.Errorf("it doesn't say how %s ended", id)
		}
		if !e.Name.plain() || e.Name.SQL != "" && !strings.EqualFold(e.Name.Name, c.Name) {
			return fmt.Errorf("%s has no name of a relation: %.60q", id, e.Name.SQL)
		}
		if e.Name.Schema != "" && !strings.EqualFold(e.Name.Schema, l.Places[c.Place].Schema) {
			return fmt.Errorf("%s is in schema %s, and not in %.60q", id, l.Places[c.Place].Schema, e.Name.SQL)
		}
	}
	return nil
}

// maxText is the length of the longest text in a layer, in bytes.
const maxText = 2000

// valid reports whether the names in a reference can be those of directories.
func (r LayerRef) valid() bool {
	names := []string{r.Env}
	if r.Origin == "" {
		names = append(names, r.Short)
		if !fullHash().MatchString(r.Hash) || len(r.Short) < minShort || !strings.HasPrefix(r.Hash, r.Short) || r.Env == "" {
			return false
		}
	} else if r.Hash != "" && !fullHash().MatchString(r.Hash) {
		return false
	}
	for _, name := range names {
		if name == "." || name == ".." || strings.ContainsAny(name, `/\@~:`) {
			return false
		}
	}
	return r.Project == "" || filepath.IsLocal(filepath.FromSlash(r.Project)) && !strings.Contains(r.Project, `\`)
}

// plain reports whether the spelling is a name in SQL, and nothing else: dbt puts it into its queries.
func (s Spelling) plain() bool {
	if s.SQL == "" {
		return s == Spelling{}
	}
	split := Spell(s.SQL)
	for _, part := range []struct{ is, of string }{{s.Name, split.Name}, {s.Schema, split.Schema}, {s.Database, split.Database}} {
		if part.is != "" && part.is != part.of {
			return false
		}
	}
	// Without its quoted parts, a name has only letters, digits and a few signs.
	bare := sqlQuoted().ReplaceAllString(s.SQL, "x")
	return !strings.ContainsFunc(bare, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.$-", r)
	}) && !strings.Contains(bare, "--")
}

// At returns the layer with the paths of this machine. local is the place of a build here, and has these
// paths. A node that lies elsewhere counts as gone. ok is false if the layer itself lies elsewhere.
func (s Shared) At(local Place) (out Shared, ok bool) {
	out = s
	if out.Ref.Place, ok = s.Ref.Place.at(local); !ok {
		return s, false
	}
	out.Layer.Place = out.Ref.Place
	out.Layer.Places = make([]Place, len(s.Layer.Places))
	lost := map[int]bool{}
	for i, p := range s.Layer.Places {
		here, ok := p.at(local)
		out.Layer.Places[i], lost[i] = here, !ok
	}
	out.Entries = maps.Clone(s.Entries)
	for id, c := range s.Layer.Claims {
		if e := out.Entries[id]; lost[c.Place] {
			e.Status, e.Note = Gone, "lies in a database that is not known here"
			out.Entries[id] = e
		}
	}
	if b := s.Layer.Below; b != nil {
		below := *b
		below.Place, _ = b.Place.at(local)
		out.Layer.Below = &below
	}
	return out, true
}

// Expect returns the standing that Receive will make of a layer. It writes nothing.
func (w *Workspace) Expect(s Shared) Standing {
	layer := s.Layer
	out := Standing{Layer: &layer, Nodes: map[string]Entry{}, Lost: map[string]string{}}
	for id, c := range layer.Claims {
		e, place := s.Entries[id], layer.Places[c.Place]
		if now := w.fileOf(place); !e.isFile(now) {
			out.Lost[id] = place.lostWith(now)
			continue
		}
		out.Nodes[id] = e
	}
	return out
}

// Receive takes over a layer from elsewhere. files are the paths of its state's files, by name; other files of
// the state are removed. Unless force is set, the ledgers keep what they know of relations that were written
// later. The caller holds the locks of the build, of its commit and of the place. After a stop anywhere,
// Receive can be called again: it writes the layer last.
func (w *Workspace) Receive(s Shared, files map[string]string, force bool) error {
	b, l := w.BuildOf(s.Ref), s.Layer
	state := b.State(l.Place)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := durable.Copy(filepath.Join(state, name), files[name]); err != nil {
			return err
		}
	}
	kept, err := os.ReadDir(state)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range kept {
		if files[e.Name()] == "" {
			if err := os.RemoveAll(filepath.Join(state, e.Name())); err != nil {
				return err
			}
		}
	}
	targets := make(map[string]Target, len(l.Claims))
	for id, c := range l.Claims {
		targets[id] = Target{Relation: Relation{Place: l.Places[c.Place], Name: c.Name}}
	}
	for _, p := range append([]Place{l.Place}, l.Places...) {
		if err := w.convert(p); err != nil {
			return err
		}
	}
	err = w.eachPlace(targets, func(ledger *Ledger, ids []string) {
		for _, id := range ids {
			name, e := targets[id].Name, s.Entries[id]
			had, ok := ledger.Relations[name]
			if ok && had.Time.After(e.Time) && !force {
				continue
			}
			ledger.Relations[name] = e
		}
	})
	if err != nil {
		return err
	}
	if b.Origin == "" {
		if name, text := b.Commit.File(); !durable.Holds(name, []byte(text)) {
			if err := durable.Write(name, []byte(text), 0o600); err != nil {
				return err
			}
		}
	}
	return w.saveLayer(b, &l)
}
