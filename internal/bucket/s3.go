package bucket

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/lazy"
)

// s3 is a bucket of Amazon S3, or of a server with its protocol.
type s3 struct {
	place
	web
	server *url.URL // nil: Amazon's, which depends on the region
	// config has the credentials, and the region of the profile.
	config func() (aws.Config, error)
	signer *v4.Signer // keeps the key of the day
	// actual is the bucket's region, once a server has said that it is another one.
	actual atomic.Pointer[string]
	// unsigned is set if there are no credentials.
	unsigned atomic.Bool
}

// usualRegion is the region if nothing names one.
const usualRegion = "us-east-1"

// regionName matches what can be a region: it becomes a part of a host's name.
var regionName = lazy.Regexp(`^[a-z0-9-]{1,40}$`)

// simpleBucket matches a bucket's name that can be a subdomain: a certificate of the server isn't good for one with dots.
var simpleBucket = lazy.Regexp(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

func openS3(at place) (Bucket, error) {
	const variable = "AWS_ENDPOINT_URL_S3"
	b := &s3{
		place: at, web: newWeb(nil), config: sync.OnceValues(awsConfig),
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
	}
	if endpoint := at.env(variable, "AWS_ENDPOINT_URL"); endpoint != "" {
		u, err := server(endpoint, variable+" (or AWS_ENDPOINT_URL)", "https://s3.example.com")
		if err != nil {
			return nil, err
		}
		if strings.Trim(u.Path, "/") != "" {
			return nil, hint.New(variable+" (or AWS_ENDPOINT_URL) has a path: only the URL of a server is expected", "such as https://s3.example.com")
		}
		b.server = u
	}
	return b, nil
}

// awsConfig reads where the credentials are. They outlive the request that needs them first.
func awsConfig() (aws.Config, error) {
	like := newTransport()
	// The library also asks the machine for credentials. It waits briefly for that answer, but only with a client of this kind.
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.DialContext, t.TLSClientConfig, t.ResponseHeaderTimeout = like.DialContext, like.TLSClientConfig, like.ResponseHeaderTimeout
	})
	return config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(client), config.WithRetryMaxAttempts(attempts),
		config.WithLogger(logging.Nop{})) // stderr is dot's
}

// region returns the bucket's region, as far as it is known.
func (b *s3) region() string {
	if actual := b.actual.Load(); actual != nil {
		return *actual
	}
	named := b.env("AWS_REGION", "AWS_DEFAULT_REGION")
	if named == "" {
		c, _ := b.config() // signing says what is wrong
		named = c.Region
	}
	return cmp.Or(named, usualRegion)
}

// at returns the address of an object, of the bucket for "".
func (b *s3) at(region, name string, query url.Values) url.URL {
	u := url.URL{Scheme: "https", Host: "s3." + region + ".amazonaws.com"}
	if strings.HasPrefix(region, "cn-") {
		u.Host += ".cn"
	}
	subdomains := true
	if b.server != nil {
		u.Scheme, u.Host = b.server.Scheme, b.server.Host
		// Alibaba's servers take no bucket in the path.
		host := u.Hostname()
		subdomains = strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".aliyuncs.com")
	}
	path := "/"
	if subdomains && simpleBucket().MatchString(b.bucket) {
		u.Host = b.bucket + "." + u.Host
	} else {
		path += b.bucket
		if name != "" {
			path += "/"
		}
	}
	if name != "" {
		path += b.prefix + name
	}
	u.Path = path
	// The server escapes as much before it checks the signature.
	u.RawPath = strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(path))
	u.RawQuery = encoded(query)
	return u
}

// hashHeader has the hash of the body, in hexadecimal.
const hashHeader = "X-Amz-Content-Sha256"

// send sends a request to the bucket's region, wherever that turns out to be.
func (b *s3) send(ctx context.Context, method, name string, query url.Values, header http.Header, body *io.SectionReader) (*http.Response, error) {
	if header == nil {
		header = http.Header{}
	}
	sum := sha256.New()
	if body != nil {
		if _, err := io.Copy(sum, io.NewSectionReader(body, 0, body.Size())); err != nil {
			return nil, err
		}
	}
	header.Set(hashHeader, hex.EncodeToString(sum.Sum(nil)))
	for moved := false; ; moved = true {
		region := b.region()
		if !regionName().MatchString(region) {
			return nil, hint.New("the region is not the name of one", "AWS_REGION or the profile has it, such as eu-central-1")
		}
		w := web{b.client, func(ctx context.Context, r *http.Request) error { return b.sign(ctx, r, region) }}
		got, err := w.send(ctx, method, b.at(region, name, query), header, body)
		actual := actualRegion(err)
		if actual == "" || actual == region || moved { // a second detour leads nowhere
			return got, err
		}
		b.actual.Store(&actual)
	}
}

