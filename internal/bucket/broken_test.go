package bucket

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dot-for-dbt/internal/hint"
)

func openURL(env map[string]string, text string) (Bucket, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	return Open(func(name string) (string, bool) { value, ok := env[name]; return value, ok }, u)
}

// onEach runs a test on a bucket of each protocol, on a server that answers as handle says. All credentials are "hush"
// in some form.
func onEach(t *testing.T, handle http.HandlerFunc, test func(t *testing.T, b Bucket, server *httptest.Server)) {
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hush")
	for scheme, env := range map[string]func(at string) map[string]string{
		"s3": func(at string) map[string]string {
			return map[string]string{"AWS_ENDPOINT_URL": at, "AWS_REGION": "us-east-1"}
		},
		"gs": func(at string) map[string]string { return map[string]string{"STORAGE_EMULATOR_HOST": at} },
		"az": func(at string) map[string]string {
			return map[string]string{"AZURE_STORAGE_SERVICE_ENDPOINT": at, "AZURE_STORAGE_SAS_TOKEN": "?sv=2020-08-04&sig=hush"}
		},
		"az with a key": func(at string) map[string]string {
			return map[string]string{"AZURE_STORAGE_CONNECTION_STRING": "AccountName=test;AccountKey=aHVzaGh1c2g=;BlobEndpoint=" + at}
		},
	} {
		t.Run(scheme, func(t *testing.T) {
			server := httptest.NewServer(handle)
			defer server.Close()
			b, err := openURL(env(server.URL), scheme[:2]+"://team/dot")
			if err != nil {
				t.Fatal(err)
			}
			test(t, b, server)
		})
	}
}

func isSecret(text string) bool {
	return strings.Contains(text, "hush") || strings.Contains(text, "aHVza")
}

// A server that is busy is asked again, and one that can't be reached, too.
func TestBusy(t *testing.T) {
	var asked atomic.Int32
	onEach(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	}, func(t *testing.T, b Bucket, server *httptest.Server) {
		asked.Store(0)
		if _, err := b.Size(t.Context(), "x"); err == nil || errors.Is(err, fs.ErrNotExist) || asked.Load() != attempts || isSecret(err.Error()) {
			t.Errorf("busy: %v, asked %d times", err, asked.Load())
		}
		server.Close()
		_, err := b.Size(t.Context(), "x")
		if err == nil || !strings.Contains(err.Error(), "://team/dot can't be reached: ") || isSecret(err.Error()) {
			t.Errorf("away: %v", err)
		}
	})
}

// A server that gets well while it is asked again gets the whole file.
func TestBusyAtFirst(t *testing.T) {
	const text = "the whole text"
	var asked atomic.Int32
	got := make(chan string, attempts)
	onEach(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if asked.Add(1) == 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		got <- string(body)
		_, _ = w.Write([]byte("{}"))
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		asked.Store(0)
		name := filepath.Join(t.TempDir(), "object")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := b.Create(t.Context(), "x", f); err != nil {
			t.Fatal(err)
		}
		if sent := <-got; sent != text {
			t.Errorf("sent %q", sent)
		}
	})
}

// An answer that is cut, that never ends, or that isn't one is an error.
func TestBrokenAnswers(t *testing.T) {
	pages := `{"items":[{"name":"dot/a","size":"1"}],"nextPageToken":"again"}`
	for name, handle := range map[string]http.HandlerFunc{
		"no list": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Welcome!</html>")) },
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"cut": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(pages[:20]))
		},
		"a detour": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		},
		"no end": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/storage/") {
				_, _ = w.Write([]byte(pages))
				return
			}
			if r.URL.Query().Has("list-type") {
				_, _ = w.Write([]byte(`<ListBucketResult><NextContinuationToken>again</NextContinuationToken></ListBucketResult>`))
				return
			}
			_, _ = w.Write([]byte(`<EnumerationResults><NextMarker>again</NextMarker></EnumerationResults>`))
		},
	} {
		onEach(t, handle, func(t *testing.T, b Bucket, _ *httptest.Server) {
			if found, err := b.List(t.Context(), ""); err == nil || isSecret(err.Error()) {
				t.Errorf("%s: %v, %v", name, found, err)
			}
			if name == "cut" {
				r, _, err := b.Read(t.Context(), "a", "")
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("%s: %q, %v", name, text, err)
				}
				_ = r.Close()
			}
		})
	}
}

