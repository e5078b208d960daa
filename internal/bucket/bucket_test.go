package bucket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/bucket"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/testing/bucketserver"
)

type getenv func(string) (string, bool)

func open(t *testing.T, env getenv, text string) bucket.Bucket {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bucket.Open(env, u)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func file(t *testing.T, text string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), "object")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// read returns an object's text.
func read(t *testing.T, b bucket.Bucket, name, unless string) (text, version string, err error) {
	t.Helper()
	r, version, err := b.Read(t.Context(), name, unless)
	if err != nil {
		return "", version, err
	}
	data, err := io.ReadAll(r)
	return string(data), version, errors.Join(err, r.Close())
}

func TestBucket(t *testing.T) { bucketserver.Each(t, testBucket) }

func testBucket(t *testing.T, server *bucketserver.Server) {
	b := open(t, server.Getenv, server.URL("a/.dot/"))
	ctx := t.Context()
	_, _, readErr := read(t, b, "x/1", "")
	_, sizeErr := b.Size(ctx, "x/1")
	for name, err := range map[string]error{"read": readErr, "size": sizeErr} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s of nothing: %v", name, err)
		}
	}
	if err := b.Remove(ctx, "x/1"); err != nil {
		t.Errorf("remove nothing: %v", err)
	}
	if found, err := b.List(ctx, "x/"); err != nil || len(found) != 0 {
		t.Errorf("list nothing: %v, %v", found, err)
	}
	if err := b.Create(ctx, "x/1", file(t, "one")); err != nil {
		t.Fatal(err)
	}
	if err := b.Create(ctx, "x/1", file(t, "two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create again: %v", err)
	}
	if text, _, err := read(t, open(t, server.Getenv, server.URL("a")), ".dot/x/1", ""); err != nil || text != "one" {
		t.Errorf("by a shorter prefix: %q, %v", text, err)
	}
	if size, err := b.Size(ctx, "x/1"); err != nil || size != 3 {
		t.Errorf("size %d, %v", size, err)
	}
	text, version, err := read(t, b, "x/1", "")
	if text != "one" || version == "" || err != nil {
		t.Errorf("%q, %q, %v", text, version, err)
	}
	if _, _, err := read(t, b, "x/1", version); !errors.Is(err, bucket.ErrSame) {
		t.Errorf("unchanged: %v", err)
	}
	if text, _, err := read(t, b, "x/1", `"another"`); err != nil || text != "one" {
		t.Errorf("changed: %q, %v", text, err)
	}
	const odd = "x/y/ö 50%+&.json"
	if err := errors.Join(b.Create(ctx, odd, file(t, "odd")), b.Create(ctx, "x/empty", file(t, "")), b.Create(ctx, "z", file(t, ""))); err != nil {
		t.Fatal(err)
	}
	if text, _, err := read(t, b, odd, ""); err != nil || text != "odd" {
		t.Errorf("an odd name: %q, %v", text, err)
	}
	if size, err := b.Size(ctx, "x/empty"); err != nil || size != 0 {
		t.Errorf("the size of nothing: %d, %v", size, err)
	}
	var names []string
	found, err := b.List(ctx, "x/")
	for _, o := range found {
		names = append(names, fmt.Sprintf("%s %d", o.Name, o.Size))
		if o.Changed.IsZero() {
			t.Errorf("when %s was changed isn't known", o.Name)
		}
	}
	if diff := cmp.Diff([]string{"x/1 3", "x/empty 0", odd + " 3"}, names); diff != "" || err != nil {
		t.Errorf("list (-want +got):\n%s%v", diff, err)
	}
	if err := b.Remove(ctx, "x/1"); err != nil {
		t.Error(err)
	}
	if _, err := b.Size(ctx, "x/1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}

	none := open(t, server.Getenv, server.Scheme+"://nobodys-bucket/dot")
	_, listErr := none.List(ctx, "x/")
	if found, err := open(t, server.Getenv, server.URL("a/.dot/x/y")).List(ctx, "ö 50%+&"); err != nil || len(found) != 1 || found[0].Name != "ö 50%+&.json" {
		t.Errorf("list by an odd prefix: %v, %v", found, err)
	}
	for what, err := range map[string]error{"list": listErr, "create": none.Create(ctx, "x", file(t, "x"))} {
		if err == nil || err.Error() != "there is no bucket nobodys-bucket" {
			t.Errorf("%s without a bucket: %v", what, err)
		}
	}
	cancelled, cancel := context.WithCancelCause(ctx)
	stopped := errors.New("stopped")
	cancel(stopped)
	if _, err := b.List(cancelled, ""); !errors.Is(err, stopped) && !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Without a right key there is no access, and no error has a part of the key.
func TestDenied(t *testing.T) {
	bucketserver.Each(t, func(t *testing.T, server *bucketserver.Server) {
		const hush = "aHVzaC1odXNoLWh1c2g=" // hush-hush-hush
		env := server.With("AZURE_STORAGE_KEY", hush)
		switch {
		case server.Scheme == "gs" || strings.HasSuffix(t.Name(), "stand-in"):
			t.Skip("the server looks at no credentials")
		case server.Scheme == "s3": // its credentials are the process's
			t.Setenv("AWS_SECRET_ACCESS_KEY", hush)
		}
		_, err := open(t, env, server.URL("dot")).List(t.Context(), "x/")
		if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), hush) || len(hint.Of(err)) == 0 {
			t.Errorf("with a wrong key: %v", err)
		}
	})
}

