package elsewhere

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/hint"
)

// The names of the artifacts.
const (
	Manifest   = "manifest.json"
	RunResults = "run_results.json"
)

// prefix marks a directory or a file in the value of --defer.
const prefix = "path:"

// A Source says where artifacts lie.
type Source struct {
	// shown names it to the user, without a user name, a password or a query.
	shown string
	// file is the path of the manifest, "" for a URL.
	file string
	url  *url.URL
	in   bucket.Bucket // has the url; nil for a server that isn't a cloud's
}

// Parse reads where artifacts lie: a directory or a .json file, with or without path: before it, or the URL of
// either: file://, https:// or that of a bucket, such as s3://. Relative paths are relative to dir. what names the
// text in an error, which has hints.
//
// getenv reads environment variables.
func Parse(getenv func(string) (string, bool), what, text, dir string) (Source, error) {
	wrong := func(problem string, hints ...string) error {
		return hint.New(what+": "+problem, hints...)
	}
	if strings.Contains(text, "://") && !strings.HasPrefix(text, prefix) {
		return parseURL(getenv, wrong, text)
	}
	name := strings.TrimPrefix(text, prefix)
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return Source{}, wrong("the path holds a control character, or bytes that are not UTF-8")
	}
	if name == "" {
		return Source{}, wrong("no directory after "+prefix, "the target path of the run to defer to: path:target")
	}
	s := Source{shown: prefix + filepath.ToSlash(name), file: name}
	if !filepath.IsAbs(name) {
		s.file = filepath.Join(dir, name)
	}
	return s.inDirectory(), nil
}

// inDirectory adds the manifest's name to a directory.
func (s Source) inDirectory() Source {
	if !strings.HasSuffix(s.file, ".json") {
		s.file = filepath.Join(s.file, Manifest)
	}
	return s
}

func parseURL(getenv func(string) (string, bool), wrong func(string, ...string) error, text string) (Source, error) {
	u, err := url.Parse(text)
	if err != nil { // the error would quote the text, which may hold a password
		return Source{}, wrong("not a URL", "such as https://artifacts.example.com/prod/manifest.json")
	}
	s := Source{shown: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()}
	if bucket.IsBucket(u.Scheme) {
		if !strings.HasSuffix(u.Path, ".json") {
			u.Path = path.Join("/", u.Path, Manifest)
		}
		in := *u
		in.Path = path.Dir(u.Path)
		if s.in, err = bucket.Open(getenv, &in); err != nil {
			return Source{}, wrong(err.Error(), hint.Of(err)...)
		}
		s.url = u
		return s, nil
	}
	switch u.Scheme {
	case "https", "http":
		if u.Host == "" {
			return Source{}, wrong(fmt.Sprintf("%s names no host", s.shown))
		}
		if u.Scheme == "http" && !isLoopback(u.Hostname()) {
			return Source{}, wrong(fmt.Sprintf("%s isn't encrypted: whoever is on the way could say which relations a build reads", s.shown), "use https://")
		}
		if !strings.HasSuffix(u.Path, ".json") {
			u.Path = path.Join("/", u.Path, Manifest)
		}
		s.url = u
		return s, nil
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return Source{}, wrong(fmt.Sprintf("%s names the host %s: a file URL has three slashes", s.shown, u.Host), "file:///"+u.Host+u.Path)
		}
		s.file = filepath.FromSlash(u.Path)
		if runtime.GOOS == "windows" { // /C:/target
			s.file = strings.TrimPrefix(s.file, `\`)
		}
		return s.inDirectory(), nil
	}
	return Source{}, wrong(fmt.Sprintf("%s: a URL of file, https, %s is expected, not of %q", s.shown, bucket.Schemes(), u.Scheme),
		"copy the artifacts first, and name the directory: path:DIR")
}

// Exists reports whether the manifest of a source on a disk is there. That of a URL counts as there.
func (s Source) Exists() bool {
	if s.url != nil {
		return true
	}
	_, err := os.Stat(s.file)
	return !errors.Is(err, fs.ErrNotExist)
}

func isLoopback(host string) bool {
	return host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"
}

// String names the source to the user, without a user name, a password or a query.
func (s Source) String() string { return s.shown }
