package tool

import (
	"bytes"
	"os"
	"slices"
	"strings"

	"dot-for-dbt/internal/text"
)

// scriptLines are the lines of the console scripts that pip, uv and conda make for dbt. A script
// with any other line may do something before it starts dbt, or start something else.
var scriptLines = []string{
	"", "# -*- coding: utf-8 -*-", "import re", "import sys", "from dbt.cli.main import cli",
	"if __name__ == '__main__':", `if __name__ == "__main__":`,
	`sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])`,
	`sys.argv[0] = re.sub(r'(-script\.pyw?|\.exe)?$', '', sys.argv[0])`,
	"sys.argv[0] = sys.argv[0].removesuffix('.exe')",
	`if sys.argv[0].endswith("-script.pyw"):`, "sys.argv[0] = sys.argv[0][:-11]",
	`elif sys.argv[0].endswith(".exe"):`, "sys.argv[0] = sys.argv[0][:-4]",
	"sys.exit(cli())",
}

// WhyNotPlain returns why a file is not a console script that starts dbt 1 and does nothing else;
// "" if it is one.
func WhyNotPlain(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return err.Error()
	}
	head, err := readHead(path)
	if err != nil {
		return err.Error()
	}
	interpreter := scriptInterpreter(head)
	if interpreter == "" || info.Size() > int64(len(head)) {
		return path + " is not a console script of dbt 1"
	}
	if _, err := os.Stat(interpreter); err != nil {
		return "its Python " + interpreter + " does not exist"
	}
	lines := strings.Split(string(execPython().ReplaceAll(head, nil)), "\n")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		if i == 0 && (line == "" || strings.HasPrefix(line, "#!")) || line == "' '''" {
			continue // the line that finds the interpreter
		}
		if !slices.Contains(scriptLines, line) {
			return path + " does more than a console script of dbt does: " + text.Shorten(line)
		}
	}
	return ""
}

// isDBT reports whether a program is dbt: a console script of dbt 1, or no script at all, as dbt 2.
func isDBT(path string) bool { return !isScript(path) || WhyNotPlain(path) == "" }

// isScript reports whether a program is a script. One that can't be read counts as one.
func isScript(path string) bool {
	head, err := readHead(path)
	return err != nil || bytes.HasPrefix(head, []byte("#!"))
}
