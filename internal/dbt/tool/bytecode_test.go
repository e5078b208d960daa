package tool

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// writeModule writes dbt/version.py in a new site-packages, and a dbt with its interpreter beside
// it.
func writeModule(t *testing.T) (tool Tool, module string) {
	t.Helper()
	prefix := t.TempDir()
	script := filepath.Join(prefix, "bin", "dbt")
	module = filepath.Join(prefix, "lib", "python3.12", "site-packages", "dbt", "version.py")
	for name, text := range map[string]string{
		script: "#!" + prefix + "/bin/python\nimport sys\nfrom dbt.cli.main import cli\nsys.exit(cli())\n",
		module: "version = 1\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return Tool{Argv: []string{script}, Path: script}, module
}

// compile writes the bytecode of a module with the given header.
func compile(t *testing.T, module, tag string, flags uint32, at time.Time, size int) {
	t.Helper()
	var head []byte
	for _, field := range []uint32{0x0a0d0dcb, flags, uint32(at.Unix()), uint32(size)} {
		head = binary.LittleEndian.AppendUint32(head, field)
	}
	dir := filepath.Join(filepath.Dir(module), "__pycache__")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "version."+tag+".pyc"), append(head, "code"...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestBytecode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a console script is a program there")
	}
	for _, tt := range []struct {
		name    string
		compile func(t *testing.T, module string, made time.Time, size int)
		want    int
	}{
		{"none", func(*testing.T, string, time.Time, int) {}, 0},
		{"of the source", func(t *testing.T, m string, at time.Time, size int) { compile(t, m, "cpython-312", 0, at, size) }, 1},
		{"of an older source", func(t *testing.T, m string, at time.Time, size int) {
			compile(t, m, "cpython-312", 0, at.Add(-time.Hour), size)
		}, 0},
		{"of another source", func(t *testing.T, m string, at time.Time, size int) { compile(t, m, "cpython-312", 0, at, size+1) }, 0},
		{"found by a hash", func(t *testing.T, m string, _ time.Time, _ int) { compile(t, m, "cpython-312", 1, time.Unix(0, 0), 0) }, 1},
		{"optimized only", func(t *testing.T, m string, at time.Time, size int) {
			compile(t, m, "cpython-312.opt-1", 0, at, size)
		}, 0},
		{"cut short", func(t *testing.T, m string, at time.Time, size int) {
			compile(t, m, "cpython-312", 0, at, size)
			if err := os.Truncate(filepath.Join(filepath.Dir(m), "__pycache__", "version.cpython-312.pyc"), 10); err != nil {
				t.Fatal(err)
			}
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tool, module := writeModule(t)
			info, err := os.Stat(module)
			if err != nil {
				t.Fatal(err)
			}
			tt.compile(t, module, info.ModTime(), int(info.Size()))
			got, ok := tool.Bytecode()
			if !ok || got.Sampled != 1 || got.Compiled != tt.want {
				t.Errorf("got %+v, %t; want %d of 1 compiled", got, ok, tt.want)
			}
			if want := filepath.Join(filepath.Dir(tool.Path), "python"); got.Python != want {
				t.Errorf("the interpreter is %s, want %s", got.Python, want)
			}
		})
	}
	t.Run("a wrapper", func(t *testing.T) {
		tool, _ := writeModule(t)
		tool.Argv = append(tool.Argv, "run")
		if got, ok := tool.Bytecode(); ok {
			t.Errorf("got %+v of a command line", got)
		}
	})
}

// TestBytecodeOfDBT checks that dbt has the modules in loadedAtStart, and that Python agrees on
// which are compiled.
func TestBytecodeOfDBT(t *testing.T) {
	venv := os.Getenv("DOT_TEST_VENV")
	if venv == "" {
		t.Skip("DOT_TEST_VENV is not set")
	}
	script := filepath.Join(venv, "bin", "dbt")
	got, ok := Tool{Argv: []string{script}, Path: script}.Bytecode()
	if !ok || got.Sampled != len(loadedAtStart) || got.Compiled != got.Sampled {
		t.Errorf("got %+v, %t; want all of %d modules, compiled", got, ok, len(loadedAtStart))
	}
}
