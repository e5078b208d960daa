package bucket

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"testing"
)

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
