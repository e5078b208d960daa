package elsewhere

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/durable"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/until"
)

// most is the largest artifact that is fetched, in bytes. Manifests of 300 MB exist.
const most = 2 << 30

// patience is how long a server may take until its answer begins.
const patience = 30 * time.Second

// A Copy is a directory with the artifacts of a source as they were at one time.
type Copy struct {
	Dir string // holds the Manifest and, if there are any, the RunResults
	// Kept is set if the source has not changed since an earlier copy, which this is.
	Kept bool
	// Warning says why an earlier copy had to do, "" if it didn't.
	Warning string
}

// about describes a copy, in a file beside it.
type about struct {
	At    time.Time          `json:"at"` // when it was made
	Files map[string]version `json:"files"`
}

// version tells versions of a file apart.
type version struct {
	Tag      string `json:"etag,omitempty"`     // of HTTP
	Modified string `json:"modified,omitempty"` // of HTTP, or of the file system
	Size     int64  `json:"size"`               // of the copy, in bytes
}

// aboutFile is the file of a copy's about.
const aboutFile = "fetched.json"

// Keep replaces the earlier copy in a directory by this one.
func (c Copy) Keep(dir string) error {
	for _, name := range []string{Manifest, RunResults, aboutFile} {
		err := durable.Copy(filepath.Join(dir, name), filepath.Join(c.Dir, name))
		if errors.Is(err, fs.ErrNotExist) && name == RunResults {
			err = os.Remove(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				err = nil
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Get returns the artifacts of the source. kept is the directory of an earlier copy, if there is one: it
// will do if the source has not changed since, or can't be reached. Otherwise Get copies the artifacts to a
// directory that empty makes. An error has a hint.
func (s Source) Get(ctx context.Context, kept string, empty func() (string, error), now time.Time) (Copy, error) {
	had, hasKept := readAbout(kept)
	get := s.fromDisk
	if s.url != nil {
		get = s.fromServer
	}
	dir := ""
	next := about{At: now, Files: map[string]version{}}
	create := func(name string) (*os.File, error) {
		if dir == "" {
			var err error
			if dir, err = empty(); err != nil {
				return nil, err
			}
		}
		return os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	}
	err := get(ctx, had, next, create)
	var away *unreachable
	switch {
	case errors.Is(err, errSame):
		return Copy{Dir: kept, Kept: true}, nil
	case errors.As(err, &away) && !hasKept:
		return Copy{}, hint.New(fmt.Sprintf("%s can't be reached: %v", s, away.cause),
			"try again, or name a copy of the artifacts: path:DIR")
	case away != nil:
		return Copy{Dir: kept, Kept: true, Warning: fmt.Sprintf("%s can't be reached (%v): the copy of %s is used",
			s, away.cause, humanize.RelTime(had.At, now, "ago", "from now"))}, nil
	case err != nil:
		return Copy{}, err
	}
	text, err := json.Marshal(next)
	if err != nil {
		return Copy{}, err
	}
	return Copy{Dir: dir}, os.WriteFile(filepath.Join(dir, aboutFile), text, 0o600)
}

// readAbout reads what describes an earlier copy. ok is false if there is none, or if it isn't whole.
func readAbout(dir string) (a about, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, aboutFile))
	if err != nil || json.Unmarshal(text, &a) != nil || len(a.Files) == 0 {
		return about{}, false
	}
	for name, v := range a.Files {
		info, err := os.Stat(filepath.Join(dir, filepath.Base(name)))
		if err != nil || info.Size() != v.Size {
			return about{}, false
		}
	}
	return a, true
}

// errSame means that a source has not changed since the earlier copy.
var errSame = errors.New("the source has not changed")

// An unreachable error means that a server gave no answer, or said that it has a problem.
type unreachable struct{ cause error }

func (e *unreachable) Error() string { return e.cause.Error() }

// creator creates a file of a new copy.
type creator func(name string) (*os.File, error)

// tries is how often the artifacts on a disk are copied, if a run of dbt writes them meanwhile.
const tries = 3

func (s Source) fromDisk(ctx context.Context, had, next about, create creator) error {
	files := map[string]string{Manifest: s.file, RunResults: filepath.Join(filepath.Dir(s.file), RunResults)}
	look := func() (map[string]version, error) {
		seen := map[string]version{}
		for name, file := range files {
			info, err := os.Stat(file)
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == RunResults:
				continue
			case errors.Is(err, fs.ErrNotExist):
				return nil, hint.New(fmt.Sprintf("%s: there is no %s", s, file),
					"name the target path of a run of dbt, or its manifest.json")
			case err != nil:
				return nil, fmt.Errorf("%s: %w", s, err)
			case !info.Mode().IsRegular():
				return nil, hint.New(fmt.Sprintf("%s: %s is not a file", s, file), "name the target path of a run of dbt, or its manifest.json")
			case info.Size() > most:
				return nil, fmt.Errorf("%s: %s has %s: dot reads at most %s", s, file, humanize.Bytes(uint64(info.Size())), humanize.Bytes(most))
			}
			seen[name] = version{Modified: info.ModTime().UTC().Format(time.RFC3339Nano), Size: info.Size()}
		}
		return seen, nil
	}
	seen, err := look()
	if err != nil {
		return err
	}
	if maps.Equal(had.Files, seen) {
		return errSame
	}
	for range tries {
		for name := range seen {
			if err := copyFile(ctx, create, name, files[name]); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		again, err := look()
		if err != nil {
			return err
		}
		if maps.Equal(seen, again) {
			maps.Copy(next.Files, seen)
			return nil
		}
		seen = again
	}
	return hint.New(fmt.Sprintf("%s: the artifacts change while dot reads them", s), "wait until dbt has ended there")
}

func copyFile(ctx context.Context, create creator, name, from string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close() // only read from
	_, err = fill(ctx, create, name, src)
	return err
}

// fill writes a file of a copy, and returns its size.
func fill(ctx context.Context, create creator, name string, from io.Reader) (n int64, err error) {
	to, err := create(name)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return io.Copy(to, until.Done(ctx, from))
}

func (s Source) fromServer(ctx context.Context, had, next about, create creator) error {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = patience
	transport.OnProxyConnectResponse = func(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the proxy %s answers %s", proxy.Host, answer.Status) // the URL may have a password
		}
		return nil
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) >= 10 {
			return errors.New("too many redirects")
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errors.New("it leads to an address that isn't encrypted")
		}
		return nil
	}}
	results := *s.url
	results.Path, results.RawPath = path.Join(path.Dir(s.url.Path), RunResults), ""
	unchanged, err := s.download(ctx, client, *s.url, Manifest, had, next, create)
	if err != nil {
		return err
	}
	resultsUnchanged, err := s.download(ctx, client, results, RunResults, had, next, create)
	var refused *refusal
	switch _, hadResults := had.Files[RunResults]; {
	case errors.As(err, &refused): // a server may also refuse what isn't there
		resultsUnchanged = !hadResults
	case err != nil:
		return err
	}
	if unchanged && resultsUnchanged {
		return errSame
	}
	// Both are of one run only if both are fetched now.
	for name, again := range map[string]bool{Manifest: unchanged, RunResults: resultsUnchanged && refused == nil} {
		if !again {
			continue
		}
		at := *s.url
		if name == RunResults {
			at = results
		}
		if _, err := s.download(ctx, client, at, name, about{}, next, create); err != nil {
			return err
		}
	}
	return nil
}

