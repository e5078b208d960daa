//go:build unix

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packageFiles are a dbt package with one macro, size, which returns a text.
func packageFiles(name, size string) map[string]string {
	return map[string]string{
		"dbt_project.yml": "name: " + name + "\nversion: \"1.0\"\n",
		"macros/size.sql": "{% macro size() %}" + size + "{% endmacro %}\n",
	}
}

// A packageRepo is a package on a git host: a bare repository.
type packageRepo struct {
	s              *shop
	name, url, dir string // dir is a clone of it
}

// newPackage makes an empty repository for a package.
func (s *shop) newPackage(name string) *packageRepo {
	s.t.Helper()
	root := s.t.TempDir()
	p := &packageRepo{s: s, name: name, url: filepath.Join(root, name+".git"), dir: filepath.Join(root, name)}
	s.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", p.url)
	s.git("clone", "--quiet", p.url, p.dir)
	return p
}

// publish pushes a version of the package to main and returns its full hash.
func (p *packageRepo) publish(size string) string {
	p.s.t.Helper()
	return p.push(packageFiles(p.name, size))
}

// push pushes files to main and returns the commit's full hash.
func (p *packageRepo) push(files map[string]string) string {
	p.s.t.Helper()
	for name, text := range files {
		file := filepath.Join(p.dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			p.s.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			p.s.t.Fatal(err)
		}
	}
	git := func(args ...string) string { return p.s.git(append([]string{"-C", p.dir}, args...)...) }
	git("add", "--all")
	git("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "--quiet", "--message", "Another version")
	git("push", "--quiet", "origin", "HEAD:main")
	return git("rev-parse", "HEAD")
}

// newHub serves one package like dbt's hub (dbt-core 1.11.16, clients/registry.py). sizes are by
// version. It returns the URL.
func newHub(t *testing.T, name string, sizes map[string]string) string {
	t.Helper()
	_, short, _ := strings.Cut(name, "/")
	mux := http.NewServeMux()
	hub := httptest.NewServer(mux)
	t.Cleanup(hub.Close)
	versions := map[string]any{}
	for version, size := range sizes {
		file := "/" + short + "-" + version + ".tar.gz"
		versions[version] = map[string]any{
			"id": name + "/" + version, "name": short, "version": version, "packages": []any{},
			"downloads": map[string]string{"tarball": hub.URL + file},
		}
		archive := packageArchive(t, short, size)
		mux.HandleFunc(file, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })
	}
	answers := map[string]any{
		"/api/v1/index.json":        []string{name},
		"/api/v1/" + name + ".json": map[string]any{"name": short, "versions": versions},
	}
	for path, answer := range answers {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(answer) })
	}
	return hub.URL
}

// packageArchive returns a package as a tarball with one directory.
func packageArchive(t *testing.T, name, size string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	archive := tar.NewWriter(zipped)
	for file, text := range packageFiles(name, size) {
		header := &tar.Header{Name: name + "-release/" + file, Mode: 0o644, Size: int64(len(text))}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
