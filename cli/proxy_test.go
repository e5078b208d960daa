package cli_test

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// What dot downloads, it asks the company's proxy for.
func TestProxy(t *testing.T) {
	withoutRace(t)
	t.Parallel()
	s := newShop(t)
	asked := make(chan string, 100)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host
		http.Error(w, "not today", http.StatusForbidden)
	}))
	defer proxy.Close()
	cmd := exec.Command("dot", "plan", "build", "dev@HEAD", "--defer", "https://artifacts.invalid/prod/manifest.json")
	cmd.Dir = s.dir
	// net/http reads these variables once in a process, so this is another one.
	cmd.Env = slices.Concat(s.env, []string{"HTTPS_PROXY=" + strings.Replace(proxy.URL, "//", "//ann:secret@", 1), "NO_PROXY=", "DOT_TEST_NOW=" + s.now.Format(time.RFC3339)})
	out, err := cmd.CombinedOutput()
	if want := "https://artifacts.invalid/prod/manifest.json can't be reached: the proxy " + strings.TrimPrefix(proxy.URL, "http://") + " answers 403 Forbidden\n"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v, want %q\n%s", err, want, out)
	}
	if strings.Contains(string(out), "secret") {
		t.Errorf("the proxy's password is printed:\n%s", out)
	}
	select {
	case got := <-asked:
		if got != "CONNECT artifacts.invalid:443" {
			t.Errorf("the proxy was asked for %s", got)
		}
	default:
		t.Error("the proxy was not asked")
	}
}
