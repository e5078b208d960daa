package tool

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/testing/dbttest"
)

// memory is a Versions for tests.
type memory map[string]string

func (m memory) Lookup(identity string) (string, bool) {
	text, ok := m[identity]
	return text, ok
}

func (m memory) Save(identity, text string) error {
	m[identity] = text
	return nil
}

// program writes a shell script that prints a text, and appends a line to the file "ran" beside it.
func program(t *testing.T, file, text string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell")
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\necho \"$@\" >>'" + filepath.Join(filepath.Dir(file), "ran") + "'\necho '" + text + "'\n"
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}

func noEnv(string) string { return "" }

// TestFindOrder proves A.9.
func TestFindOrder(t *testing.T) {
	dir := t.TempDir()
	inVenv := program(t, filepath.Join(dir, ".venv", "bin", "dbt"), "dbt 2.0.1")
	inPath := program(t, filepath.Join(dir, "path", "dbt"), "dbt 2.0.2")
	wrapper := program(t, filepath.Join(dir, "tools", "uv"), "dbt 2.0.3")
	named := program(t, filepath.Join(dir, "my tools", "dbt"), "dbt Cloud CLI - 0.38.7")
	tests := []struct {
		name    string
		env     string
		setting []string
		path    string
		want    Tool
	}{
		{"the project's .venv", "", nil, "/nowhere", Tool{Argv: []string{inVenv}, Path: inVenv, How: ".venv", Release: Release{Version: "2.0.1"}}},
		{"PATH", "", nil, filepath.Dir(inPath), Tool{Argv: []string{inPath}, Path: inPath, How: "PATH", Release: Release{Version: "2.0.2"}}},
		{
			"the setting, a command line", "",
			[]string{"tools/uv", "run", "dbt"},
			filepath.Dir(inPath),
			Tool{Argv: []string{wrapper, "run", "dbt"}, Path: wrapper, How: "dot: dbt", Release: Release{Version: "2.0.3"}},
		},
		{
			"DOT_DBT, a path with a space", named,
			[]string{"tools/uv"},
			filepath.Dir(inPath),
			Tool{Argv: []string{named}, Path: named, How: "DOT_DBT", Release: Release{Version: "0.38.7", Cloud: true}},
		},
		{
			"DOT_DBT, a command line", "'" + named + "' --x 'y z'", nil, filepath.Dir(inPath),
			Tool{Argv: []string{named, "--x", "y z"}, Path: named, How: "DOT_DBT", Release: Release{Version: "0.38.7", Cloud: true}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("PATH", tt.path)
			env := func(name string) string {
				if name == "DOT_DBT" {
					return tt.env
				}
				return ""
			}
			got, err := Search{Env: env, Setting: tt.setting, Dir: dir, MayRun: true}.Find(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("tool (-want +got):\n%s", diff)
			}
		})
	}
}

// The version of a console script comes from the installed packages. Nothing is run, even if it may
// be.
func TestFindRunsNoConsoleScript(t *testing.T) {
	script := venv(t, "dbt_core-1.11.16.dist-info", "dbt_duckdb-1.11.1.dist-info")
	link := filepath.Join(t.TempDir(), "dbt")
	if err := os.Symlink(script, link); err != nil {
		t.Skip(err)
	}
	got, err := Search{Env: noEnv, Setting: []string{link}, Dir: t.TempDir(), MayRun: true}.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := Tool{
		Argv: []string{link}, Path: script, How: "dot: dbt",
		Release: Release{Version: "1.11.16", Adapters: map[string]string{"duckdb": "1.11.1"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tool (-want +got):\n%s", diff)
	}
}

// TestFindAsksWrappers proves A.9: a wrapper may start another dbt each time. A run asks it, a plan
// says what it said last. which-dbt.txtar has a program that is dbt itself.
func TestFindAsksWrappers(t *testing.T) {
	dir := t.TempDir()
	file := program(t, filepath.Join(dir, "dbt"), "dbt 2.0.1")
	remembered := memory{}
	search := Search{Env: noEnv, Setting: []string{file}, Dir: dir, Versions: remembered}
	find := func(mayRun bool) string {
		t.Helper()
		search.MayRun = mayRun
		tool, err := search.Find(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if want := !mayRun && tool.Version != ""; tool.Remembered != want {
			t.Errorf("remembered: %t", tool.Remembered)
		}
		return tool.Version
	}
	ran := func() int {
		data, err := os.ReadFile(filepath.Join(dir, "ran"))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return strings.Count(string(data), "--version\n")
	}

	if got := find(false); got != "" || ran() != 0 || len(remembered) != 0 {
		t.Errorf("a plan knows %q, after %d runs, and saved %v", got, ran(), remembered)
	}
	if got := find(true); got != "2.0.1" || ran() != 1 {
		t.Errorf("the first run knows %q, after %d runs", got, ran())
	}
	if got := find(false); got != "2.0.1" || ran() != 1 {
		t.Errorf("a plan then knows %q, after %d runs", got, ran())
	}
	// The wrapper is the same file, and starts another dbt.
	for identity := range remembered {
		remembered[identity] = "dbt 2.0.0"
	}
	if got := find(false); got != "2.0.0" || ran() != 1 {
		t.Errorf("a plan knows %q, after %d runs", got, ran())
	}
	if got := find(true); got != "2.0.1" || ran() != 2 {
		t.Errorf("the second run knows %q, after %d runs", got, ran())
	}
	if got := find(false); got != "2.0.1" {
		t.Errorf("a plan then knows %q", got)
	}
}

// TestFindErrors proves A.9.
func TestFindErrors(t *testing.T) {
	dir := t.TempDir()
	notExecutable := filepath.Join(dir, "plain")
	if err := os.WriteFile(notExecutable, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	program(t, filepath.Join(dir, "talks"), "hello")
	if err := os.WriteFile(filepath.Join(dir, "fails"), []byte("#!/bin/sh\necho oops >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Join(dir, "nothing"))
	tests := []struct {
		name, env string
		setting   []string
	}{
		{"nowhere", "", nil},
		{"DOT_DBT is missing", "missing/dbt", nil},
		{"DOT_DBT is no command", "missing-tool run dbt", nil},
		{"DOT_DBT is several commands", "dbt; ls", nil},
		{"DOT_DBT has an open quote", "'dbt", nil},
		{"the setting is missing", "", []string{"./missing", "run"}},
		{"the setting can't be executed", "", []string{"./plain"}},
		{"not dbt", "", []string{"./talks", "run"}},
		{"fails", "", []string{"./fails"}},
	}
	golden := dbttest.Errors{Dir: dir}
	for _, tt := range tests {
		_, err := Search{
			Env: func(name string) string {
				if name == "DOT_DBT" {
					return tt.env
				}
				return ""
			},
			Setting: tt.setting, Dir: dir, MayRun: true,
		}.Find(t.Context())
		golden.Add(t, tt.name, err)
	}
	golden.Compare(t, "find_errors")
}