// sign signs a request, if there are credentials. A bucket may be readable without.
func (b *s3) sign(ctx context.Context, r *http.Request, region string) error {
	c, err := b.config()
	if err != nil {
		return b.noToken(err)
	}
	found, err := c.Credentials.Retrieve(ctx)
	var failed *smithy.OperationError
	var refused smithy.APIError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &failed) && failed.Service() == "ec2imds": // the machine is the last place where the library looks
		b.unsigned.Store(true)
		return nil
	case errors.As(err, &refused):
		return b.noToken(errors.New(refused.ErrorCode() + " " + refused.ErrorMessage()))
	default:
		return b.noToken(err)
	}
	return b.signer.SignHTTP(ctx, found, r, r.Header.Get(hashHeader), "s3", region, time.Now())
}

// actualRegion returns the region that a refusal names as the bucket's, "" if none.
func actualRegion(err error) string {
	var a *answer
	if !errors.As(err, &a) {
		return ""
	}
	if region := cmp.Or(a.header.Get("X-Amz-Bucket-Region"), aboutS3(a).Region); regionName().MatchString(region) {
		return region
	}
	return ""
}

// aboutS3 returns what an answer says about an error.
func aboutS3(a *answer) (about struct{ Code, Message, Region string }) {
	_ = xml.Unmarshal(a.body, &about) // it may be anything
	return about
}

func (b *s3) Read(ctx context.Context, name, unless string) (io.ReadCloser, string, error) {
	header := http.Header{}
	if unless != "" {
		header.Set("If-None-Match", unless)
	}
	got, err := b.send(ctx, http.MethodGet, name, nil, header, nil)
	if err != nil {
		return nil, "", b.explain(ctx, err)
	}
	version := got.Header.Get("ETag")
	if same(got, version, unless) {
		return nil, "", ErrSame
	}
	return got.Body, version, nil
}

func (b *s3) Size(ctx context.Context, name string) (int64, error) {
	got, err := b.send(ctx, http.MethodHead, name, nil, nil, nil)
	if err != nil {
		return 0, b.explain(ctx, err)
	}
	return b.sizeOf(got, name)
}

func (b *s3) List(ctx context.Context, prefix string) ([]Object, error) {
	var all []Object
	for token := ""; ; {
		query := url.Values{"list-type": {"2"}, "prefix": {b.prefix + prefix}, "encoding-type": {"url"}}
		if token != "" {
			query.Set("continuation-token", token)
		}
		text, err := whole(b.send(ctx, http.MethodGet, "", query, nil, nil))
		if err != nil {
			return nil, b.explain(ctx, err)
		}
		var page struct {
			XMLName  xml.Name `xml:"ListBucketResult"`
			Encoding string   `xml:"EncodingType"`
			Contents []struct {
				Key          string
				Size         int64
				LastModified time.Time
			}
			Next string `xml:"NextContinuationToken"`
		}
		if err := xml.Unmarshal(text, &page); err != nil {
			return nil, b.unreadable("the list of objects")
		}
		for _, o := range page.Contents {
			key := o.Key
			if page.Encoding == "url" {
				if key, err = url.QueryUnescape(key); err != nil {
					return nil, b.unreadable("the list of objects")
				}
			}
			all = append(all, Object{strings.TrimPrefix(key, b.prefix), o.Size, o.LastModified})
		}
		more, err := isPage(page.Next, token)
		if !more {
			return all, err
		}
		token = page.Next
	}
}

func (b *s3) Create(ctx context.Context, name string, from *os.File) error {
	body, err := content(from)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {contentType}, "If-None-Match": {"*"}}
	_, err = whole(b.send(ctx, http.MethodPut, name, nil, header, body))
	return b.explain(ctx, err)
}

func (b *s3) Remove(ctx context.Context, name string) error {
	_, err := whole(b.send(ctx, http.MethodDelete, name, nil, nil, nil))
	return removed(b.explain(ctx, err))
}

func (b *s3) explain(ctx context.Context, err error) error {
	var a *answer
	if !errors.As(err, &a) {
		return b.place.explain(ctx, err, refusal{})
	}
	about := aboutS3(a)
	says := cmp.Or(about.Message, about.Code)
	if b.unsigned.Load() {
		says = strings.TrimSuffix("no credentials are found; "+says, "; ")
	}
	return b.place.explain(ctx, err, refusal{
		status: a.status, says: says,
		noBucket: about.Code == "NoSuchBucket",
		exists:   a.status == http.StatusPreconditionFailed || a.status == http.StatusConflict,
	})
}
