package bucket

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"dot-for-dbt/internal/hint"
)

// s3 is a bucket of Amazon S3, or of a server with its protocol.
type s3 struct {
	place
	core minio.Core
}

func openS3(at place) (Bucket, error) {
	const variable = "AWS_ENDPOINT_URL_S3"
	endpoint, err := server(cmp.Or(at.env(variable, "AWS_ENDPOINT_URL"), "https://s3.amazonaws.com"),
		variable+" (or AWS_ENDPOINT_URL)", "https://s3.example.com")
	if err != nil {
		return nil, err
	}
	if strings.Trim(endpoint.Path, "/") != "" {
		return nil, hint.New(variable+" (or AWS_ENDPOINT_URL) has a path: only the URL of a server is expected", "such as https://s3.example.com")
	}
	core, err := minio.NewCore(endpoint.Host, &minio.Options{
		Secure: endpoint.Scheme == "https", Region: at.env("AWS_REGION", "AWS_DEFAULT_REGION"),
		Transport: newTransport(), MaxRetries: attempts,
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.FileAWSCredentials{},
			&credentials.IAM{Client: &http.Client{Timeout: patience}},
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", at.shown, err)
	}
	return &s3{at, *core}, nil
}

func (b *s3) Read(ctx context.Context, name, unless string) (io.ReadCloser, string, error) {
	var opts minio.GetObjectOptions
	if unless != "" {
		if err := opts.SetMatchETagExcept(unless); err != nil {
			return nil, "", err
		}
	}
	r, info, _, err := b.core.GetObject(ctx, b.bucket, b.prefix+name, opts)
	if err != nil {
		return nil, "", b.explain(ctx, err)
	}
	return r, info.ETag, nil
}

func (b *s3) Size(ctx context.Context, name string) (int64, error) {
	info, err := b.core.StatObject(ctx, b.bucket, b.prefix+name, minio.StatObjectOptions{})
	return info.Size, b.explain(ctx, err)
}

func (b *s3) List(ctx context.Context, prefix string) ([]Object, error) {
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

func (b *s3) Create(ctx context.Context, name string, from *os.File) error {
	body, err := content(from)
	if err != nil {
		return err
	}
	opts := minio.PutObjectOptions{ContentType: contentType, DisableMultipart: true}
	opts.SetMatchETagExcept("*")
	_, err = b.core.Client.PutObject(ctx, b.bucket, b.prefix+name, body, body.Size(), opts)
	return b.explain(ctx, err)
}

func (b *s3) Remove(ctx context.Context, name string) error {
	return removed(b.explain(ctx, b.core.RemoveObject(ctx, b.bucket, b.prefix+name, minio.RemoveObjectOptions{})))
}

func (b *s3) explain(ctx context.Context, err error) error {
	answer := minio.ToErrorResponse(err)
	return b.place.explain(ctx, err, refusal{
		status:   answer.StatusCode,
		noBucket: answer.Code == minio.NoSuchBucket,
		exists:   answer.StatusCode == http.StatusPreconditionFailed || answer.StatusCode == http.StatusConflict,
		says:     cmp.Or(answer.Message, answer.Code),
	})
}
