// Package bucket reads and creates objects in a bucket: of Amazon S3 or of a server with its protocol, of Google
// Cloud Storage, or in a container of Azure Blob Storage. It has a file for each protocol. It doesn't know what
// the objects hold.
package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// A Bucket is the part of a bucket below a prefix. Names of objects don't have the prefix.
type Bucket interface {
	// Read opens an object, and returns what tells its versions apart. If there is no such object, the error is
	// fs.ErrNotExist. If its version is still unless, which may be "", the error is ErrSame.
	Read(ctx context.Context, name, unless string) (r io.ReadCloser, version string, err error)
	// Size returns the size of an object in bytes. If there is no such object, the error is fs.ErrNotExist.
	Size(ctx context.Context, name string) (int64, error)
	// List lists the objects whose names begin with a prefix.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Create makes a new object from a file, whole or not at all. If there is one, the error is fs.ErrExist. A server
	// that doesn't know conditions would replace it.
	Create(ctx context.Context, name string, from *os.File) error
	// Remove removes an object, if it is there.
	Remove(ctx context.Context, name string) error
}

// An Object is what a list tells of an object.
type Object struct {
	Name    string
	Size    int64
	Changed time.Time
}

// ErrSame means that an object has not changed.
var ErrSame = errors.New("the object has not changed")

// patience is how long a server may take until its answer begins.
const patience = 30 * time.Second

// attempts is how often a request is made, if the server can't be reached or is busy.
const attempts = 3

// A protocol is one way to talk to a server.
type protocol struct {
	// open returns the bucket at a place. Nothing is sent yet.
	open func(at place) (Bucket, error)
	// credentials is a hint: where they and the server's address are found.
	credentials string
}

// schemes are those of the protocols' URLs.
var schemes = []string{"s3", "gs", "az"}

// protocols has the protocols by the schemes of their URLs.
var protocols = map[string]protocol{
	"s3": {openS3, "credentials are found as the AWS CLI finds them: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; " +
		"AWS_ENDPOINT_URL_S3 names another server, AWS_REGION or the profile the region"},
	"gs": {openGS, "credentials are found as Google's tools find them: GOOGLE_APPLICATION_CREDENTIALS, or gcloud auth application-default login"},
	"az": {openAZ, "AZURE_STORAGE_ACCOUNT names the account; credentials are found as Azure's tools find them: AZURE_STORAGE_KEY, " +
		"AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_CONNECTION_STRING, or az login"},
}

// IsBucket reports whether a URL with a scheme is that of a bucket.
func IsBucket(scheme string) bool { return slices.Contains(schemes, scheme) }

// Schemes lists the schemes of buckets' URLs for a message: "s3, gs or az".
func Schemes() string {
	last := len(schemes) - 1
	return strings.Join(schemes[:last], ", ") + " or " + schemes[last]
}

// Open returns the bucket of a URL, such as gs://BUCKET/PREFIX. The server, if it isn't the usual one, and the
// credentials are found as the cloud's own tools find them: in environment variables, then in files, then from the
// machine. getenv reads the variables that name servers, and Azure's that name an account. Nothing is sent yet.
func Open(getenv func(string) (string, bool), u *url.URL) (Bucket, error) {
	p, ok := protocols[u.Scheme]
	if !ok {
		return nil, fmt.Errorf("a URL of %s is expected, not of %q", Schemes(), u.Scheme)
	}
	at := place{
		shown: (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), bucket: u.Host, credentials: p.credentials,
		env: func(names ...string) string {
			for _, name := range names {
				if value, _ := getenv(name); value != "" {
					return value
				}
			}
			return ""
		},
	}
	if u.Host == "" || strings.ContainsAny(u.Host, ":@%") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, hint.New(at.shown+": a bucket and a prefix are expected, and nothing else", "such as "+u.Scheme+"://bucket/dot", p.credentials)
	}
	if prefix := path.Clean("/" + u.Path)[1:]; prefix != "" {
		at.prefix = prefix + "/"
	}
	return p.open(at)
}

// A place is where a bucket is, and its name in errors.
type place struct {
	shown  string // the URL
	bucket string
	prefix string // "" or with a slash at its end
	// credentials is the protocol's.
	credentials string
	// env returns the value of the first environment variable that is set.
	env func(names ...string) string
}

// A refusal is a server's answer to a request that it doesn't carry out.
type refusal struct {
	status int // of HTTP; 0: there was no answer
	// noBucket is set if there is no bucket, exists if a condition isn't met since the object exists.
	noBucket, exists bool
	says             string // to a person
}

// explain returns an error in the words of package fs, with hints, and without an address: that may be secret.
func (p place) explain(ctx context.Context, err error, r refusal) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case r.noBucket:
		return hint.New("there is no bucket "+p.bucket, "make it, or name another one")
	case r.status == http.StatusNotModified:
		return ErrSame
	case r.status == http.StatusNotFound:
		return fs.ErrNotExist
	case r.exists:
		return fs.ErrExist
	case r.status == http.StatusForbidden, r.status == http.StatusUnauthorized:
		return p.denied("the server refuses " + p.shown + ": " + oneLine(cmp.Or(r.says, http.StatusText(r.status))))
	case r.status != 0:
		return fmt.Errorf("%s: %w", p.shown, fmt.Errorf("the server says %d %s", r.status, oneLine(cmp.Or(r.says, http.StatusText(r.status)))))
	case errors.Is(err, fs.ErrPermission):
		return err
	}
	if about := new(url.Error); errors.As(err, &about) { // it would quote the whole address
		return fmt.Errorf("%s can't be reached: %w", p.shown, about.Err)
	}
	return fmt.Errorf("%s: %w", p.shown, err)
}

// removed is what became of removing an object: one that isn't there counts as removed.
func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// denied returns an error that is fs.ErrPermission.
func (p place) denied(says string) error { return hint.Reword(fs.ErrPermission, says, p.credentials) }

// oneLine returns the beginning of a server's text in one line.
func oneLine(says string) string {
	return text.Visible(text.Shorten(strings.Join(strings.Fields(says), " ")))
}

// contentType is the media type of all objects.
const contentType = "application/octet-stream"

// content returns a reader of a whole file.
func content(from *os.File) (*io.SectionReader, error) {
	info, err := from.Stat()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(from, 0, info.Size()), nil
}

// newTransport returns a transport of HTTP with patience. It belongs to one bucket.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = patience
	return transport
}

// server parses the address of a server, which an environment variable names.
func server(address, variable, example string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, hint.New(variable+" is not the URL of a server", "such as "+example)
	}
	return u, nil
}