// What a server says may be anything.
func TestRefused(t *testing.T) {
	onEach(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"error":{"message":"no\u001b[2J\n access"}}`))
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		_, err := b.List(t.Context(), "")
		if _, isGS := b.(*gs); isGS && !strings.HasSuffix(err.Error(), `no\x1b[2J access`) {
			t.Errorf("%v", err)
		}
		if !errors.Is(err, fs.ErrPermission) || len(hint.Of(err)) == 0 || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%v, hints %q", err, hint.Of(err))
		}
	})
}

// A request ends with its context, also while the server is silent.
func TestCancelled(t *testing.T) {
	reached := make(chan struct{}, attempts)
	onEach(t, func(_ http.ResponseWriter, r *http.Request) {
		reached <- struct{}{}
		<-r.Context().Done()
	}, func(t *testing.T, b Bucket, _ *httptest.Server) {
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			<-reached
			cancel(stopped)
		}()
		if _, err := b.Size(ctx, "x"); !errors.Is(err, stopped) {
			t.Errorf("%v", err)
		}
	})
}

func TestOpen(t *testing.T) {
	azure := func(pairs ...string) map[string]string {
		env := map[string]string{"AZURE_STORAGE_ACCOUNT": "test", "AZURE_STORAGE_KEY": "aHVzaA=="}
		for i := 0; i < len(pairs); i += 2 {
			env[pairs[i]] = pairs[i+1]
		}
		return env
	}
	const connection = "AZURE_STORAGE_CONNECTION_STRING"
	for _, tt := range []struct {
		url  string
		env  map[string]string
		want string
	}{
		{"s3:///dot", nil, "a bucket and a prefix are expected"},
		{"s3://me:hush@team/dot", nil, "s3://team/dot: a bucket and a prefix are expected"},
		{"gs://team/dot?x=hush", nil, "gs://team/dot: a bucket and a prefix are expected"},
		{"az://team/dot?sv=1&sig=hush", azure(), "az://team/dot: a bucket and a prefix are expected"},
		{"az://account.blob.core.windows.net/team", azure(), "can't be the name of a container"},
		{"ftp://team/dot", nil, `a URL of s3, gs or az is expected, not of "ftp"`},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "s3.example.com"}, "AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) is not the URL of a server"},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "https://me:hush@s3.example.com"}, "is not the URL of a server"},
		{"s3://team", map[string]string{"AWS_ENDPOINT_URL": "https://s3.example.com/team"}, "has a path"},
		{"gs://team", map[string]string{"STORAGE_EMULATOR_HOST": "ftp://localhost"}, "STORAGE_EMULATOR_HOST is not the URL of a server"},
		{"az://team", nil, "az://team: no storage account is named"},
		{"az://team", azure("AZURE_STORAGE_ACCOUNT", "hush.example.com/x?"), "AZURE_STORAGE_ACCOUNT is not the name of a storage account"},
		{"az://team", azure("AZURE_STORAGE_KEY", "hush!"), "it is not base64"},
		{"az://team", azure("AZURE_STORAGE_KEY", "", "AZURE_STORAGE_SAS_TOKEN", "sig=hush%zz"), "the shared access signature can't be read"},
		{"az://team", azure("AZURE_STORAGE_KEY", "", "AZURE_STORAGE_SERVICE_ENDPOINT", "http://127.0.0.1:1"), "isn't encrypted: it gets no token"},
		{"az://team", azure("AZURE_STORAGE_SERVICE_ENDPOINT", "https://test.blob.core.windows.net?sig=hush"), "the blob endpoint is not the URL of a server"},
		{"az://team", azure(connection, "hush"), connection + " is not a connection string"},
		{"az://team", azure(connection, "AccountName=other;AccountKey=aHVzaA=="), "name different accounts"},
		{"az://team", map[string]string{connection: "AccountKey=aHVzaA=="}, "no storage account is named"},
		{"az://team", map[string]string{connection: "BlobEndpoint=https://x.example.com/?sig=hush;AccountName=test"}, "the blob endpoint is not the URL of a server"},
		{"az://team", map[string]string{connection: "AccountName=test;EndpointSuffix=core.chinacloudapi.cn;AccountKey=hush!"}, "it is not base64"},
	} {
		if b, err := openURL(tt.env, tt.url); err == nil || !strings.Contains(err.Error(), tt.want) || isSecret(strings.Join(append(hint.Of(err), err.Error()), "\n")) {
			t.Errorf("%s with %v: %v, %v, want %q", tt.url, tt.env, b, err, tt.want)
		}
	}
	for prefix, want := range map[string]string{"": "", "/": "", "/a": "a/", "/a//b/": "a/b/", "/.dot": ".dot/", "/../x": "x/"} {
		b, err := openURL(nil, "gs://team"+prefix)
		if err != nil || b.(*gs).prefix != want {
			t.Errorf("%q: %+v, %v, want %q", prefix, b, err, want)
		}
	}
	for text, want := range map[string]string{
		"AccountName=test;AccountKey=aHVzaA==;EndpointSuffix=core.chinacloudapi.cn;DefaultEndpointsProtocol=https": "https://test.blob.core.chinacloudapi.cn",
		"BlobEndpoint=http://127.0.0.1:10000/test;AccountName=test;AccountKey=aHVzaA==":                            "http://127.0.0.1:10000/test",
		"SharedAccessSignature=sig=x;BlobEndpoint=https://test.blob.core.windows.net/":                             "https://test.blob.core.windows.net/",
	} {
		b, err := openURL(map[string]string{connection: text}, "az://team")
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := b.(*az).account.String(); got != want {
			t.Errorf("%s leads to %s, want %s", text, got, want)
		}
	}
}

// Microsoft's documentation has these examples of what is signed.
func TestSigned(t *testing.T) {
	for _, tt := range []struct {
		method, url string
		header      map[string]string
		want        string
	}{
		{
			http.MethodGet, "https://myaccount.blob.core.windows.net/mycontainer?restype=container&comp=metadata&timeout=20",
			map[string]string{"x-ms-date": "Fri, 26 Jun 2015 23:39:12 GMT", "x-ms-version": "2015-02-21"},
			"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20",
		},
		{
			http.MethodPut, "https://myaccount.blob.core.windows.net/mycontainer/a%20b",
			map[string]string{"x-ms-date": "D", "x-ms-version": "V", "x-ms-blob-type": "BlockBlob", "If-None-Match": "*", "Content-Type": "text/plain"},
			"PUT\n\n\n3\n\ntext/plain\n\n\n\n*\n\n\nx-ms-blob-type:BlockBlob\nx-ms-date:D\nx-ms-version:V\n/myaccount/mycontainer/a%20b",
		},
	} {
		r, err := http.NewRequest(tt.method, tt.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if tt.method == http.MethodPut {
			r.ContentLength = 3
		}
		for name, value := range tt.header {
			r.Header.Set(name, value)
		}
		if got := signed(r, "myaccount"); got != tt.want {
			t.Errorf("signed\n%q, want\n%q", got, tt.want)
		}
	}
}

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

// Google's cloud gets a token, for which the key of a service account signs, and nobody else gets it.
func TestTokenGS(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	var tokens atomic.Int32
	refuse := false
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.Host == "oauth2.googleapis.com" && refuse:
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"Account not found.","assertion":"hush"}`))
		case r.Host == "oauth2.googleapis.com":
			tokens.Add(1)
			_, _ = w.Write([]byte(`{"access_token":"hush","token_type":"Bearer","expires_in":3600}`))
		case r.Host != "storage.googleapis.com":
			t.Errorf("asked %s", r.Host)
		case r.Header.Get("Authorization") != "Bearer hush":
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasSuffix(r.URL.Path, "/away"):
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
		default:
			_, _ = w.Write([]byte(`{"size":"3"}`))
		}
	})
	everywhere(t, handler)
	file := filepath.Join(t.TempDir(), "key.json")
	account, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "ci@example.com", "private_key": private, "private_key_id": "1",
		"token_uri": "https://oauth2.googleapis.com/token",
	})
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(string(account))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
	open := func() Bucket {
		t.Helper()
		b, err := openURL(nil, "gs://team/dot")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := open()
	for range 2 {
		if size, err := b.Size(t.Context(), "x"); err != nil || size != 3 {
			t.Errorf("%d, %v", size, err)
		}
	}
	if n := tokens.Load(); n != 1 {
		t.Errorf("%d tokens", n)
	}
	if _, err := b.Size(t.Context(), "away"); err == nil || isSecret(err.Error()) {
		t.Errorf("a detour: %v", err)
	}
	denied := func(what, want string) {
		t.Helper()
		_, err := open().Size(t.Context(), "x")
		if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "no access to gs://team/dot: ") || !strings.Contains(err.Error(), want) ||
			isSecret(err.Error()) || strings.Contains(err.Error(), "\n") || len(hint.Of(err)) == 0 {
			t.Errorf("%s: %v", what, err)
		}
	}
	refuse = true
	denied("an account that isn't there", "invalid_grant Account not found.")
	write(`{"type":"service_account","private_key":"hush"}`)
	denied("a key that isn't one", "")
	write(`hush`)
	denied("a file that isn't JSON", "")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	denied("no file", "no such file")
}

