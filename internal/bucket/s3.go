// Package bucket reads and creates objects in a bucket, of Amazon S3 or of a server with its protocol. It knows
// nothing of what they hold.
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
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"dot-for-dbt/internal/hint"
)

// A Bucket is the part of a bucket below a prefix.
type Bucket struct {
	core   minio.Core
	bucket string
	prefix string // "" or with a slash at its end
	shown  string
}

// An Object is what a list tells of an object.
type Object struct {
	Name    string // without the prefix
	Size    int64
	Changed time.Time
}

// patience is how long a server may take until its answer begins.
const patience = 30 * time.Second

// attempts is how often a request is made, if the server can't be reached or is busy.
const attempts = 3

// Open returns the bucket of a URL: s3://BUCKET/PREFIX. The address of another server than Amazon's, the
// region and the credentials are found as AWS's own tools find them: in environment variables, which getenv
// reads, then in the shared files, then from the machine. Nothing is sent yet.
func Open(getenv func(string) (string, bool), u *url.URL) (*Bucket, error) {
	shown := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, hint.New(shown+": a bucket and a prefix are expected, and nothing else", "such as s3://bucket/dot",
			"credentials are found as the AWS CLI finds them; AWS_ENDPOINT_URL_S3 names another server, AWS_REGION the region")
	}
	env := func(names ...string) string {
		for _, name := range names {
			if value, _ := getenv(name); value != "" {
				return value
			}
		}
		return ""
	}
	endpoint, err := url.Parse(cmp.Or(env("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), "https://s3.amazonaws.com"))
	if err != nil || endpoint.Host == "" || strings.Trim(endpoint.Path, "/") != "" || endpoint.Scheme != "https" && endpoint.Scheme != "http" {
		return nil, hint.New("AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) is not the URL of a server", "such as https://s3.example.com")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = patience
	core, err := minio.NewCore(endpoint.Host, &minio.Options{
		Secure: endpoint.Scheme == "https", Region: env("AWS_REGION", "AWS_DEFAULT_REGION"),
		Transport: transport, MaxRetries: attempts,
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
			&credentials.IAM{Client: &http.Client{Timeout: patience}},
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", shown, err)
	}
	b := &Bucket{core: *core, bucket: u.Host, shown: shown}
	if prefix := strings.Trim(path.Clean(u.Path), "/."); prefix != "" {
		b.prefix = prefix + "/"
	}
	return b, nil
}

// Read opens an object, and returns its ETag. If there is none, the error is fs.ErrNotExist.
func (b *Bucket) Read(ctx context.Context, name string) (r io.ReadCloser, etag string, err error) {
	return b.ReadUnless(ctx, name, "")
}

// ErrSame means that an object has not changed.
var ErrSame = errors.New("the object has not changed")

// ReadUnless is Read, but ErrSame if the object still has an ETag.
func (b *Bucket) ReadUnless(ctx context.Context, name, etag string) (io.ReadCloser, string, error) {
	var opts minio.GetObjectOptions
	if etag != "" {
		if err := opts.SetMatchETagExcept(etag); err != nil {
			return nil, "", err
		}
	}
	r, info, _, err := b.core.GetObject(ctx, b.bucket, b.prefix+name, opts)
	if err != nil {
		return nil, "", b.explain(ctx, err)
	}
	return r, info.ETag, nil
}

// Size returns the size of an object in bytes. If there is none, the error is fs.ErrNotExist.
func (b *Bucket) Size(ctx context.Context, name string) (int64, error) {
	info, err := b.core.StatObject(ctx, b.bucket, b.prefix+name, minio.StatObjectOptions{})
	return info.Size, b.explain(ctx, err)
}

// List lists the objects whose names begin with a prefix.
func (b *Bucket) List(ctx context.Context, prefix string) ([]Object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all []Object
	for o := range b.core.Client.ListObjects(ctx, b.bucket, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}) {
		if o.Err != nil {
			return nil, b.explain(ctx, o.Err)
		}
		all = append(all, Object{strings.TrimPrefix(o.Key, b.prefix), o.Size, o.LastModified})
	}
	return all, context.Cause(ctx)
}

// Create makes a new object from a file. If there is one, the error is fs.ErrExist.
func (b *Bucket) Create(ctx context.Context, name string, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	opts := minio.PutObjectOptions{ContentType: "application/octet-stream", DisableMultipart: true}
	opts.SetMatchETagExcept("*")
	_, err = b.core.Client.PutObject(ctx, b.bucket, b.prefix+name, from, info.Size(), opts)
	return b.explain(ctx, err)
}

// Remove removes an object, if it is there.
func (b *Bucket) Remove(ctx context.Context, name string) error {
	err := b.explain(ctx, b.core.RemoveObject(ctx, b.bucket, b.prefix+name, minio.RemoveObjectOptions{}))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// explain returns an error of the server in the words of package fs, with hints.
func (b *Bucket) explain(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	answer := minio.ToErrorResponse(err)
	switch {
	case answer.Code == minio.NoSuchBucket:
		return hint.New(fmt.Sprintf("there is no bucket %s", b.bucket), "make it, or name another one")
	case answer.StatusCode == http.StatusNotModified:
		return ErrSame
	case answer.StatusCode == http.StatusNotFound:
		return fs.ErrNotExist
	case answer.StatusCode == http.StatusPreconditionFailed, answer.StatusCode == http.StatusConflict:
		return fs.ErrExist
	case answer.StatusCode == http.StatusForbidden, answer.StatusCode == http.StatusUnauthorized:
		return hint.Reword(fs.ErrPermission, fmt.Sprintf("the server refuses %s: %s", b.shown, cmp.Or(answer.Message, answer.Code)),
			"credentials are found as the AWS CLI finds them: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	if about := new(url.Error); errors.As(err, &about) { // it would quote the whole address
		return fmt.Errorf("%s can't be reached: %w", b.shown, about.Err)
	}
	return err
}