// Azure's server takes a shared access signature, too, and a connection string.
func TestCredentialsAZ(t *testing.T) {
	bucketserver.Each(t, func(t *testing.T, server *bucketserver.Server) {
		if server.Scheme != "az" {
			t.Skip("it is of another cloud")
		}
		endpoint, _ := server.Getenv("AZURE_STORAGE_SERVICE_ENDPOINT")
		key, _ := server.Getenv("AZURE_STORAGE_KEY")
		account, _ := server.Getenv("AZURE_STORAGE_ACCOUNT")
		only := func(pairs ...string) getenv {
			return func(name string) (string, bool) {
				for i := 0; i < len(pairs); i += 2 {
					if pairs[i] == name {
						return pairs[i+1], true
					}
				}
				return "", false
			}
		}
		for what, env := range map[string]getenv{
			"sas": only("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint, "AZURE_STORAGE_SAS_TOKEN", "?"+bucketserver.SAS("rwdlc")),
			"connection string, key": only("AZURE_STORAGE_CONNECTION_STRING",
				fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=%s;", account, key, endpoint)),
			"connection string, sas": only("AZURE_STORAGE_CONNECTION_STRING",
				fmt.Sprintf("BlobEndpoint=%s/;SharedAccessSignature=%s", endpoint, bucketserver.SAS("rwdlc"))),
		} {
			b := open(t, env, server.URL(strings.ReplaceAll(what, " ", "-")))
			if err := b.Create(t.Context(), "x y", file(t, "one")); err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			if err := b.Create(t.Context(), "x y", file(t, "one")); !errors.Is(err, fs.ErrExist) {
				t.Errorf("%s, again: %v", what, err)
			}
			text, _, err := read(t, b, "x y", "")
			found, listErr := b.List(t.Context(), "x")
			if text != "one" || len(found) != 1 || errors.Join(err, listErr) != nil {
				t.Errorf("%s: %q, %v, %v, %v", what, text, found, err, listErr)
			}
		}
		if strings.HasSuffix(t.Name(), "stand-in") { // it looks at no signature
			return
		}
		// Only to read: nothing is written, and the signature isn't told.
		b := open(t, only("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint, "AZURE_STORAGE_SAS_TOKEN", bucketserver.SAS("rl")), server.URL("sas"))
		if err := b.Create(t.Context(), "z", file(t, "one")); !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "sig") {
			t.Errorf("write with a signature to read: %v", err)
		}
		// Only to create: what is there stays.
		b = open(t, only("AZURE_STORAGE_SERVICE_ENDPOINT", endpoint, "AZURE_STORAGE_SAS_TOKEN", bucketserver.SAS("rlc")), server.URL("create"))
		if err := b.Create(t.Context(), "z", file(t, "one")); err != nil {
			t.Errorf("create with a signature to create: %v", err)
		}
		if err := b.Create(t.Context(), "z", file(t, "two")); !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("create again with a signature to create: %v", err)
		}
		if text, _, err := read(t, b, "z", ""); text != "one" || err != nil {
			t.Errorf("created again with a signature to create: %q, %v", text, err)
		}
		// Another account.
		_, err := open(t, server.With("AZURE_STORAGE_ACCOUNT", "nobody"), server.URL("dot")).List(t.Context(), "x")
		if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), key) {
			t.Errorf("another account: %v", err)
		}
	})
}
