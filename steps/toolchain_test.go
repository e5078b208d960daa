package steps

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"dot-for-dbt/graph"
	"dot-for-dbt/internal/python"
	"dot-for-dbt/internal/workspace"
)

// A toolchain's key depends on everything that the toolchain is made from.
func TestToolchainKey(t *testing.T) {
	file := func(name, text string) python.File { return python.File{Name: name, Data: []byte(text)} }
	keys := map[string]string{}
	for _, c := range []struct {
		name, identity string
		files          []python.File
	}{
		{"one file", "python 3.11", []python.File{file("r.txt", "dbt-core==1.9.10\n-c c.txt\n"), file("c.txt", "six\n")}},
		{"another pin", "python 3.11", []python.File{file("r.txt", "dbt-core==1.9.9\n-c c.txt\n"), file("c.txt", "six\n")}},
		{"another constraint", "python 3.11", []python.File{file("r.txt", "dbt-core==1.9.10\n-c c.txt\n"), file("c.txt", "six==1.17\n")}},
		{"another name", "python 3.11", []python.File{file("r.txt", "dbt-core==1.9.10\n-c c.txt\n"), file("d.txt", "six\n")}},
		{"another Python", "python 3.12", []python.File{file("r.txt", "dbt-core==1.9.10\n-c c.txt\n"), file("c.txt", "six\n")}},
		{"all in one", "python 3.11", []python.File{file("r.txt", "dbt-core==1.9.10\n-c c.txt\nc.txtsix\n")}},
	} {
		tools := toolchain{identity: c.identity, requirements: python.Requirements{Files: c.files}}
		key := tools.key()
		if other, taken := keys[key]; taken {
			t.Errorf("%s has the key of %s", c.name, other)
		}
		keys[key] = c.name
		if again := tools.key(); again != key {
			t.Errorf("%s has the key %s, and then %s", c.name, key, again)
		}
	}
}

func TestToolchainMissing(t *testing.T) {
	w, err := workspace.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tools := toolchain{Toolchain: w.Toolchain("0123456789abcdef")}
	dbt, interpreter := tools.program(), python.Program(tools.Venv(), "python")
	record := func(venv string) graph.Record {
		t.Helper()
		outputs, err := json.Marshal(toolchainOutputs{Venv: venv})
		if err != nil {
			t.Fatal(err)
		}
		return graph.Record{Outputs: outputs}
	}
	for _, c := range []struct {
		name   string
		record graph.Record
		files  []string
		want   string
	}{
		{"whole", record(tools.Venv()), []string{dbt, interpreter}, ""},
		{"no outputs", graph.Record{}, []string{dbt, interpreter}, "the record is damaged"},
		{"made elsewhere", record("/srv/shop/.dot"), []string{dbt, interpreter}, "it was made in another place, /srv/shop/.dot"},
		{"no dbt", record(tools.Venv()), []string{interpreter}, "its dbt is gone"},
		{"no Python", record(tools.Venv()), []string{dbt}, "its Python is gone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.RemoveAll(tools.Venv()); err != nil {
				t.Fatal(err)
			}
			for _, file := range c.files {
				if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, nil, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if got := tools.missing(c.record); got != c.want {
				t.Errorf("%q is missing, want %q", got, c.want)
			}
		})
	}
}
