package tool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptRefusal has console scripts as installers make them, and files that only look like one.
func TestScriptRefusal(t *testing.T) {
	dir := t.TempDir()
	python := filepath.Join(dir, "python")
	if err := os.WriteFile(python, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	const body = "import sys\nfrom dbt.cli.main import cli\nif __name__ == '__main__':\n    sys.exit(cli())\n"
	for _, tt := range []struct {
		name, text, want string
	}{
		{
			"pip",
			"#!" + python + "\n# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom dbt.cli.main import cli\nif __name__ == '__main__':\n" +
				"    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(cli())\n",
			"",
		},
		{
			"pip 25",
			"#!" + python + "\nimport sys\nfrom dbt.cli.main import cli\nif __name__ == '__main__':\n" +
				"    sys.argv[0] = sys.argv[0].removesuffix('.exe')\n    sys.exit(cli())\n",
			"",
		},
		{
			"uv",
			"#!" + python + "\n# -*- coding: utf-8 -*-\nimport sys\nfrom dbt.cli.main import cli\nif __name__ == \"__main__\":\n" +
				"    if sys.argv[0].endswith(\"-script.pyw\"):\n        sys.argv[0] = sys.argv[0][:-11]\n" +
				"    elif sys.argv[0].endswith(\".exe\"):\n        sys.argv[0] = sys.argv[0][:-4]\n    sys.exit(cli())\n",
			"",
		},
		{
			"conda",
			"#!" + python + "\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\nfrom dbt.cli.main import cli\n\nif __name__ == '__main__':\n" +
				"    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])\n    sys.exit(cli())\n",
			"",
		},
		{"a long path", "#!/bin/sh\n'''exec' \"" + python + "\" \"$0\" \"$@\"\n' '''\n" + body, ""},
		{"another program", "\x7fELF\x02\x01", "is not a console script of dbt 1"},
		{"a shell script", "#!/bin/sh\nexec " + python + " -m dbt.cli.main \"$@\"\n", "is not a console script of dbt 1"},
		{"Python from PATH", "#!/usr/bin/env python3\n" + body, "is not a console script of dbt 1"},
		{"arguments for Python", "#!" + python + " -I\n" + body, "is not a console script of dbt 1"},
		{"no Python", "#!" + python + "3\n" + body, "its Python " + python + "3 does not exist"},
		{"something before", "#!" + python + "\nimport tracing\n" + body, "does more than a console script of dbt does: import tracing"},
		{"something else in sh", "#!/bin/sh\n'''exec' \"" + python + "\" \"$0\" \"$@\"; date\n' '''\n" + body, "does more than a console script of dbt does: ; date"},
		{"something behind", "#!" + python + "\n" + body + strings.Repeat("\n", scriptHead), "is not a console script of dbt 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(dir, "dbt")
			if err := os.WriteFile(file, []byte(tt.text), 0o755); err != nil {
				t.Fatal(err)
			}
			got := WhyNotPlain(file)
			if got = strings.TrimPrefix(got, file+" "); got != tt.want {
				t.Errorf("refused because %q, want %q", got, tt.want)
			}
		})
	}
}

// TestIsDBT: a console script and a program are dbt; another script may start something else first.
func TestIsDBT(t *testing.T) {
	for name, want := range map[string]bool{"\x7fELF\x02": true, "#!/bin/sh\nexec uv run dbt \"$@\"\n": false} {
		file := filepath.Join(t.TempDir(), "dbt")
		if err := os.WriteFile(file, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if isDBT(file) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}
