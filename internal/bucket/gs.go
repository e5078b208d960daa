package bucket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"

	"dot-for-dbt/internal/hint"
)

// gs is a bucket of Google Cloud Storage, by its JSON API.
type gs struct {
	place
	web
	server url.URL
}

// scopeGS is what a token must allow.
const scopeGS = "https://www.googleapis.com/auth/devstorage.read_write"

func openGS(at place) (Bucket, error) {
	const variable = "STORAGE_EMULATOR_HOST"
	host := at.env(variable)
	if host == "" {
		return &gs{at, newWeb(at.bearer(googleTokens)), url.URL{Scheme: "https", Host: "storage.googleapis.com"}}, nil
	}
	// As Google's libraries have it: without a path, without credentials, and the scheme is optional.
	if !strings.Contains(host, "://") {
		host = "http://" + host
	}
	u, err := server(host, variable, "localhost:4443")
	if err != nil {
		return nil, err
	}
	return &gs{at, newWeb(nil), url.URL{Scheme: u.Scheme, Host: u.Host}}, nil
}

// googleTokens finds the application default credentials. They outlive the request that needs them first.
func googleTokens() (oauth2.TokenSource, error) {
	transport := newTransport()
	ctx := context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: transport, Timeout: patience})
	found, err := google.FindDefaultCredentials(ctx, scopeGS)
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "google: "))
	}
	return oauth2.ReuseTokenSource(nil, found.TokenSource), nil
}

// at returns the address of an object, of all objects for "".
func (b *gs) at(before, name string, query url.Values) url.URL {
	u := b.server
	path := before + "/storage/v1/b/" + url.PathEscape(b.bucket) + "/o"
	if name != "" {
		path += "/" + url.PathEscape(b.prefix+name)
	}
	u.RawPath = path
	u.Path, _ = url.PathUnescape(path) // it was escaped here
	u.RawQuery = encoded(query)
	return u
}

func (b *gs) Read(ctx context.Context, name, unless string) (io.ReadCloser, string, error) {
	query := url.Values{"alt": {"media"}}
	if _, err := strconv.ParseUint(unless, 10, 64); err == nil {
		query.Set("ifGenerationNotMatch", unless)
	}
	got, err := b.send(ctx, http.MethodGet, b.at("", name, query), nil, nil)
	if err != nil {
		return nil, "", b.explain(ctx, err)
	}
	version := got.Header.Get("X-Goog-Generation")
	if same(got, version, unless) {
		return nil, "", ErrSame
	}
	return got.Body, version, nil
}

func (b *gs) Size(ctx context.Context, name string) (int64, error) {
	text, err := b.whole(ctx, http.MethodGet, b.at("", name, url.Values{"fields": {"size"}}), nil, nil)
	if err != nil {
		return 0, b.explain(ctx, err)
	}
	var about struct {
		Size *int64 `json:"size,string"`
	}
	if err := json.Unmarshal(text, &about); err != nil || about.Size == nil {
		return 0, b.unreadable(name)
	}
	return *about.Size, nil
}

func (b *gs) List(ctx context.Context, prefix string) ([]Object, error) {
	var all []Object
	for token := ""; ; {
		query := url.Values{"prefix": {b.prefix + prefix}, "fields": {"items(name,size,updated),nextPageToken"}}
		if token != "" {
			query.Set("pageToken", token)
		}
		text, err := b.whole(ctx, http.MethodGet, b.at("", "", query), nil, nil)
		if err := b.noBucket(ctx, err); err != nil {
			return nil, err
		}
		var page struct {
			Items []struct {
				Name    string    `json:"name"`
				Size    int64     `json:"size,string"`
				Updated time.Time `json:"updated"`
			} `json:"items"`
			Next string `json:"nextPageToken"`
		}
		if err := json.Unmarshal(text, &page); err != nil {
			return nil, b.unreadable("the list of objects")
		}
		for _, o := range page.Items {
			all = append(all, Object{strings.TrimPrefix(o.Name, b.prefix), o.Size, o.Updated})
		}
		more, err := isPage(page.Next, token)
		if !more {
			return all, err
		}
		token = page.Next
	}
}

func (b *gs) Create(ctx context.Context, name string, from *os.File) error {
	body, err := content(from)
	if err != nil {
		return err
	}
	query := url.Values{"uploadType": {"media"}, "name": {b.prefix + name}, "ifGenerationMatch": {"0"}}
	_, err = b.whole(ctx, http.MethodPost, b.at("/upload", "", query), http.Header{"Content-Type": {contentType}}, body)
	return b.noBucket(ctx, err)
}

func (b *gs) Remove(ctx context.Context, name string) error {
	_, err := b.whole(ctx, http.MethodDelete, b.at("", name, nil), nil, nil)
	return removed(b.explain(ctx, err))
}

// noBucket is explain for a request that finds nothing only if there is no bucket.
func (b *gs) noBucket(ctx context.Context, err error) error {
	if err = b.explain(ctx, err); errors.Is(err, fs.ErrNotExist) {
		return b.place.explain(ctx, err, refusal{noBucket: true})
	}
	return err
}

func (b *gs) explain(ctx context.Context, err error) error {
	var a *answer
	if !errors.As(err, &a) {
		return b.place.explain(ctx, err, refusal{})
	}
	says := string(a.body) // of a download it is plain text, whatever its type
	var about struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(a.body, &about) == nil && about.Error.Message != "" {
		says = about.Error.Message
	} else if strings.ContainsAny(says, "<{") {
		says = ""
	}
	return b.place.explain(ctx, err, refusal{
		status: a.status, says: says,
		noBucket: a.status == http.StatusNotFound && strings.Contains(says, "bucket does not exist"),
		exists:   a.status == http.StatusPreconditionFailed,
	})
}

// unreadable is the error for an answer that isn't one.
func (p place) unreadable(of string) error {
	return hint.New(fmt.Sprintf("%s: the server's answer about %s can't be read", p.shown, of), "is it a server for "+p.shown+"?")
}
