package bucket

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"dot-for-dbt/internal/hint"
)

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
