package bucket

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// A web sends requests of HTTP to a server, for the protocols that need no more.
type web struct {
	client *http.Client
	// sign adds credentials to a request; nil: there are none.
	sign func(ctx context.Context, r *http.Request) error
}

func newWeb(sign func(context.Context, *http.Request) error) web {
	return web{sign: sign, client: &http.Client{
		Transport: newTransport(),
		// Another server would get the credentials.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An answer is one that isn't what was asked for, as an error.
type answer struct {
	status int
	header http.Header
	body   []byte // its beginning
}

func (a *answer) Error() string { return http.StatusText(a.status) }

// busy are the statuses of a server that may answer later.
var busy = []int{
	http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
	http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
}

// firstPause is the time before a second attempt. Each further one takes twice the time.
const firstPause = 200 * time.Millisecond

// tooMany is the least pause after too many requests. Google's cloud takes an object once a second.
const tooMany = time.Second

// send sends a request, with a body or nil, a few times if the server can't be reached or is busy. An answer with
// another status than 2xx is an error, an answer.
func (w web) send(ctx context.Context, method string, at url.URL, header http.Header, body *io.SectionReader) (*http.Response, error) {
	for n := 1; ; n++ {
		got, err := w.once(ctx, method, at, header, body)
		var refused *answer
		switch {
		case err == nil, ctx.Err() != nil, n == attempts, errors.Is(err, fs.ErrPermission):
			return got, err
		case errors.As(err, &refused) && !slices.Contains(busy, refused.status):
			return got, err
		}
		pause := firstPause<<(n-1) + rand.N(firstPause) //nolint:gosec // no secret
		if refused != nil {
			if refused.status == http.StatusTooManyRequests {
				pause = max(pause, tooMany)
			}
			if s, err := strconv.Atoi(refused.header.Get("Retry-After")); err == nil && s >= 0 {
				pause = min(time.Duration(s)*time.Second, patience)
			}
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}

func (w web) once(ctx context.Context, method string, at url.URL, header http.Header, body *io.SectionReader) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, at.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = slices.Clone(values)
	}
	if body != nil && body.Size() > 0 {
		r.Body, r.ContentLength = io.NopCloser(io.NewSectionReader(body, 0, body.Size())), body.Size()
	}
	if w.sign != nil {
		if err := w.sign(ctx, r); err != nil {
			return nil, err
		}
	}
	got, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	if got.StatusCode/100 == 2 {
		return got, nil
	}
	defer got.Body.Close() // only read from
	const most = 64 << 10
	text, _ := io.ReadAll(io.LimitReader(got.Body, most)) // the status says enough if it is cut
	return nil, &answer{got.StatusCode, got.Header, text}
}

// whole sends a request, and returns the body of its answer.
func (w web) whole(ctx context.Context, method string, at url.URL, header http.Header, body *io.SectionReader) ([]byte, error) {
	return whole(w.send(ctx, method, at, header, body))
}

// whole returns the body of an answer.
func whole(got *http.Response, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer got.Body.Close() // only read from
	const most = 64 << 20  // a list has 5,000 objects at most
	text, err := io.ReadAll(io.LimitReader(got.Body, most+1))
	if len(text) > most {
		err = fmt.Errorf("the answer has more than %d bytes", most)
	}
	return text, err
}

// bearer signs requests with a token. find finds the credentials when the first request is made.
func (p place) bearer(find func() (oauth2.TokenSource, error)) func(context.Context, *http.Request) error {
	found := sync.OnceValues(find)
	return func(ctx context.Context, r *http.Request) error {
		type result struct {
			token *oauth2.Token
			err   error
		}
		got := make(chan result, 1)
		go func() { // a source knows no context
			source, err := found()
			if err != nil {
				got <- result{nil, err}
				return
			}
			token, err := source.Token()
			got <- result{token, err}
		}()
		var token result
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case token = <-got:
		}
		if token.err != nil {
			return p.noToken(token.err)
		}
		token.token.SetAuthHeader(r)
		return nil
	}
}

// noToken explains why there is no token.
func (p place) noToken(err error) error {
	says := err.Error()
	if refused := new(oauth2.RetrieveError); errors.As(err, &refused) { // it would quote the whole answer
		about := struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}{refused.ErrorCode, refused.ErrorDescription}
		if about.Code == "" {
			_ = json.Unmarshal(refused.Body, &about) // of a service account
		}
		says = "the server that gives tokens says " + cmp.Or(strings.TrimSpace(about.Code+" "+about.Description), "no")
	} else if about := new(url.Error); errors.As(err, &about) {
		return fmt.Errorf("the server that gives tokens: %w", about.Err)
	}
	return p.denied("no access to " + p.shown + ": " + oneLine(says))
}

// encoded writes a query. Not every server takes a plus sign for a space.
func encoded(query url.Values) string { return strings.ReplaceAll(query.Encode(), "+", "%20") }

// isPage reports whether a list goes on, at a place that it hasn't been at.
func isPage(next, was string) (bool, error) {
	if next != "" && next == was {
		return false, errors.New("the list of objects doesn't end")
	}
	return next != "", nil
}

// same reports whether a version is the one that was there before. A server need not know conditions to read.
func same(got *http.Response, version, unless string) bool {
	if version == "" || version != unless {
		return false
	}
	_ = got.Body.Close() // nothing is read
	return true
}

// sizeOf returns the size of the object that an answer is about.
func (p place) sizeOf(got *http.Response, name string) (int64, error) {
	if err := got.Body.Close(); err != nil || got.ContentLength < 0 {
		return 0, p.unreadable(name)
	}
	return got.ContentLength, nil
}
