package bucket

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
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
