package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/testing/s3server"
)

func open(t *testing.T, getenv func(string) (string, bool), text string) *Bucket {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(getenv, u)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func file(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "object")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestBucket(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	b := open(t, server.Getenv, "s3://team/a/dot/")
	ctx := t.Context()
	for name, err := range map[string]error{
		"read": func() error { _, _, err := b.Read(ctx, "x/1"); return err }(),
		"size": func() error { _, err := b.Size(ctx, "x/1"); return err }(),
	} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
	if err := b.Remove(ctx, "x/1"); err != nil {
		t.Errorf("remove nothing: %v", err)
	}
	if err := b.Create(ctx, "x/1", file(t, "one")); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, "x/1", file(t, "two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create again: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(server.Dir, "a", "dot", "x", "1")); err != nil || string(text) != "one" {
		t.Errorf("the server has %q, %v", text, err)
	}
	if size, err := b.Size(ctx, "x/1"); err != nil || size != 3 {
		t.Errorf("size %d, %v", size, err)
	}
	r, tag, err := b.Read(ctx, "x/1")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if string(text) != "one" || tag == "" || errors.Join(err, r.Close()) != nil {
		t.Errorf("%q, %q, %v", text, tag, err)
	}
	if _, _, err := b.ReadUnless(ctx, "x/1", tag); !errors.Is(err, ErrSame) {
		t.Errorf("unchanged: %v", err)
	}
	if err := errors.Join(b.Create(ctx, "x/y/2", file(t, "")), b.Create(ctx, "z", file(t, ""))); err != nil {
		t.Fatal(err)
	}
	var names []string
	found, err := b.List(ctx, "x/")
	for _, o := range found {
		names = append(names, o.Name)
	}
	if diff := cmp.Diff([]string{"x/1", "x/y/2"}, names); diff != "" || err != nil {
		t.Errorf("list (-want +got):\n%s%v", diff, err)
	}
	if err := b.Remove(ctx, "x/1"); err != nil {
		t.Error(err)
	}
	if _, err := b.Size(ctx, "x/1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}

	none := open(t, server.Getenv, "s3://nobodys-bucket/dot")
	for what, err := range map[string]error{
		"list":   func() error { _, err := none.List(ctx, "x/"); return err }(),
		"create": none.Create(ctx, "x", file(t, "")),
	} {
		if err == nil || err.Error() != "there is no bucket nobodys-bucket" {
			t.Errorf("%s without a bucket: %v", what, err)
		}
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.List(cancelled, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}

	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush-hush-hush")
	denied := open(t, server.Getenv, "s3://team/dot")
	_, err = denied.List(ctx, "x/")
	if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "hush") || len(hint.Of(err)) == 0 {
		t.Errorf("with a wrong key: %v", err)
	}
}

// A server that can't be reached, or that is broken.
func TestBroken(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	getenv := func(name string) (string, bool) {
		value, ok := map[string]string{"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1"}[name]
		return value, ok
	}
	b := open(t, getenv, "s3://team/dot")
	if _, err := b.Size(t.Context(), "x"); err == nil || errors.Is(err, fs.ErrNotExist) || asked != attempts {
		t.Errorf("broken: %v, asked %d times", err, asked)
	}
	server.Close()
	if _, err := b.Size(t.Context(), "x"); err == nil || !strings.HasPrefix(err.Error(), "s3://team/dot can't be reached: ") || strings.Contains(err.Error(), "hush") {
		t.Errorf("away: %v", err)
	}
}

func TestOpen(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	for text, want := range map[string]string{
		"s3:///dot":             "a bucket and a prefix are expected",
		"s3://me:hush@team/dot": "s3://team/dot: a bucket and a prefix are expected",
		"s3://team/dot?x=hush":  "s3://team/dot: a bucket and a prefix are expected",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(none, u); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for prefix, want := range map[string]string{"": "", "/": "", "/a": "a/", "/a//b/": "a/b/"} {
		if b := open(t, none, "s3://team"+prefix); b.prefix != want {
			t.Errorf("%q: prefix %q, want %q", prefix, b.prefix, want)
		}
	}
	wrong := func(string) (string, bool) { return "s3.example.com", true }
	if _, err := Open(wrong, &url.URL{Scheme: "s3", Host: "team"}); err == nil || !strings.Contains(err.Error(), "is not the URL of a server") {
		t.Errorf("a wrong endpoint: %v", err)
	}
}
