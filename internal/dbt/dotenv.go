package dbt

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"dot-for-dbt/internal/dbt/version"
)

// dotEnvName matches the names that a .env sets, one a line. A line inside a quoted value may match
// by mistake. That does no harm: dot then only states explicitly what is the default anyway.
var dotEnvName = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?[ \t]*=`)

// DotEnvFile returns the .env that a version of dbt loads if it runs in dir, "" for none. dbt 1.12
// loads the first one in dir or in a directory above it (python-dotenv's find_dotenv), dbt 2 only
// the one in dir. An unknown version ("") may load what 1.12 does.
func DotEnvFile(v, dir string) string {
	if v != "" && !version.AtLeast(v, "1.12") {
		return ""
	}
	for {
		file := filepath.Join(dir, ".env")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file
		}
		parent := filepath.Dir(dir)
		if parent == dir || version.IsV2(v) {
			return ""
		}
		dir = parent
	}
}

// ReadDotEnv returns the variables that a .env sets, each with the text that defines it. That is
// the whole file if the value is put together from others. A file that can't be read sets none.
func ReadDotEnv(file string) map[string]string {
	if file == "" {
		return nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	all := string(data)
	matches := dotEnvName.FindAllStringSubmatchIndex(all, -1)
	defined := make(map[string]string, len(matches))
	for i, m := range matches {
		end := len(all)
		if i+1 < len(matches) {
			end = matches[i+1][0]
		}
		text := all[m[0]:end]
		if strings.Contains(text, "$") {
			text = all
		}
		defined[all[m[2]:m[3]]] = text
	}
	return defined
}
