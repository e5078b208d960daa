//go:build unix

package python

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dot-for-dbt/internal/hint"

	"github.com/google/go-cmp/cmp"
)

// program writes a shell script.
func program(t *testing.T, file, script string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	python3 := program(t, filepath.Join(dir, "3", "python3"), "")
	python := program(t, filepath.Join(dir, "plain", "python"), "")
	uv := program(t, filepath.Join(dir, "uv", "uv"), "")
	for _, c := range []struct {
		name string
		path []string
		want Maker
	}{
		{"python3 before python", []string{python, python3}, Maker{Python: python3}},
		{"python", []string{python}, Maker{Python: python}},
		{"uv and python3", []string{python3, uv}, Maker{Python: python3, UV: uv}},
		{"uv alone", []string{uv}, Maker{UV: uv}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("PATH", searchPath(c.path...))
			got, err := Find()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Setenv("PATH", dir)
	if m, err := Find(); err == nil {
		t.Errorf("found %+v where there is none", m)
	}
}

func searchPath(programs ...string) string {
	var dirs []string
	for _, p := range programs {
		dirs = append(dirs, filepath.Dir(p))
	}
	return strings.Join(dirs, string(os.PathListSeparator))
}

func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	old := program(t, filepath.Join(dir, "old"), "")
	link := filepath.Join(dir, "python3")
	if err := os.Symlink(old, link); err != nil {
		t.Fatal(err)
	}
	identity := func(m Maker) string {
		t.Helper()
		id, err := m.Identity()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	m := Maker{Python: link}
	first := identity(m)
	if got := identity(Maker{Python: old, UV: old}); got != first {
		t.Errorf("by another name and with uv it is %s, not %s", got, first)
	}
	if got := identity(Maker{UV: old}); got == first {
		t.Error("what uv chooses is taken for python")
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	second := identity(m)
	if second == first {
		t.Error("an upgrade makes no difference")
	}
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(program(t, filepath.Join(dir, "new"), ""), link); err != nil {
		t.Fatal(err)
	}
	if identity(m) == second {
		t.Error("a link to another makes no difference")
	}
	if _, err := (Maker{Python: filepath.Join(dir, "nowhere")}).Identity(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got error %v, want that it isn't there", err)
	}
}

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		name  string
		maker Maker
		want  []string
	}{
		{"pip", Maker{Python: "/bin/python3"}, []string{
			"/bin/python3 -m venv /e",
			"/e/bin/python -m pip install --disable-pip-version-check --no-input --compile --requirement r.txt",
		}},
		{"uv", Maker{Python: "/bin/python3", UV: "/bin/uv"}, []string{
			"/bin/uv venv --no-project --python /bin/python3 /e",
			"/bin/uv pip install --python /e/bin/python --compile-bytecode --requirements r.txt",
		}},
		{"uv with a Python of its own", Maker{UV: "/bin/uv"}, []string{
			"/bin/uv venv --no-project /e",
			"/bin/uv pip install --python /e/bin/python --compile-bytecode --requirements r.txt",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, argv := range c.maker.Commands("/e", "r.txt") {
				got = append(got, strings.Join(argv, " "))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// aPython makes a stand-in environment. The python in it prints its arguments and its environment,
// and fails if the requirements file says so.
const aPython = `test "$2" = venv || exit 9
test -n "$NO_VENV" && echo no venv here >&2 && exit 1
mkdir -p "$3/bin"
cat >"$3/bin/python" <<'END'
#!/bin/sh
echo "pip: $*"
env | grep -c '^PIP_\(TARGET\|USER\)='
read code <"$(eval echo \${$#})"
exit $code
END
chmod +x "$3/bin/python"
`

func TestMake(t *testing.T) {
	dir := t.TempDir()
	maker := Maker{Python: program(t, filepath.Join(dir, "python3"), aPython)}
	requirements := filepath.Join(dir, "r.txt")
	for _, c := range []struct {
		name, code, env string
		err             string
		hint            string
	}{
		{"installed", "0", "X=", "", ""},
		{"not installed", "1", "X=", "installing " + requirements + " failed: exit code 1", "try it yourself: "},
		{"no venv", "0", "NO_VENV=1", "making a virtual environment (" + maker.Python + ", with pip) failed: exit code 1", "python3-venv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(requirements, []byte(c.code+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err := maker.Make(t.Context(), Job{
				Dir: filepath.Join(t.TempDir(), "venv"), Requirements: requirements, WorkDir: dir,
				Env: append(os.Environ(), "PIP_TARGET=/elsewhere", "PIP_USER=1", c.env), Output: &out,
			})
			if c.err == "" {
				if err != nil {
					t.Fatal(err)
				}
				want := "pip: -m pip install --disable-pip-version-check --no-input --compile --requirement " + requirements + "\n0\n"
				if diff := cmp.Diff(want, out.String()); diff != "" {
					t.Errorf("what it said (-want +got):\n%s", diff)
				}
				return
			}
			if err == nil || err.Error() != c.err || !strings.Contains(strings.Join(hint.Of(err), "\n"), c.hint) {
				t.Errorf("got error %v, want %s and a hint that has %s", err, c.err, c.hint)
			}
		})
	}
}

func TestMakeCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	maker := Maker{Python: program(t, filepath.Join(dir, "python3"), aPython)}
	err := maker.Make(ctx, Job{Dir: filepath.Join(dir, "venv"), Requirements: "r.txt", Env: os.Environ(), Output: &bytes.Buffer{}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that it was cancelled", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "venv")); err == nil {
		t.Error("it was begun all the same")
	}
}
