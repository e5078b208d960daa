package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/testing/bucketserver"
)

// A fetcher fetches a source again and again, as invocations do.
type fetcher struct {
	t    *testing.T
	kept string
	now  time.Time
}

func newFetcher(t *testing.T) *fetcher {
	return &fetcher{t, filepath.Join(t.TempDir(), "kept"), time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
}

func (f *fetcher) get(s Source) (Copy, error) {
	f.t.Helper()
	c, err := s.Get(f.t.Context(), f.kept, func() (string, error) { return os.MkdirTemp(f.t.TempDir(), "copy") }, f.now)
	if err != nil || c.Kept {
		return c, err
	}
	if err := os.MkdirAll(f.kept, 0o777); err != nil {
		f.t.Fatal(err)
	}
	return c, c.Keep(f.kept)
}

// wants fetches a source, whose artifacts must be these; "" is none.
func (f *fetcher) wants(s Source, kept bool, manifest, results string) {
	f.t.Helper()
	c, err := f.get(s)
	if err != nil {
		f.t.Fatal(err)
	}
	if c.Kept != kept || c.Warning != "" {
		f.t.Errorf("%+v, want kept %v", c, kept)
	}
	for _, dir := range []string{c.Dir, f.kept} {
		for name, want := range map[string]string{Manifest: manifest, RunResults: results} {
			if got, _ := os.ReadFile(filepath.Join(dir, name)); string(got) != want {
				f.t.Errorf("%s in %s holds %q, want %q", name, dir, got, want)
			}
		}
	}
}

func (f *fetcher) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		f.t.Fatal(err)
	}
}

func noVariables(string) (string, bool) { return "", false }

