package doctor

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dot-for-dbt/internal/dbt/tool"
	"dot-for-dbt/steps"
)

func TestCommand(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("programs have another ending there")
	}
	for _, tt := range []struct {
		name     string
		programs []string // made; "ours/dot" is this one
		path     string   // of directories, split at spaces
		want     []Finding
	}{
		{"ours", []string{"ours/dot"}, "usr ours", []Finding{{"command", OK, "ours/dot", nil}}},
		{"ours before another", []string{"ours/dot", "usr/dot"}, "ours usr", []Finding{{"command", OK, "ours/dot", nil}}},
		{"Graphviz's before ours", []string{"ours/dot", "usr/dot", "usr/neato"}, "usr ours", []Finding{{
			"command", Warning, "dot is usr/dot, Graphviz's: it comes before this one in PATH",
			[]string{"put ours first in PATH, or: alias dot=ours/dot"},
		}}},
		{"another one", []string{"ours/dot", "usr/dot"}, "usr", []Finding{{
			"command", Warning, "dot is usr/dot, another program: it comes before this one in PATH",
			[]string{"put ours first in PATH, or: alias dot=ours/dot"},
		}}},
		{"in no directory of PATH", []string{"ours/dot"}, "usr", []Finding{{
			"command", Warning, "this dot is not in PATH: ours/dot", []string{"put ours in PATH"},
		}}},
		{"not known", nil, "usr", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			for _, dir := range []string{"ours", "usr"} {
				if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, program := range tt.programs {
				if err := os.WriteFile(filepath.Join(root, program), nil, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			// A directory does not count as a program.
			if err := os.Mkdir(filepath.Join(root, "usr", "dot"), 0o755); err != nil && !os.IsExist(err) {
				t.Fatal(err)
			}
			var dirs []string
			for _, dir := range strings.Fields(tt.path) {
				dirs = append(dirs, filepath.Join(root, dir))
			}
			e := &examination{patient: Patient{
				World:      steps.World{Env: []string{"PATH=" + strings.Join(dirs, string(filepath.ListSeparator))}},
				Executable: filepath.Join(root, "ours", "dot"),
			}}
			e.command()
			for i := range e.findings {
				f := &e.findings[i]
				f.Text = strings.ReplaceAll(f.Text, root+"/", "")
				for j := range f.Cures {
					f.Cures[j] = strings.ReplaceAll(f.Cures[j], root+"/", "")
				}
			}
			if diff := cmp.Diff(tt.want, e.findings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBytecode(t *testing.T) {
	half := tool.Bytecode{Python: "/venv/bin/python", Dirs: []string{"/venv/my lib"}, Sampled: 9, Compiled: 4}
	text := "5 of 9 modules that dbt always loads are not compiled: each start takes about twice as long"
	cure := []string{"/venv/bin/python -m compileall -q '/venv/my lib'"}
	for _, tt := range []struct {
		name string
		env  []string
		b    tool.Bytecode
		want []Finding
	}{
		{"compiled", nil, tool.Bytecode{Sampled: 9, Compiled: 9}, []Finding{{"bytecode", OK, "dbt's modules are compiled", nil}}},
		{"not compiled", nil, half, []Finding{{"bytecode", Warning, text, cure}}},
		{
			"and never will be",
			[]string{"PYTHONDONTWRITEBYTECODE=1"},
			half,
			[]Finding{{"bytecode", Warning, text + "; PYTHONDONTWRITEBYTECODE stops Python from compiling them itself", cure}},
		},
		{"elsewhere", []string{"PYTHONPYCACHEPREFIX=/var/cache"}, half, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &examination{patient: Patient{World: steps.World{Env: tt.env}}}
			e.bytecode(tt.b)
			if diff := cmp.Diff(tt.want, e.findings); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
