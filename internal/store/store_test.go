package store

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/testing/bucketserver"
	"dot-for-dbt/internal/workspace"
)

const (
	commit = "24256d1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	below  = "061af1abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

var built = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// testLayer returns a layer with one node.
func testLayer(t *testing.T, env, of, run string, on *workspace.LayerRef) Layer {
	t.Helper()
	const manifest = `{"metadata":{"project_name":"shop","adapter_type":"postgres"},"nodes":{}}`
	place := workspace.Place{Adapter: "postgres", Host: "db.example.com", Database: "shop", Schema: env + "_" + of[:7]}
	ref := workspace.LayerRef{Hash: of, Short: of[:7], Env: env, Place: place}
	const id = "model.shop.orders"
	l := Layer{
		Project: "shop", Files: map[string]string{},
		Shared: workspace.Shared{
			Ref: ref,
			Layer: workspace.Layer{
				Version: 1, Build: ref.ID(), Place: place, Places: []workspace.Place{place}, Below: on,
				Run:    workspace.Run{ID: run, Command: "build", Time: built, Nodes: 1, Manifest: int64(len(manifest))},
				Claims: map[string]workspace.Claim{id: {Name: "orders"}},
			},
			Entries: map[string]workspace.Entry{id: {
				Node: id, Build: ref.ID(), Run: run, Status: workspace.Written, Time: built,
				Name: workspace.Spelling{Database: "shop", Schema: place.Schema, Name: "orders", SQL: `"shop"."` + place.Schema + `"."orders"`},
			}},
		},
	}
	for name, text := range map[string]string{Manifest: manifest, RunResults: `{"results":[]}`} {
		l.Files[name] = filepath.Join(t.TempDir(), name)
		write(t, l.Files[name], text)
	}
	return l
}

func noVariables(string) (string, bool) { return "", false }

func offerOf(l Layer) Offer {
	return Offer{Project: "shop", Build: l.Ref, Run: l.Layer.Run, Written: 1, Nodes: 1, Pushed: built, By: "test"}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// inDirectory returns a store in a new directory.
func inDirectory(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(noVariables, "--store", "file://"+filepath.ToSlash(dir))
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// onEach runs a test on an empty store of each kind.
func onEach(t *testing.T, test func(t *testing.T, s *Store)) {
	onEachKind(t, func(t *testing.T, empty func(t *testing.T) *Store) { test(t, empty(t)) })
}

// onEachKind runs a test that needs several empty stores of a kind.
func onEachKind(t *testing.T, test func(t *testing.T, empty func(t *testing.T) *Store)) {
	t.Run("directory", func(t *testing.T) {
		test(t, func(t *testing.T) *Store {
			s, _ := inDirectory(t)
			return s
		})
	})
	bucketserver.Each(t, func(t *testing.T, server *bucketserver.Server) {
		n := 0
		test(t, func(t *testing.T) *Store {
			t.Helper()
			n++
			s, err := Open(server.Getenv, "--store", server.URL(fmt.Sprintf("dot%d", n)))
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

// replace replaces the objects of a store whose names begin with a prefix; nil removes one.
func replace(t *testing.T, s *Store, prefix string, change func([]byte) []byte) {
	t.Helper()
	found, err := s.in.list(t.Context(), prefix)
	if err != nil || len(found) == 0 {
		t.Fatal(found, err)
	}
	for _, o := range found {
		r, err := s.in.open(t.Context(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close(), s.in.remove(t.Context(), o.Name)); err != nil {
			t.Fatal(err)
		}
		if data = change(data); data == nil {
			continue
		}
		file := filepath.Join(t.TempDir(), "object")
		write(t, file, string(data))
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := s.in.create(t.Context(), o.Name, f); err != nil {
			t.Fatal(err)
		}
	}
}

func gone([]byte) []byte { return nil }

func push(t *testing.T, s *Store, force bool, layers ...Layer) (Pushed, error) {
	t.Helper()
	return s.Push(t.Context(), offerOf(layers[0]), layers, force, t.TempDir())
}

func mustPush(t *testing.T, s *Store, layers ...Layer) Pushed {
	t.Helper()
	p, err := push(t, s, false, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fetch fetches the one build of a commit.
func fetch(t *testing.T, s *Store, of string) ([]Layer, error) {
	t.Helper()
	offers, err := s.Find(t.Context(), "shop", "dev", of)
	if err != nil {
		return nil, err
	}
	if len(offers) != 1 {
		t.Fatalf("%d offers", len(offers))
	}
	return s.Fetch(t.Context(), offers[0], t.TempDir())
}

func TestPushAndFetch(t *testing.T) { onEach(t, testPushAndFetch) }

func testPushAndFetch(t *testing.T, s *Store) {
	lower := testLayer(t, "prod", below, "A", nil)
	upper := testLayer(t, "dev", commit, "B", &lower.Ref)
	if p := mustPush(t, s, upper, lower); p.New != 2 || p.Same {
		t.Errorf("%+v", p)
	}
	if p := mustPush(t, s, upper, lower); !p.Same {
		t.Errorf("the same again: %+v", p)
	}
	if p := mustPush(t, s, testLayer(t, "dev", commit, "C", &lower.Ref), lower); p.New != 1 {
		t.Errorf("with a layer that is there: %+v", p)
	}
	layers, err := fetch(t, s, commit)
	if err != nil || len(layers) != 2 || layers[0].Layer.Run.ID != "C" || layers[1].Ref != lower.Ref {
		t.Fatalf("%+v, %v", layers, err)
	}
	got, err := os.ReadFile(layers[1].Files[Manifest])
	want, _ := os.ReadFile(lower.Files[Manifest])
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s, %v", got, err)
	}
	if offers, err := s.Find(t.Context(), "shop", "dev", below); err != nil || len(offers) != 0 {
		t.Errorf("another commit: %v, %v", offers, err)
	}
	if offers, err := s.All(t.Context(), "shop"); err != nil || len(offers) != 1 {
		t.Errorf("all: %v, %v", offers, err)
	}
}

func TestPushOfAnOlderRun(t *testing.T) { onEach(t, testPushOfAnOlderRun) }

func testPushOfAnOlderRun(t *testing.T, s *Store) {
	newer, older := testLayer(t, "dev", commit, "B", nil), testLayer(t, "dev", commit, "A", nil)
	older.Layer.Run.Time = built.Add(-time.Hour)
	mustPush(t, s, newer)
	if p, err := push(t, s, false, older); !errors.Is(err, ErrNewer) || p.Offer.Run.ID != "B" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := push(t, s, true, older); err != nil {
		t.Error(err)
	}
	if layers, err := fetch(t, s, commit); err != nil || layers[0].Layer.Run.ID != "A" {
		t.Errorf("by force: %v, %v", layers, err)
	}
}

// Of two pushes at once one wins, whoever that is, and the other says so.
func TestPushesAtOnce(t *testing.T) { onEach(t, testPushesAtOnce) }

func testPushesAtOnce(t *testing.T, s *Store) {
	const many = 8
	layers, errs := make([]Layer, many), make([]error, many)
	for i := range layers {
		layers[i] = testLayer(t, "dev", commit, string(rune('A'+i)), nil)
	}
	var ready, all sync.WaitGroup
	ready.Add(many)
	for i := range layers {
		scratch := t.TempDir()
		all.Go(func() {
			o := offerOf(layers[i])
			b := &waiting{objects: s.in, ready: &ready}
			_, errs[i] = (&Store{in: b}).Push(t.Context(), o, layers[i:i+1], false, scratch)
		})
	}
	all.Wait()
	won := -1
	for i, err := range errs {
		switch {
		case err == nil && won >= 0:
			t.Errorf("%d and %d won", won, i)
		case err == nil:
			won = i
		case !errors.Is(err, ErrBeaten):
			t.Error(err)
		}
	}
	got, err := fetch(t, s, commit)
	if won < 0 || err != nil || got[0].Layer.Run.ID != layers[won].Layer.Run.ID {
		t.Errorf("%d won, %v, %v", won, got, err)
	}
}

// waiting waits with the offer until all pushes know its number.
type waiting struct {
	objects
	ready *sync.WaitGroup
}

func (w *waiting) create(ctx context.Context, name string, from *os.File) error {
	if strings.HasPrefix(name, buildsDir) {
		w.ready.Done()
		w.ready.Wait()
	}
	return w.objects.create(ctx, name, from)
}

// lossy fails after a number of objects.
type lossy struct {
	objects
	after int
}

var errLost = errors.New("the connection is lost")

func (l *lossy) create(ctx context.Context, name string, from *os.File) error {
	if l.after--; l.after < 0 {
		return errLost
	}
	return l.objects.create(ctx, name, from)
}

func TestLostPush(t *testing.T) { onEachKind(t, testLostPush) }

func testLostPush(t *testing.T, empty func(t *testing.T) *Store) {
	lower := testLayer(t, "prod", below, "A", nil)
	layers := []Layer{testLayer(t, "dev", commit, "B", &lower.Ref), lower}
	for after := range 3 { // two layers and the offer
		s := empty(t)
		lost := &Store{in: &lossy{s.in, after}}
		if _, err := lost.Push(t.Context(), offerOf(layers[0]), layers, false, t.TempDir()); !errors.Is(err, errLost) {
			t.Fatal(err)
		}
		if offers, err := s.Find(t.Context(), "shop", "dev", commit); err != nil || len(offers) > 0 {
			t.Errorf("lost after %d: %v, %v", after, offers, err)
		}
		if p := mustPush(t, s, layers...); p.New != 2-after {
			t.Errorf("lost after %d, and again: %d new layers", after, p.New)
		}
		if _, err := fetch(t, s, commit); err != nil {
			t.Error(err)
		}
	}
}

// A store may hold anything. What isn't what dot has written is an error that names the object, and the hint
// mends it.
func TestLies(t *testing.T) { onEachKind(t, testLies) }

func testLies(t *testing.T, empty func(t *testing.T) *Store) {
	good := func(t *testing.T) []Layer {
		lower := testLayer(t, "prod", below, "A", nil)
		return []Layer{testLayer(t, "dev", commit, "B", &lower.Ref), lower}
	}
	// forge pushes a layer, which dot would not make, with the right digests.
	forge := func(change func(l *Layer)) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) {
			l := testLayer(t, "dev", commit, "B", nil)
			o := offerOf(l)
			change(&l)
			replace(t, s, "v1/", gone)
			if _, err := s.Push(t.Context(), o, []Layer{l}, false, t.TempDir()); err != nil {
				t.Fatal(err)
			}
		}
	}
	entry := func(change func(e *workspace.Entry)) func(l *Layer) {
		return func(l *Layer) {
			e := l.Entries["model.shop.orders"]
			change(&e)
			l.Entries["model.shop.orders"] = e
		}
	}
	edit := func(prefix string, change func([]byte) []byte) func(*testing.T, *Store) {
		return func(t *testing.T, s *Store) { replace(t, s, prefix, change) }
	}
	const layer, offer = layersDir, buildsDir
	replaced := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) }
	}
	for _, tt := range []struct {
		name string
		lie  func(*testing.T, *Store)
		want string
	}{
		{"another byte", edit(layer, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), "its SHA-256 is "},
		{"cut", edit(layer, func(b []byte) []byte { return b[:len(b)-3] }), "it is cut: "},
		{"longer", edit(layer, func(b []byte) []byte { return append(b, 'x') }), "it has more than "},
		{"empty", edit(layer, func([]byte) []byte { return []byte{} }), "it is cut: 0 of "},
		{"missing", edit(layer, gone), "it is missing"},
		{"an offer that was edited", edit(offer, replaced(`"written": 1`, `"written": 2`)), "it was changed after it was written"},
		{"an offer that is cut", edit(offer, func(b []byte) []byte { return b[:len(b)/2] }), "it is damaged"},
		{"an offer of a newer dot", edit(offer, replaced(`"version": 1`, `"version": 2`)), "its format has version 2, and this dot reads 1"},
		{"a huge offer", edit(offer, func(b []byte) []byte { return append(b, make([]byte, mostOffer)...) }), "it is too large"},
		{"an offer of another commit", edit(offer, func(b []byte) []byte {
			var o Offer
			_ = durable.Unmarshal(b, &o)
			o.Build.Hash = strings.Repeat("b", 40)
			b, _ = durable.Marshal(o)
			return b
		}), "it is of another build"},
		{"an offer without layers", edit(offer, func(b []byte) []byte {
			var o Offer
			_ = durable.Unmarshal(b, &o)
			o.Layers = nil
			b, _ = durable.Marshal(o)
			return b
		}), "it has 0 layers"},
		{"an offer of a path", edit(offer, func(b []byte) []byte {
			var o Offer
			_ = durable.Unmarshal(b, &o)
			o.Layers[0].SHA256 = "../../secret"
			b, _ = durable.Marshal(o)
			return b
		}), "it names no layer"},
		{"a layer of another build", forge(func(l *Layer) {
			*l = testLayer(t, "dev", below, "B", nil)
		}), "it is the layer of another build"},
		{"a layer of another run", forge(func(l *Layer) { l.Layer.Run.ID = "C" }), "it is the layer of another build"},
		{"a layer of another project", forge(func(l *Layer) { l.Project = "bank" }), "it is of another project"},
		{"a layer of a newer dot", forge(func(l *Layer) { l.Layer.Version = 2 }), "layer version 2, this dot reads 1"},
		{"a layer without what it rests on", forge(func(l *Layer) {
			l.Layer.Below = &workspace.LayerRef{Hash: below, Short: below[:7], Env: "prod"}
		}), "it lacks the layer of prod@061af1a"},
		{"a path that climbs out", forge(func(l *Layer) { l.Files["../../evil"] = l.Files[Manifest] }), `it has the file "../../evil", which no layer has`},
		{"a manifest of another size", forge(func(l *Layer) { l.Layer.Run.Manifest++ }), "its manifest.json has "},
		{"no manifest", forge(func(l *Layer) { delete(l.Files, Manifest) }), "it lacks manifest.json"},
		{"SQL in a name", forge(entry(func(e *workspace.Entry) { e.Name.SQL = `"shop"."dev_24256d1"."orders" union select * from secrets` })), "has no name of a relation"},
		{"another relation's SQL", forge(entry(func(e *workspace.Entry) { e.Name.SQL = `"shop"."dev_24256d1"."secrets"` })), "has no name of a relation"},
		{"another schema's SQL", forge(entry(func(e *workspace.Entry) {
			e.Name = workspace.Spelling{Schema: "hr", Name: "orders", SQL: `"hr"."orders"`}
		})), "is in schema dev_24256d1, and not in"},
		{"a control character", forge(entry(func(e *workspace.Entry) { e.Note = "\x1b[2J" })), "is not one of dot's"},
		{"a huge text", forge(entry(func(e *workspace.Entry) { e.Partial = strings.Repeat("x", 1<<20) })), "is not one of dot's"},
		{"an unknown status", forge(entry(func(e *workspace.Entry) { e.Status = "perfect" })), "it doesn't say how model.shop.orders ended"},
		{"a claim without an entry", forge(func(l *Layer) { l.Layer.Claims["model.shop.x"] = workspace.Claim{} }), "it doesn't say how each of its nodes ended"},
		{"a claim without a place", forge(func(l *Layer) { l.Layer.Claims["model.shop.orders"] = workspace.Claim{Place: 7, Name: "orders"} }), "it doesn't say how model.shop.orders ended"},
		{"a build that isn't finished", forge(func(l *Layer) { l.Layer.Open = &workspace.Run{ID: "X"} }), "it is not the layer of a finished build"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := empty(t)
			layers := good(t)
			mustPush(t, s, layers...)
			tt.lie(t, s)
			_, err := fetch(t, s, commit)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("%v, want %q", err, tt.want)
			}
			if hints := hint.Of(err); len(hints) != 1 || !strings.Contains(hints[0], "--force") {
				t.Errorf("hints %q", hints)
			}
			if _, err := push(t, s, true, layers...); err != nil {
				t.Fatalf("push by force: %v", err)
			}
			if _, err := fetch(t, s, commit); err != nil {
				t.Errorf("after the hint: %v", err)
			}
		})
	}
}

// An archive in the layer's archive may say anything of its size.
func TestBomb(t *testing.T) {
	dir := t.TempDir()
	l := testLayer(t, "dev", commit, "B", nil)
	file, err := l.pack(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	bomb, err := os.Create(filepath.Join(dir, "bomb.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer bomb.Close()
	out := zip.NewWriter(bomb)
	for _, f := range z.File {
		to, _ := out.Create(f.Name)
		if f.Name == Manifest {
			if _, err := io.CopyN(to, zeros{}, 64<<20); err != nil {
				t.Fatal(err)
			}
			continue
		}
		from, _ := f.Open()
		if _, err := io.Copy(to, from); err != nil { //nolint:gosec // its own archive
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	if _, err := unpack(t.Context(), bomb.Name(), into); err == nil || !strings.Contains(err.Error(), "it has more than") {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(filepath.Join(into, Manifest)); err == nil && info.Size() > 1<<20 {
		t.Errorf("%d bytes were written", info.Size())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestDirectory(t *testing.T) {
	s, dir := inDirectory(t)
	l := testLayer(t, "dev", commit, "B", nil)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"push": func() error { _, err := push(t, s, false, l); return err },
		"find": func() error { _, err := s.Find(t.Context(), "shop", "dev", commit); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "there is no directory "+dir) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the directory was made")
	}
	write(t, dir, "a file")
	if _, err := push(t, s, false, l); err == nil || !strings.Contains(err.Error(), "is not a directory") {
		t.Error(err)
	}
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		return
	}
	if err := errors.Join(os.Remove(dir), os.Mkdir(dir, 0o500)); err != nil {
		t.Fatal(err)
	}
	if _, err := push(t, s, false, l); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("no permission: %v", err)
	}
}

// A server that ignores conditions would let a push overwrite another one. There are such servers for each protocol.
func TestServerWithoutConditions(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	for scheme, server := range map[string]struct {
		list string
		env  func(at string) map[string]string
	}{
		"s3": {
			`<ListBucketResult><Name>team</Name></ListBucketResult>`,
			func(at string) map[string]string {
				return map[string]string{"AWS_ENDPOINT_URL_S3": at, "AWS_REGION": "us-east-1"}
			},
		},
		"gs": {`{}`, func(at string) map[string]string { return map[string]string{"STORAGE_EMULATOR_HOST": at} }},
		"az": {
			`<EnumerationResults/>`,
			func(at string) map[string]string {
				return map[string]string{"AZURE_STORAGE_ACCOUNT": "test", "AZURE_STORAGE_KEY": "dGVzdA==", "AZURE_STORAGE_SERVICE_ENDPOINT": at}
			},
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				isList := r.URL.Query().Has("prefix")
				switch {
				case r.Method == http.MethodGet && isList:
					_, _ = w.Write([]byte(server.list))
				case r.Method == http.MethodHead, r.Method == http.MethodGet:
					w.WriteHeader(http.StatusNotFound)
				}
			}))
			defer at.Close()
			env := server.env(at.URL)
			s, err := Open(func(name string) (string, bool) {
				value, ok := env[name]
				return value, ok
			}, "--store", scheme+"://team")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := push(t, s, false, testLayer(t, "dev", commit, "B", nil)); err == nil || !strings.Contains(err.Error(), "doesn't know conditional writes") {
				t.Errorf("%v", err)
			}
		})
	}
}

// If the connection is lost while a server sends a layer, the layer may be sound: no hint to push it again.
func TestLostConnection(t *testing.T) {
	kept := map[string]string{}
	var mu sync.Mutex
	var isCut atomic.Bool
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name := r.URL.Query().Get("name")
		if name == "" {
			name = strings.TrimPrefix(r.URL.Path, "/storage/v1/b/team/o/")
		}
		text, ok := kept[name]
		switch {
		case r.Method == http.MethodPost && ok:
			w.WriteHeader(http.StatusPreconditionFailed)
		case r.Method == http.MethodPost:
			body, _ := io.ReadAll(r.Body)
			kept[name] = string(body)
		case r.URL.Query().Has("prefix"):
			_, _ = w.Write([]byte(listGS(kept)))
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		case isCut.Load() && strings.HasPrefix(name, layersDir):
			w.Header().Set("Content-Length", strconv.Itoa(len(text)))
			_, _ = w.Write([]byte(text[:len(text)/2]))
		default:
			_, _ = w.Write([]byte(text))
		}
	}))
	defer at.Close()
	s, err := Open(func(name string) (string, bool) { return at.URL, name == "STORAGE_EMULATOR_HOST" }, "--store", "gs://team")
	if err != nil {
		t.Fatal(err)
	}
	mustPush(t, s, testLayer(t, "dev", commit, "B", nil))
	isCut.Store(true)
	_, err = fetch(t, s, commit)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "in gs://team: the connection was lost: ") || len(hint.Of(err)) > 0 {
		t.Errorf("%v, hints %q", err, hint.Of(err))
	}
	isCut.Store(false)
	if _, err := fetch(t, s, commit); err != nil {
		t.Error(err)
	}
}

