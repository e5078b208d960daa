package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dot-for-dbt/internal/hint"
)

// A bucket is where its server says, if that is a region.
func TestRegionS3(t *testing.T) {
	moved := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		w.WriteHeader(http.StatusMovedPermanently)
	}
	for name, tt := range map[string]struct {
		url, region, want string
		first             http.HandlerFunc
	}{
		"no region":                         {"s3://team", "", "team.s3.us-east-1.amazonaws.com/x us-east-1", nil},
		"one that is named":                 {"s3://team/a b", "eu-west-3", "team.s3.eu-west-3.amazonaws.com/a%20b/x eu-west-3", nil},
		"in China":                          {"s3://team", "cn-north-1", "team.s3.cn-north-1.amazonaws.com.cn/x cn-north-1", nil},
		"a dotted name":                     {"s3://team.example.com", "eu-west-3", "s3.eu-west-3.amazonaws.com/team.example.com/x eu-west-3", nil},
		"a header":                          {"s3://team", "", "team.s3.eu-central-1.amazonaws.com/x eu-central-1", moved},
		"a header, another region is named": {"s3://team", "eu-west-3", "team.s3.eu-central-1.amazonaws.com/x eu-central-1", moved},
		"a text": {"s3://team", "", "team.s3.eu-central-1.amazonaws.com/x eu-central-1", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-central-1</Region></Error>`))
		}},
		"no region at all": {"s3://team", "", "error: s3://team: the server says 400 Bad Request", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Bucket-Region", "example.com/")
			w.WriteHeader(http.StatusBadRequest)
		}},
		"not the name of one": {"s3://team", "example.com/", "error: s3://team: the region is not the name of one", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "test")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
			noFilesOfAWS(t)
			var asked atomic.Int32
			var got string
			everywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1) == 1 && tt.first != nil {
					tt.first(w, r)
					return
				}
				_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=test/")
				got = r.Host + r.URL.EscapedPath() + " " + strings.Split(scope, "/")[1]
				w.Header().Set("ETag", "1")
			}))
			b, err := openURL(map[string]string{"AWS_REGION": tt.region}, tt.url)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.Read(t.Context(), "x", ""); err != nil {
				got = "error: " + err.Error()
			}
			if got != tt.want {
				t.Errorf("asked %s, want %s", got, tt.want)
			}
		})
	}
}

// Requests that find out at the same time where a bucket is are all answered.
func TestRegionS3AtOnce(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	noFilesOfAWS(t)
	const requests = 3
	var asked sync.WaitGroup
	asked.Add(requests)
	everywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "team.s3.eu-central-1.amazonaws.com" {
			w.Header().Set("Content-Length", "3")
			return
		}
		asked.Done()
		asked.Wait() // until all of them have asked in the wrong region
		w.Header().Set("X-Amz-Bucket-Region", "eu-central-1")
		w.WriteHeader(http.StatusMovedPermanently)
	}))
	b, err := openURL(nil, "s3://team")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			if size, err := b.Size(t.Context(), "x"); err != nil || size != 3 {
				t.Errorf("%d, %v", size, err)
			}
		})
	}
	all.Wait()
}

// noFilesOfAWS hides the files and the variables of whoever runs the test.
func noFilesOfAWS(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
}

// A profile may have a role, and names the region.
func TestProfileS3(t *testing.T) {
	refuse := false
	everywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Host == "sts.eu-west-3.amazonaws.com" && refuse:
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User ci may not assume the role.</Message></Error></ErrorResponse>`))
		case r.Host == "sts.eu-west-3.amazonaws.com" && strings.Contains(r.Header.Get("Authorization"), "Credential=base/"):
			_, _ = fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>of-the-role</AccessKeyId>`+
				`<SecretAccessKey>hush</SecretAccessKey><SessionToken>hush</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
				time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		case r.Host == "team.s3.eu-west-3.amazonaws.com" && strings.Contains(r.Header.Get("Authorization"), "Credential=of-the-role/") &&
			r.Header.Get("X-Amz-Security-Token") == "hush":
			w.Header().Set("Content-Length", "3")
		default:
			t.Errorf("asked %s with %q", r.Host, r.Header.Get("Authorization"))
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	noFilesOfAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	file := filepath.Join(t.TempDir(), "config")
	t.Setenv("AWS_CONFIG_FILE", file)
	t.Setenv("AWS_PROFILE", "warehouse")
	size := func(config string) (int64, error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := openURL(nil, "s3://team/dot")
		if err != nil {
			t.Fatal(err)
		}
		return b.Size(t.Context(), "x")
	}
	const base = "[profile base]\naws_access_key_id = base\naws_secret_access_key = hush\n"
	const role = base + "[profile warehouse]\nregion = eu-west-3\nrole_arn = arn:aws:iam::123456789012:role/warehouse\nsource_profile = base\n"
	if n, err := size(role); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	refuse = true
	for what, tt := range map[string]struct{ config, want string }{
		"a role that isn't granted": {role, "AccessDenied User ci may not assume the role."},
		"no such profile":           {base, "warehouse"},
		"a command that fails":      {"[profile warehouse]\nregion = eu-west-3\ncredential_process = false hush\n", "credential_process"},
	} {
		_, err := size(tt.config)
		if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "no access to s3://team/dot: ") || !strings.Contains(err.Error(), tt.want) ||
			isSecret(err.Error()) || strings.Contains(err.Error(), "\n") || len(hint.Of(err)) == 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A bucket may be for everybody. If it isn't, the error says that there are no credentials.
func TestNoCredentialsS3(t *testing.T) {
	open := true
	everywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || !open {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`))
		}
	}))
	noFilesOfAWS(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	read := func() error {
		b, err := openURL(nil, "s3://team")
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := b.Read(t.Context(), "x", "")
		if err == nil {
			_ = r.Close()
		}
		return err
	}
	if err := read(); err != nil {
		t.Error(err)
	}
	// The machine may have a service for credentials, and give none. The library would print a warning.
	machine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer machine.Close()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", machine.URL)
	printed, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer printed.Close()
	stderr := os.Stderr
	defer func() { os.Stderr = stderr }()
	os.Stderr = printed
	if err := read(); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(printed.Name()); len(text) > 0 || err != nil {
		t.Errorf("printed %s%v", text, err)
	}
	open = false
	if err := read(); !errors.Is(err, fs.ErrPermission) || err.Error() != "the server refuses s3://team: no credentials are found; Access Denied" {
		t.Error(err)
	}
}
