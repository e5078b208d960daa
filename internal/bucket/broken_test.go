package bucket

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"dot-for-dbt/internal/hint"
)

// A server that is busy is asked again, and one that can't be reached, too.
func TestBusy(t *testing.T) {
	var asked atomic.Int32
	onEach(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	}, func(t *testing.T, b Bucket, server *httptest.Server) {
		asked.Store(0)
		if _, err := b.Size(t.Context(), "x"); err == nil || errors.Is(err, fs.ErrNotExist) || asked.Load() != attempts || isSecret(err.Error()) {
			t.Errorf("busy: %v, asked %d times", err, asked.Load())
		}
		server.Close()
		_, err := b.Size(t.Context(), "x")
		if err == nil || !strings.Contains(err.Error(), "://team/dot can't be reached: ") || isSecret(err.Error()) {
			t.Errorf("away: %v", err)
		}
	})
}

// A server that gets well while it is asked again gets the whole file.
func TestBusyAtFirst(t *testing.T) {
	const text = "the whole text"
	var asked atomic.Int32
	got := make(chan string, attempts)
	onEach(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got <- string(body)
		_, _ = w.Write([]byte("{}"))
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		asked.Store(0)
		name := filepath.Join(t.TempDir(), "object")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := b.Create(t.Context(), "x", f); err != nil {
			t.Fatal(err)
		}
		if sent := <-got; sent != text {
			t.Errorf("sent %q", sent)
		}
	})
}

// An answer that is cut, that never ends, or that isn't one is an error.
func TestBrokenAnswers(t *testing.T) {
	pages := `{"items":[{"name":"dot/a","size":"1"}],"nextPageToken":"again"}`
	for name, handle := range map[string]http.HandlerFunc{
		"no list": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Welcome!</html>")) },
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(pages[:20]))
		},
		"a detour": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
		"no end": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/storage/") {
				_, _ = w.Write([]byte(pages))
				return
			}
			if r.URL.Query().Has("list-type") {
				_, _ = w.Write([]byte(`<ListBucketResult><NextContinuationToken>again</NextContinuationToken></ListBucketResult>`))
				return
			}
			_, _ = w.Write([]byte(`<EnumerationResults><NextMarker>again</NextMarker></EnumerationResults>`))
		},
	} {
		onEach(t, handle, func(t *testing.T, b Bucket, _ *httptest.Server) {
			if found, err := b.List(t.Context(), ""); err == nil || isSecret(err.Error()) {
				t.Errorf("%s: %v, %v", name, found, err)
			}
			if name == "cut" {
				r, _, err := b.Read(t.Context(), "a", "")
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s: %q, %v", name, text, err)
				}
				_ = r.Close()
			}
		})
	}
}

// What a server says may be anything.
func TestRefused(t *testing.T) {
	onEach(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":{"message":"no\u001b[2J\n access"}}`))
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		_, err := b.List(t.Context(), "")
		if _, isGS := b.(*gs); isGS && !strings.HasSuffix(err.Error(), `no\x1b[2J access`) {
			t.Errorf("%v", err)
		}
		if !errors.Is(err, fs.ErrPermission) || len(hint.Of(err)) == 0 || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%v, hints %q", err, hint.Of(err))
		}
	})
}

// A request ends with its context, also while the server is silent.
func TestCancelled(t *testing.T) {
	reached := make(chan struct{}, attempts)
	onEach(t, func(_ http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		<-r.Context().Done()
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-reached
			cancel(stopped)
		}()
		if _, err := b.Size(ctx, "x"); !errors.Is(err, stopped) {
			t.Errorf("%v", err)
		}
	})
}
