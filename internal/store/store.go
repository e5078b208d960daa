package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/until"
	"dot-for-dbt/internal/workspace"
)

// A Store has builds of a team.
type Store struct {
	shown string
	// remedy is the hint for an object that can't be used.
	remedy string
	in     objects
	close  func() error // nil for nothing to close
}

// String names the store to the user, without a user name, a password or a query.
func (s *Store) String() string { return s.shown }

// Close closes the store.
func (s *Store) Close() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// An Offer says that the store has a build, and lists its layers.
type Offer struct {
	Version int                `json:"version"`
	Project string             `json:"project"` // dbt's name
	Build   workspace.LayerRef `json:"build"`   // with a portable place
	Run     workspace.Run      `json:"run"`
	DBT     string             `json:"dbt,omitempty"` // its version
	// Written is how many of its nodes, Nodes, the build has.
	Written int `json:"written"`
	Nodes   int `json:"nodes"`
	// Pushed is when it was pushed, by the clock of that machine, and By the version of dot.
	Pushed time.Time `json:"pushed"`
	By     string    `json:"by"`
	// Layers are the build's layer and those below it, from the top.
	Layers []Object `json:"layers"`

	number int
}

// An Object is a layer in the store.
type Object struct {
	Build string `json:"build"` // its ID
	digest
}

// Digest identifies what the offer offers.
func (o Offer) Digest() string {
	if len(o.Layers) == 0 {
		return ""
	}
	return o.Layers[0].SHA256
}

// Name is the display name of the offered build.
func (o Offer) Name() string { return o.Build.Env + "@" + o.Build.Short }

const (
	layersDir = "v1/layers/"
	buildsDir = "v1/builds/"
)

func (o Object) name() string { return layersDir + o.SHA256 + ".zip" }

// dir is the directory of the offers of a commit's builds.
func dir(project, env, hash string) string {
	return buildsDir + url.PathEscape(project) + "/" + url.PathEscape(env) + "/" + hash + "/"
}

func (o Offer) dir() string {
	return dir(o.Project, o.Build.Env, o.Build.Hash) + o.Build.Place.ID() + "/"
}

func (o Offer) name() string { return fmt.Sprintf("%s%08d.json", o.dir(), o.number) }

// about adds the name of an object to an error.
func (s *Store) about(name string, err error) error {
	if err == nil || len(hint.Of(err)) > 0 {
		return err
	}
	return fmt.Errorf("%s in %s: %w", name, s, err)
}

// unusable is the error for an object that isn't what dot has written.
func (s *Store) unusable(name string, err error) error {
	return hint.New(fmt.Sprintf("%s has a %s that can't be used: %v", s, name, err), s.remedy)
}

// Find returns the newest offers of an environment's build of a commit, one for each place.
func (s *Store) Find(ctx context.Context, project, env, hash string) ([]Offer, error) {
	return s.offers(ctx, dir(project, env, hash))
}

// All returns the newest offers of all builds of a project, of all projects if it is "", one for each place.
func (s *Store) All(ctx context.Context, project string) ([]Offer, error) {
	if project == "" {
		return s.offers(ctx, buildsDir)
	}
	return s.offers(ctx, buildsDir+url.PathEscape(project)+"/")
}