// Azure gets a token of the account that signed in.
func TestTokenAZ(t *testing.T) {
	everywhere(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "test.blob.core.windows.net" && r.Header.Get("Authorization") == "Bearer hush" {
			w.Header().Set("Content-Length", "3")
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.Contains(r.URL.Path, "openid-configuration"):
			_, _ = fmt.Fprintf(w, `{"authorization_endpoint":"https://%[1]s/a","token_endpoint":"https://%[1]s/t/token","issuer":"https://%[1]s/t/v2.0"}`, r.Host)
		case strings.Contains(r.URL.Path, "discovery"):
			_, _ = fmt.Fprintf(w, `{"tenant_discovery_endpoint":"https://%s/t/v2.0/.well-known/openid-configuration","metadata":[]}`, r.Host)
		case strings.HasSuffix(r.URL.Path, "/token") && r.PostFormValue("client_secret") == "hush":
			_, _ = w.Write([]byte(`{"access_token":"hush","token_type":"Bearer","expires_in":3600}`))
		default:
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}`))
		}
	}))
	for name, value := range map[string]string{
		"AZURE_TENANT_ID": "11111111-1111-1111-1111-111111111111", "AZURE_CLIENT_ID": "22222222-2222-2222-2222-222222222222",
		"AZURE_CLIENT_SECRET": "hush", "AZURE_TOKEN_CREDENTIALS": "prod", "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com",
	} {
		t.Setenv(name, value)
	}
	size := func() (int64, error) {
		b, err := openURL(map[string]string{"AZURE_STORAGE_ACCOUNT": "test"}, "az://team/dot")
		if err != nil {
			t.Fatal(err)
		}
		return b.Size(t.Context(), "x")
	}
	if n, err := size(); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	t.Setenv("AZURE_CLIENT_SECRET", "hush-hush")
	_, err := size()
	if !errors.Is(err, fs.ErrPermission) || !strings.HasPrefix(err.Error(), "no access to az://team/dot: AADSTS7000215: Invalid client secret provided.") || isSecret(err.Error()) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a wrong secret: %v", err)
	}
}

// everywhere makes a server answer for all servers, until the test ends.
func everywhere(t *testing.T, handler http.Handler) {
	server := httptest.NewTLSServer(handler)
	was := http.DefaultTransport
	t.Cleanup(func() {
		http.DefaultTransport = was
		server.Close()
	})
	http.DefaultTransport = &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the test's own server
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	}
}

// A connection string may be anything, and is a secret.
func FuzzConnection(f *testing.F) {
	f.Add("AccountName=test;AccountKey=aHVzaA==;EndpointSuffix=core.windows.net")
	f.Add("BlobEndpoint=https://test.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=hush")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := openURL(map[string]string{variableConnection: text}, "az://team/dot")
		if err == nil && b.(*az).account.Host == "" {
			t.Errorf("%q leads to no server", text)
		}
		if err != nil && len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Errorf("the error quotes the text: %v", err)
		}
	})
}
