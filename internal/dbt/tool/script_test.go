package tool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const scriptBody = `# -*- coding: utf-8 -*-
import re
import sys
from dbt.cli.main import cli
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])
    sys.exit(cli())
`

func TestScriptInterpreter(t *testing.T) {
	tests := []struct{ name, head, want string }{
		{"of pip", "#!/venv/bin/python3\n" + scriptBody, "/venv/bin/python3"},
		{"of pip, in a path with a space", "#!/bin/sh\n'''exec' \"/my venv/bin/python\" \"$0\" \"$@\"\n' '''\n" + scriptBody, "/my venv/bin/python"},
		{"of uv", "#!/bin/sh\n'''exec' '/my venv/bin/python' \"$0\" \"$@\"\n' '''\n" + scriptBody, "/my venv/bin/python"},
		{"with a long path", "#!/bin/sh\n'''exec' /long/bin/python \"$0\" \"$@\"\n' '''\n" + scriptBody, "/long/bin/python"},
		{"found in PATH", "#!/usr/bin/env python3\n" + scriptBody, ""},
		{"with an option", "#!/venv/bin/python -E\n" + scriptBody, ""},
		{"relative", "#!python3\n" + scriptBody, ""},
		{"a shell script", "#!/bin/sh\nexec /venv/bin/dbt \"$@\"\n", ""},
		{"a shell script that names the module", "#!/bin/sh\npython -c '\nfrom dbt.cli.main import cli\n'\n", ""},
		{"another program's", "#!/venv/bin/python3\nfrom other import cli\n", ""},
		{"binary", "\x7fELF\x02", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := scriptInterpreter([]byte(tt.head)); got != tt.want {
				t.Errorf("interpreter %q, want %q", got, tt.want)
			}
		})
	}
}

// venv makes as much of a virtual environment as finding dbt's version needs. It returns dbt's
// console script.
func venv(t *testing.T, packages ...string) string {
	t.Helper()
	root := t.TempDir()
	site := filepath.Join(root, "lib", "python3.12", "site-packages")
	for _, name := range packages {
		if err := os.MkdirAll(filepath.Join(site, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(root, "bin", "dbt")
	if err := os.MkdirAll(filepath.Dir(script), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "#!" + filepath.Join(root, "bin", "python3") + "\n" + scriptBody
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return script
}

func TestInstalledRelease(t *testing.T) {
	installed := []string{
		"dbt", "dbt_core-1.11.16.dist-info", "dbt_duckdb-1.11.1.dist-info", "dbt_adapters-1.24.5.dist-info",
		"dbt_common-1.39.0.dist-info", "dbt_protos-1.0.615.dist-info", "dbt_semantic_interfaces-0.9.0.dist-info",
		"click-8.1.7.dist-info",
	}
	want := Release{Version: "1.11.16", Adapters: map[string]string{"duckdb": "1.11.1"}}

	got, ok := Installed(venv(t, installed...), nil)
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok %t (-want +got):\n%s", ok, diff)
	}
	if _, ok := Installed(venv(t, append(installed, "dbt_core-1.10.0.dist-info")...), nil); ok {
		t.Error("two versions side by side: expected a doubt")
	}
	if _, ok := Installed(venv(t, "dbt_duckdb-1.11.1.dist-info"), nil); ok {
		t.Error("no dbt-core: expected a doubt")
	}
	other := t.TempDir()
	if err := os.Mkdir(filepath.Join(other, "dbt_core-1.9.0.dist-info"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := Installed(venv(t, installed...), []string{other}); ok {
		t.Error("another dbt in PYTHONPATH: expected a doubt")
	}
	if _, ok := Installed(filepath.Join(other, "missing"), nil); ok {
		t.Error("no script: expected a doubt")
	}
}

// Whatever the file, the interpreter found is an absolute path on one line.
func FuzzScriptInterpreter(f *testing.F) {
	f.Add([]byte("#!/venv/bin/python3\n" + scriptBody))
	f.Add([]byte("#!/bin/sh\n'''exec' '/my venv/bin/python' \"$0\" \"$@\"\n' '''\n" + scriptBody))
	f.Fuzz(func(t *testing.T, head []byte) {
		got := scriptInterpreter(head)
		if got != "" && (!strings.HasPrefix(got, "/") || strings.Contains(got, "\n")) {
			t.Errorf("%q was taken for an interpreter", got)
		}
	})
}