func (s *Store) offers(ctx context.Context, prefix string) ([]Offer, error) {
	found, err := s.in.list(ctx, prefix)
	if err != nil {
		return nil, s.about("the list of builds", err)
	}
	var offers []Offer
	for at, number := range newestOf(found) {
		o, err := s.offer(ctx, fmt.Sprintf("%s/%08d.json", at, number))
		if errors.Is(err, fs.ErrNotExist) { // it was removed meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		offers = append(offers, o)
	}
	slices.SortFunc(offers, func(a, b Offer) int {
		return cmp.Or(b.Pushed.Compare(a.Pushed), cmp.Compare(a.name(), b.name()))
	})
	return offers, nil
}

// numberOf returns the number of an offer with a name.
func numberOf(name string) (int, bool) {
	digits, ok := strings.CutSuffix(path.Base(name), ".json")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0 && len(digits) == 8
}

// newestOf returns the number of the newest offer in each directory of a list.
func newestOf(found []bucket.Object) map[string]int {
	newest := map[string]int{}
	for _, o := range found {
		if n, ok := numberOf(o.Name); ok {
			newest[path.Dir(o.Name)] = max(newest[path.Dir(o.Name)], n)
		}
	}
	return newest
}

// offer reads an offer.
func (s *Store) offer(ctx context.Context, name string) (o Offer, err error) {
	r, err := s.in.open(ctx, name)
	if err != nil {
		return o, s.about(name, err)
	}
	defer r.Close() // only read from
	data, err := io.ReadAll(io.LimitReader(until.Done(ctx, r), mostOffer+1))
	if err != nil {
		return o, s.about(name, err)
	}
	if len(data) > mostOffer {
		return o, s.unusable(name, errors.New("it is too large"))
	}
	if err := parse(data, &o); err != nil {
		return o, s.unusable(name, err)
	}
	o.number, _ = numberOf(name)
	if o.name() != name {
		return o, s.unusable(name, errors.New("it is of another build, "+strconv.QuoteToASCII(o.Name())))
	}
	if len(o.Layers) == 0 || len(o.Layers) > mostLayers {
		return o, s.unusable(name, fmt.Errorf("it has %d layers", len(o.Layers)))
	}
	for _, l := range o.Layers {
		if sum, err := hex.DecodeString(l.SHA256); err != nil || len(sum) != 32 || l.Size <= 0 || l.Size > mostFile {
			return o, s.unusable(name, errors.New("it names no layer"))
		}
	}
	return o, nil
}

// mostLayers is how many layers a build may consist of.
const mostLayers = 1000

// Fetch copies the layers of an offer into a directory, from the top, and checks them.
func (s *Store) Fetch(ctx context.Context, o Offer, dir string) ([]Layer, error) {
	var all []Layer
	for i, object := range o.Layers {
		at := filepath.Join(dir, strconv.Itoa(i))
		if err := os.Mkdir(at, 0o700); err != nil {
			return nil, err
		}
		l, err := s.fetch(ctx, object, at)
		if err != nil {
			return nil, err
		}
		wrong := func(what string) error { return s.unusable(object.name(), errors.New(what)) }
		switch {
		case l.Ref.ID() != object.Build || i == 0 && (l.Ref != o.Build || l.Layer.Run.ID != o.Run.ID):
			return nil, wrong("it is the layer of another build, " + strconv.QuoteToASCII(l.Ref.ID()))
		case l.Project != o.Project:
			return nil, wrong("it is of another project, " + strconv.QuoteToASCII(l.Project))
		case i > 0 && !rests(all[i-1].Layer.Below, l.Ref):
			return nil, wrong(all[i-1].Ref.ID() + " does not rest on it")
		}
		all = append(all, l)
	}
	if below := all[len(all)-1].Layer.Below; below != nil && !slices.ContainsFunc(all, func(l Layer) bool { return rests(below, l.Ref) }) {
		return nil, s.unusable(o.name(), errors.New("it lacks the layer of "+below.ID()))
	}
	return all, nil
}

func rests(below *workspace.LayerRef, on workspace.LayerRef) bool {
	return below != nil && below.ID() == on.ID() && below.Place == on.Place
}

// fetch copies a layer.
func (s *Store) fetch(ctx context.Context, o Object, dir string) (Layer, error) {
	r, err := s.in.open(ctx, o.name())
	if errors.Is(err, fs.ErrNotExist) {
		return Layer{}, s.unusable(o.name(), errors.New("it is missing"))
	}
	if err != nil {
		return Layer{}, s.about(o.name(), err)
	}
	defer r.Close() // only read from
	archive := filepath.Join(dir, "layer.zip")
	f, err := os.OpenFile(archive, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Layer{}, err
	}
	err = o.copy(ctx, f, r)
	if closed := f.Close(); closed != nil {
		return Layer{}, closed
	}
	switch {
	case ctx.Err() != nil:
		return Layer{}, context.Cause(ctx)
	case errors.As(err, new(*lost)):
		return Layer{}, s.about(o.name(), err)
	case err != nil:
		return Layer{}, s.unusable(o.name(), err)
	}
	l, err := unpack(ctx, archive, dir)
	if err != nil {
		return Layer{}, s.unusable(o.name(), err)
	}
	return l, os.Remove(archive)
}

// ErrBeaten means that another push of the same build was faster.
var ErrBeaten = errors.New("another push of it was faster")

// ErrNewer means that the store has a newer run of the build.
var ErrNewer = errors.New("the store has a newer run of it")

// A Pushed says what a push did.
type Pushed struct {
	Offer Offer
	// Same is set if the store had this offer already.
	Same bool
	// New is the number of layers that the store didn't have, and Bytes is their size.
	New   int
	Bytes int64
}

// Push puts a build with its layers, from the top, into the store. By force it replaces an offer of a newer
// run. scratch is a directory for temporary files.
func (s *Store) Push(ctx context.Context, o Offer, layers []Layer, force bool, scratch string) (p Pushed, err error) {
	o.Version, o.Layers = version, nil
	var archives []string
	for _, l := range layers {
		file, err := l.pack(ctx, scratch)
		if err != nil {
			return p, err
		}
		sum, err := digestOf(file)
		if err != nil {
			return p, err
		}
		archives, o.Layers = append(archives, file), append(o.Layers, Object{l.Ref.ID(), sum})
	}
	had, err := s.Find(ctx, o.Project, o.Build.Env, o.Build.Hash)
	if err != nil && !force {
		return p, err
	}
	for _, one := range had {
		switch {
		case one.Build.Place != o.Build.Place:
		case one.Digest() == o.Digest() && slices.Equal(one.Layers, o.Layers) && !force:
			return Pushed{Offer: one, Same: true}, nil
		case one.Run.Time.After(o.Run.Time) && !force:
			return Pushed{Offer: one}, ErrNewer
		}
	}
	if o.number, err = s.next(ctx, o); err != nil {
		return p, err
	}
	for i, l := range o.Layers {
		size, err := s.in.size(ctx, l.name())
		switch {
		case err == nil && size == l.Size && !force:
			continue // the store has it
		case err == nil: // its name is its digest: an object with another size is useless
			err = s.in.remove(ctx, l.name())
		case errors.Is(err, fs.ErrNotExist):
			err = nil
		}
		if err != nil {
			return p, s.about(l.name(), err)
		}
		switch err := s.put(ctx, l.name(), archives[i]); {
		case errors.Is(err, fs.ErrExist): // somebody has put the same there meanwhile
		case err != nil:
			return p, s.about(l.name(), err)
		default:
			p.New, p.Bytes = p.New+1, p.Bytes+l.Size
		}
	}
	data, err := durable.Marshal(o)
	if err != nil {
		return p, err
	}
	file := filepath.Join(scratch, "offer.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return p, err
	}
	p.Offer = o
	switch err := s.put(ctx, o.name(), file); {
	case errors.Is(err, fs.ErrExist):
		if there, err := s.offer(ctx, o.name()); err == nil && reflect.DeepEqual(there, o) {
			return p, nil // the answer to the first attempt was lost
		}
		return p, ErrBeaten
	case err != nil:
		return p, s.about(o.name(), err)
	}
	return p, nil
}

// next returns the number of the next offer of a build at its place.
func (s *Store) next(ctx context.Context, o Offer) (int, error) {
	found, err := s.in.list(ctx, o.dir())
	if err != nil {
		return 0, s.about("the list of builds", err)
	}
	return newestOf(found)[path.Clean(o.dir())] + 1, nil
}

// put puts a file into the store.
func (s *Store) put(ctx context.Context, name, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close() // only read from
	return s.in.create(ctx, name, f)
}

// Drop removes the offers of a build at its place, also earlier ones. Its layers stay, see Sweep.
func (s *Store) Drop(ctx context.Context, o Offer) error {
	found, err := s.in.list(ctx, o.dir())
	if err != nil {
		return s.about("the list of builds", err)
	}
	slices.SortFunc(found, func(a, b bucket.Object) int { return cmp.Compare(a.Name, b.Name) }) // stopped in between, the newest is still there
	for _, one := range found {
		if _, ok := numberOf(one.Name); !ok {
			continue
		}
		if err := s.in.remove(ctx, one.Name); err != nil {
			return s.about(one.Name, err)
		}
	}
	return nil
}

// unfinished is the age up to which a layer without an offer may be that of a push in progress.
const unfinished = 24 * time.Hour

// Swept says what Sweep has removed.
type Swept struct {
	Offers, Layers int
	Bytes          int64 // of the layers
}

// Sweep removes offers for which there are newer ones, and layers that no offer names. If an offer can't be
// read, no layer is removed.
func (s *Store) Sweep(ctx context.Context, now time.Time) (done Swept, err error) {
	found, err := s.in.list(ctx, buildsDir)
	if err != nil {
		return done, s.about("the list of builds", err)
	}
	newest := newestOf(found)
	layers, err := s.in.list(ctx, layersDir) // before the offers are read: a later layer isn't removed
	if err != nil {
		return done, s.about("the list of layers", err)
	}
	used := map[string]bool{}
	for _, one := range found {
		n, ok := numberOf(one.Name)
		if !ok {
			continue
		}
		old := n < newest[path.Dir(one.Name)]
		if old && now.Sub(one.Changed) > unfinished { // somebody may be reading a younger one
			if err := s.in.remove(ctx, one.Name); err != nil {
				return done, s.about(one.Name, err)
			}
			done.Offers++
			continue
		}
		o, err := s.offer(ctx, one.Name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return done, err
		}
		for _, l := range o.Layers {
			used[l.name()] = true
		}
	}
	for _, l := range layers {
		if used[l.Name] || now.Sub(l.Changed) <= unfinished {
			continue
		}
		if err := s.in.remove(ctx, l.Name); err != nil {
			return done, s.about(l.Name, err)
		}
		done.Layers, done.Bytes = done.Layers+1, done.Bytes+l.Size
	}
	return done, nil
}

// Size is the size of an offer's layers, in bytes.
func (o Offer) Size() int64 {
	var n int64
	for _, l := range o.Layers {
		n += l.Size
	}
	return n
}