func parse(t *testing.T, text, dir string) Source {
	t.Helper()
	s, err := Parse(noVariables, "--defer", text, dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGetFromDisk(t *testing.T) {
	f, dir := newFetcher(t), t.TempDir()
	s := parse(t, "path:prod", dir)
	if _, err := f.get(s); err == nil || !strings.HasPrefix(err.Error(), "path:prod: there is no ") {
		t.Errorf("nothing there: %v", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "prod"), 0o777); err != nil {
		t.Fatal(err)
	}
	manifest, results := filepath.Join(dir, "prod", Manifest), filepath.Join(dir, "prod", RunResults)
	f.write(manifest, "one")
	f.wants(s, false, "one", "")
	f.wants(s, true, "one", "")
	f.write(results, "results")
	f.wants(s, false, "one", "results")
	f.wants(s, true, "one", "results")
	f.write(manifest, "other")
	f.wants(s, false, "other", "results")
	if err := os.Remove(results); err != nil {
		t.Fatal(err)
	}
	f.wants(s, false, "other", "")
	f.write(filepath.Join(f.kept, Manifest), "cut") // the copy is damaged
	f.wants(s, false, "other", "")
	for _, text := range []string{"prod/manifest.json", "path:prod/manifest.json", "file://" + filepath.ToSlash(filepath.Join(dir, "prod"))} {
		f.wants(parse(t, text, dir), true, "other", "")
	}
}

// A server has artifacts, and counts how often it sent one.
type server struct {
	files   map[string]string // by path
	broken  bool
	sent    int
	noCache bool
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := s.files[r.URL.Path]
	switch {
	case s.broken:
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == "/away/manifest.json":
		http.Redirect(w, r, "http://192.0.2.1/manifest.json", http.StatusFound)
	case !ok:
		w.WriteHeader(http.StatusForbidden) // as S3 says of what isn't there
	default:
		tag := fmt.Sprintf(`"%x"`, text)
		if !s.noCache {
			w.Header().Set("ETag", tag)
		}
		if !s.noCache && r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		s.sent++
		_, _ = w.Write([]byte(text))
	}
}

func TestGetFromServer(t *testing.T) {
	srv := &server{files: map[string]string{}}
	at := httptest.NewServer(srv)
	defer at.Close()
	f := newFetcher(t)
	s := parse(t, strings.Replace(at.URL, "://", "://me:hush@", 1)+"/prod?token=hush", "")
	wantError := func(what, says string) {
		t.Helper()
		_, err := f.get(s)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantError("not there", "/prod: the server says 403 Forbidden")
	srv.broken = true
	wantError("broken, and no copy", "can't be reached: the server says 502 Bad Gateway")
	srv.broken = false

	srv.files["/prod/manifest.json"] = "one"
	f.wants(s, false, "one", "")
	f.wants(s, true, "one", "")
	if srv.sent != 1 {
		t.Errorf("the manifest was sent %d times", srv.sent)
	}
	srv.files["/prod/run_results.json"] = "results"
	f.wants(s, false, "one", "results")
	f.wants(s, true, "one", "results")
	srv.files["/prod/manifest.json"] = "two"
	f.wants(s, false, "two", "results")
	delete(srv.files, "/prod/run_results.json")
	f.wants(s, false, "two", "")

	srv.broken = true
	f.now = f.now.Add(3 * time.Hour)
	c, err := f.get(s)
	want := "the server says 502 Bad Gateway): the copy of 3 hours ago is used"
	if err != nil || !c.Kept || !strings.HasSuffix(c.Warning, want) || strings.Contains(c.Warning, "hush") {
		t.Errorf("a broken server: %+v, %v", c, err)
	}
	srv.broken, srv.noCache = false, true
	f.wants(s, false, "two", "")
	at.Close()
	if c, err := f.get(s); err != nil || !c.Kept || !strings.Contains(c.Warning, "refused") {
		t.Errorf("no server: %+v, %v", c, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(ctx, f.kept, nil, f.now); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
}

// A redirect from an encrypted address to one that isn't would give the relations' names away.
func TestGetRedirected(t *testing.T) {
	at := httptest.NewTLSServer(&server{})
	defer at.Close()
	was := http.DefaultTransport
	http.DefaultTransport = at.Client().Transport
	defer func() { http.DefaultTransport = was }()
	_, err := newFetcher(t).get(parse(t, at.URL+"/away", ""))
	if err == nil || !strings.HasSuffix(err.Error(), "it leads to an address that isn't encrypted") {
		t.Errorf("%v", err)
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"path:":                      "no directory after path:",
		"path:a\x1b[2J":              "control character",
		"abfss://container/prod":     `of file, https, s3, gs or az is expected, not of "abfss"`,
		"az://container/prod":        "--defer: az://container/prod: no storage account is named",
		"gs://bucket/prod?sig=hush":  "gs://bucket/prod: a bucket and a prefix are expected",
		"s3:///prod":                 "a bucket and a prefix are expected",
		"https:///manifest.json":     "names no host",
		"http://example.com/prod":    "isn't encrypted",
		"file://srv/prod":            "names the host srv",
		"https://me:hush@exa mple/x": "not a URL",
	} {
		_, err := Parse(noVariables, "--defer", text, "/project")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if s := parse(t, "https://me:hush@example.com/prod/?token=hush", ""); s.String() != "https://example.com/prod/" || s.url.Path != "/prod/manifest.json" {
		t.Errorf("%s, %s", s, s.url.Path)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("path:../target")
	f.Add("https://me:hush@example.com/prod?token=hush")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(noVariables, "--defer", text, t.TempDir())
		if err == nil && (s.file == "") == (s.url == nil) {
			t.Errorf("%q: %+v", text, s)
		}
	})
}

func TestGetFromBucket(t *testing.T) { bucketserver.Each(t, testGetFromBucket) }

func testGetFromBucket(t *testing.T, server *bucketserver.Server) {
	f := newFetcher(t)
	s, err := Parse(server.Getenv, "--defer", server.URL("prod"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.get(s); err == nil || err.Error() != server.URL("prod")+": there is no manifest.json" {
		t.Errorf("not there: %v", err)
	}
	put := func(name, text string) {
		t.Helper()
		u, err := url.Parse(server.URL("prod"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := bucket.Open(server.Getenv, u)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), name)
		f.write(file, text)
		from, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer from.Close()
		if err := errors.Join(b.Remove(t.Context(), name), b.Create(t.Context(), name, from)); err != nil {
			t.Fatal(err)
		}
	}
	put(Manifest, "one")
	f.wants(s, false, "one", "")
	f.wants(s, true, "one", "")
	put(RunResults, "results")
	f.wants(s, false, "one", "results")
	f.wants(s, true, "one", "results")
	put(Manifest, "two")
	f.wants(s, false, "two", "results")
}

// A cloud that can't be reached: the earlier copy will do, with a warning, as for another server. No error has a
// secret.
func TestBucketAway(t *testing.T) {
	at := httptest.NewServer(nil)
	at.Close()
	for scheme, env := range map[string]map[string]string{
		"s3": {"AWS_ENDPOINT_URL_S3": at.URL, "AWS_REGION": "us-east-1"},
		"gs": {"STORAGE_EMULATOR_HOST": at.URL},
		"az": {"AZURE_STORAGE_CONNECTION_STRING": "BlobEndpoint=" + at.URL + "/;SharedAccessSignature=sv=2020-08-04&sig=hush"},
	} {
		f := newFetcher(t)
		t.Setenv("AWS_ACCESS_KEY_ID", "test")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
		s, err := Parse(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, "--defer", scheme+"://team/prod", "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.get(s)
		if err == nil || !strings.HasPrefix(err.Error(), scheme+"://team/prod can't be reached: ") || strings.Contains(err.Error(), "hush") ||
			strings.Count(err.Error(), "can't be reached") != 1 {
			t.Errorf("%s: %v", scheme, err)
		}
		dir := t.TempDir()
		f.write(filepath.Join(dir, Manifest), "one")
		disk := parse(t, "path:"+dir, "")
		f.wants(disk, false, "one", "")
		c, err := f.get(s)
		if err != nil || !c.Kept || !strings.HasPrefix(c.Warning, scheme+"://team/prod can't be reached (") || strings.Contains(c.Warning, "hush") {
			t.Errorf("%s, with a copy: %+v, %v", scheme, c, err)
		}
	}
}
