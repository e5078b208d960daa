package dbt

import (
	"os"
	"path/filepath"

	"dot-for-dbt/internal/dbt/version"
	"dot-for-dbt/internal/lazy"
)

// dotEnvName matches the names that a .env sets, one a line. A line inside a quoted value may match
// by mistake. That does no harm: dot then only states explicitly what is the default anyway.
var dotEnvName = lazy.Regexp(`(?m)^[ \t]*(?:export[ \t]+)?['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?[ \t]*=`)

// LoadsDotEnv reports whether a version of dbt loads a .env: 1.12 and later. An unknown version ("")
// may.
func LoadsDotEnv(v string) bool { return v == "" || version.AtLeast(v, "1.12") }

// readDotEnv returns the names set by the .env that dbt 1.12 loads: the first one in dir or a
// directory above it (python-dotenv's find_dotenv). If none can be read, there are no names.
func readDotEnv(dir string) map[string]bool {
	for {
		file := filepath.Join(dir, ".env")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil
			}
			names := map[string]bool{}
			for _, match := range dotEnvName().FindAllSubmatch(text, -1) {
				names[string(match[1])] = true
			}
			return names
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil
		}
		dir = parent
	}
}