// A refusal is an answer of a server that isn't the file.
type refusal struct{ status string }

func (e *refusal) Error() string { return e.status }

// download fetches a file. unchanged is set if the earlier copy is still what the server has.
func (s Source) download(ctx context.Context, client *http.Client, at url.URL, name string, had, next about, create creator) (unchanged bool, err error) {
	if s.in != nil {
		return s.fromBucket(ctx, path.Base(at.Path), name, had, next, create)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), http.NoBody)
	if err != nil {
		return false, withoutURL(err)
	}
	if v, ok := had.Files[name]; ok && v.Tag != "" {
		req.Header.Set("If-None-Match", v.Tag)
	} else if ok && v.Modified != "" {
		req.Header.Set("If-Modified-Since", v.Modified)
	}
	answer, err := client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, &unreachable{withoutURL(err)}
	}
	defer answer.Body.Close() // only read from
	switch {
	case answer.StatusCode == http.StatusNotModified:
		return true, nil
	case answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests:
		return false, &unreachable{fmt.Errorf("the server says %s", answer.Status)}
	case answer.StatusCode != http.StatusOK && name == RunResults:
		return false, &refusal{answer.Status}
	case answer.StatusCode != http.StatusOK:
		return false, hint.New(fmt.Sprintf("%s: the server says %s", s, answer.Status),
			"the URL must lead to the manifest.json of a run of dbt, or to the directory that holds it")
	}
	return false, s.take(ctx, name, answer.Body, version{Tag: answer.Header.Get("ETag"), Modified: answer.Header.Get("Last-Modified")}, next, create)
}

// fromBucket is download for a bucket.
func (s Source) fromBucket(ctx context.Context, object, name string, had, next about, create creator) (unchanged bool, err error) {
	r, tag, err := s.in.Read(ctx, object, had.Files[name].Tag)
	denied := errors.Is(err, fs.ErrPermission) // or it isn't there, and the user may not list the bucket
	switch {
	case errors.Is(err, bucket.ErrSame):
		return true, nil
	case name == RunResults && (denied || errors.Is(err, fs.ErrNotExist)):
		return false, &refusal{err.Error()}
	case errors.Is(err, fs.ErrNotExist):
		return false, hint.New(fmt.Sprintf("%s: there is no %s", s, object), "the URL must lead to the manifest.json of a run of dbt, or to what is before its name")
	case denied, err != nil && (ctx.Err() != nil || len(hint.Of(err)) > 0):
		return false, err
	case err != nil: // the cause alone: the error's own text names the source, too
		return false, &unreachable{cmp.Or(errors.Unwrap(err), err)}
	}
	defer r.Close() // only read from
	return false, s.take(ctx, name, r, version{Tag: tag}, next, create)
}

// take writes what a server sends to a file of the copy.
func (s Source) take(ctx context.Context, name string, from io.Reader, v version, next about, create creator) error {
	size, err := fill(ctx, create, name, io.LimitReader(from, most+1))
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*fs.PathError)): // of the copy
		return err
	case err != nil:
		return &unreachable{withoutURL(err)}
	case size > most:
		return fmt.Errorf("%s: %s has more than %s", s, name, humanize.Bytes(most))
	}
	v.Size = size
	next.Files[name] = v
	return nil
}

// withoutURL returns the cause of an error of the client. The error itself quotes the URL, whose query may
// be a secret.
func withoutURL(err error) error {
	if about := new(url.Error); errors.As(err, &about) {
		return about.Err
	}
	return err
}