// listGS is Google's list of objects.
func listGS(kept map[string]string) string {
	var items []string
	for name := range kept {
		items = append(items, fmt.Sprintf(`{"name":%q,"size":"1","updated":"2026-11-28T12:00:00Z"}`, name))
	}
	return `{"items":[` + strings.Join(items, ",") + `]}`
}

func TestOpen(t *testing.T) {
	for text, want := range map[string]string{
		"/srv/dot":                 "not a URL",
		"file://srv/dot":           "names the host srv",
		"file:dot":                 "not an absolute path",
		"ftp://me:hush@host/x":     `ftp://host/x: a URL of `,
		"file:///srv/\x1b":         "control character",
		"file:///%zz?token=hush":   "not a URL",
		"https://me:hush@host/dot": "https://host/dot: a URL of ",
		"wasbs://c@account/dot":    "wasbs://account/dot: a URL of file, s3, gs or az is expected",
		"az://container/dot":       "az://container/dot: no storage account is named",
		"gs://me:hush@bucket/dot":  "gs://bucket/dot: a bucket and a prefix are expected",
		"s3://me:hush@bucket/dot":  "s3://bucket/dot: a bucket and a prefix are expected",
		"s3:///dot":                "a bucket and a prefix are expected",
	} {
		_, err := Open(noVariables, "--store", text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestExport(t *testing.T) {
	lower := testLayer(t, "prod", below, "A", nil)
	upper := testLayer(t, "dev", commit, "B", &lower.Ref)
	file := filepath.Join(t.TempDir(), "dev.build")
	for range 2 { // it replaces the file
		if err := Export(t.Context(), file, offerOf(upper), []Layer{upper, lower}, t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if layers, err := fetch(t, s, commit); err != nil || len(layers) != 2 {
		t.Errorf("%v, %v", layers, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(t, file, string(data[:len(data)/2]))
	if _, err := OpenFile(file); err == nil || !strings.Contains(err.Error(), "is not whole") {
		t.Errorf("cut: %v", err)
	}
	if _, err := OpenFile(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Errorf("a directory: %v", err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		file := filepath.Join(dir, "a.zip")
		write(t, file, string(data))
		into := filepath.Join(dir, "into")
		if err := os.Mkdir(into, 0o700); err != nil {
			t.Fatal(err)
		}
		if l, err := unpack(t.Context(), file, into); err == nil && l.Files[Manifest] == "" {
			t.Error("a layer without a manifest")
		}
	})
}

func TestSweep(t *testing.T) { onEach(t, testSweep) }

func testSweep(t *testing.T, s *Store) {
	lower := testLayer(t, "prod", below, "A", nil)
	mustPush(t, s, testLayer(t, "dev", commit, "B", &lower.Ref), lower)
	mustPush(t, s, testLayer(t, "dev", commit, "C", &lower.Ref), lower) // in place of the first
	mustPush(t, s, testLayer(t, "dev", below, "D", nil))
	now := time.Now()
	if done, err := s.Sweep(t.Context(), now.Add(time.Hour)); err != nil || done != (Swept{}) {
		t.Errorf("while pushes may be in progress: %+v, %v", done, err)
	}
	later := now.Add(25 * time.Hour)
	if done, err := s.Sweep(t.Context(), later); err != nil || done.Offers != 1 || done.Layers != 1 || done.Bytes == 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if layers, err := fetch(t, s, commit); err != nil || len(layers) != 2 {
		t.Errorf("%v, %v", layers, err)
	}
	offers, err := s.Find(t.Context(), "shop", "dev", commit)
	if err != nil || len(offers) != 1 || offers[0].Size() == 0 {
		t.Fatal(offers, err)
	}
	if err := s.Drop(t.Context(), offers[0]); err != nil {
		t.Fatal(err)
	}
	if done, err := s.Sweep(t.Context(), later); err != nil || done.Offers != 0 || done.Layers != 2 {
		t.Errorf("after a drop: %+v, %v", done, err)
	}
	if layers, err := fetch(t, s, below); err != nil || len(layers) != 1 {
		t.Errorf("the other build: %v, %v", layers, err)
	}
}

// Which layers an offer that can't be read needs isn't known.
func TestSweepWithADamagedOffer(t *testing.T) { onEach(t, testSweepWithADamagedOffer) }

func testSweepWithADamagedOffer(t *testing.T, s *Store) {
	mustPush(t, s, testLayer(t, "dev", commit, "B", nil))
	replace(t, s, buildsDir, func([]byte) []byte { return []byte("{}") })
	if _, err := s.Sweep(t.Context(), time.Now().Add(25*time.Hour)); err == nil {
		t.Error("it swept")
	}
	if layers, err := s.in.list(t.Context(), layersDir); err != nil || len(layers) != 1 {
		t.Errorf("layers %v, %v", layers, err)
	}
}
