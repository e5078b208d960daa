//go:build unix

package packaging

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A company's mirror has wheels only, and is reached through a proxy. Of the wheels, each installer takes the one
// for this system, and asks for nothing else.
func TestMirror(t *testing.T) {
	dir, names := distributed(t)
	own := names[runtime.GOOS+"/"+runtime.GOARCH]
	const mirror = "http://mirror.invalid/simple/" // known to the proxy alone
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.String())
		mu.Unlock()
		switch name := path.Base(r.URL.Path); {
		case r.URL.Host != "mirror.invalid":
			http.Error(w, "not for this proxy", http.StatusForbidden)
		case r.URL.Path == "/simple/dot-for-dbt/":
			w.Header().Set("Content-Type", "text/html")
			for _, wheel := range names {
				fmt.Fprintf(w, "<a href=%q>%s</a>\n", "/files/"+wheel, wheel)
			}
		case r.URL.Path == "/files/"+name && strings.HasSuffix(name, ".whl"):
			http.ServeFile(w, r, filepath.Join(dir, name))
		default:
			http.NotFound(w, r)
		}
	}))
	defer proxy.Close()
	env := []string{"http_proxy=" + proxy.URL, "HTTP_PROXY=" + proxy.URL, "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	for name, install := range map[string]struct {
		argv []string
		dot  string // below the home directory
	}{
		"pip": {[]string{dist(t, "pip"), "install", "--quiet", "--only-binary", ":all:", "--trusted-host", "mirror.invalid", "--index-url", mirror, "--prefix", "HOME/pip", "dot-for-dbt"}, "pip/bin/dot"},
		"uv":  {[]string{dist(t, "uv"), "tool", "install", "--quiet", "--no-build", "--prerelease=allow", "--index-url", mirror, "dot-for-dbt"}, ".local/bin/dot"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			for i, arg := range install.argv {
				install.argv[i] = strings.ReplaceAll(arg, "HOME", home)
			}
			asked = nil
			if res := runWith(t, home, env, install.argv...); res.code != 0 {
				t.Fatalf("exit code %d, asked for %q\n%s", res.code, asked, res.said)
			}
			must(t, home, filepath.Join(home, install.dot), "--version")
			slices.Sort(asked)
			// An installer may first ask for the metadata beside a wheel, or for a part of the wheel.
			for _, url := range slices.Compact(asked) {
				if url != mirror+"dot-for-dbt/" && !strings.HasPrefix(url, "http://mirror.invalid/files/"+own) {
					t.Errorf("it asked for %s", url)
				}
			}
		})
	}
}

// The wheel of another system is refused by pip, which names it. If its files come here all the same, for instance
// in an image for another processor, the program says which system they are for.
func TestOtherSystem(t *testing.T) {
	dir, names := distributed(t)
	for _, tt := range []struct{ system, tag, says string }{
		{"darwin/arm64", "macosx_12_0_arm64", "can't be run"},
		{"windows/amd64", "win_amd64", "has no binary dot"},
	} {
		t.Run(tt.tag, func(t *testing.T) {
			if tt.system == runtime.GOOS+"/"+runtime.GOARCH {
				t.Skip("the wheel is for this system")
			}
			home, wheel := t.TempDir(), filepath.Join(dir, names[tt.system])
			into := filepath.Join(home, "into")
			if res := run(t, home, dist(t, "pip"), "install", "--no-index", "--target", into, wheel); res.code == 0 || !strings.Contains(res.said, tt.tag) {
				t.Errorf("pip: exit code %d\n%s", res.code, res.said)
			}
			must(t, home, dist(t, "pip"), "install", "--quiet", "--no-index", "--no-deps", "--only-binary", ":all:", "--platform", tt.tag, "--target", into, wheel)
			res := runWith(t, home, []string{"PYTHONPATH=" + into}, dist(t, "python"), "-m", "dot_for_dbt", "--version")
			if res.code != 1 || !strings.Contains(res.said, tt.says) || !strings.Contains(res.said, "its wheel is for "+tt.tag) || !strings.Contains(res.said, "hint: install it again for this system") {
				t.Errorf("exit code %d\n%s", res.code, res.said)
			}
		})
	}
	t.Run("this one elsewhere", func(t *testing.T) { // pip --target
		home := t.TempDir()
		into := filepath.Join(home, "into")
		must(t, home, dist(t, "pip"), "install", "--quiet", "--no-index", "--target", into, filepath.Join(dir, names[runtime.GOOS+"/"+runtime.GOARCH]))
		if res := runWith(t, home, []string{"PYTHONPATH=" + into}, dist(t, "python"), "-m", "dot_for_dbt", "--version"); res.code != 0 || !strings.HasPrefix(res.said, "dot ") {
			t.Errorf("exit code %d\n%s", res.code, res.said)
		}
	})
}

// An image of a company is often read-only, and its user has no home directory.
func TestReadOnly(t *testing.T) {
	dir, names := distributed(t)
	base, err := os.MkdirTemp("", "read-only-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	bare := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir = base
		cmd.Env = []string{"PATH=/usr/bin:/bin"}
		if os.Geteuid() == 0 { // who may write anyway
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		return cmd
	}
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	// root's own Python may be where nobody else can go.
	python := dist(t, "python")
	if bare(python, "-c", "").Run() != nil {
		python = "/usr/bin/python3"
	}
	venv := filepath.Join(base, "venv")
	must(t, t.TempDir(), python, "-m", "venv", "--without-pip", venv)
	must(t, t.TempDir(), dist(t, "python"), "-m", "pip", "--python", filepath.Join(venv, "bin", "python"), "install", "--quiet", "--no-index", "--no-compile", filepath.Join(dir, names[runtime.GOOS+"/"+runtime.GOARCH]))
	allow(t, base, 0o555)
	defer allow(t, base, 0o755)
	if touched, err := bare("touch", filepath.Join(venv, "new")).CombinedOutput(); err == nil {
		t.Fatalf("the directory isn't read-only: %s", touched)
	}
	for _, name := range []string{"dot", "dot-for-dbt", "python -m dot_for_dbt"} {
		argv := strings.Fields(name)
		if res := ended(t, bare(filepath.Join(venv, "bin", argv[0]), append(argv[1:], "--version")...)); res.code != 0 || !strings.HasPrefix(res.said, "dot ") {
			t.Errorf("%s: exit code %d\n%s", name, res.code, res.said)
		}
	}
}

// allow sets the modes of all directories below one, and takes the right to write from files, or gives it.
func allow(t *testing.T, dir string, mode fs.FileMode) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() && !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		keep := mode
		if !entry.IsDir() {
			keep = info.Mode()&^0o222 | mode&0o200
		}
		return os.Chmod(name, keep)
	})
	if err != nil {
		t.Fatal(err)
	}
}
