package dbt

import (
	"os"
	"path/filepath"
	"regexp"
)

// dotEnvName finds the names a .env sets, one a line. A line inside a quoted value may look like one,
// too; a name too many does no harm, since it only makes dot say what holds anyway.
var dotEnvName = regexp.MustCompile(`(?m)^[ \t]*(?:export[ \t]+)?['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?[ \t]*=`)

// readDotEnv is the names set by the .env that dbt 1.12 loads: the first one found in dir or a directory
// above (python-dotenv's find_dotenv). No file, or none that can be read: no names.
func readDotEnv(dir string) map[string]bool {
	for {
		file := filepath.Join(dir, ".env")
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil
			}
			names := map[string]bool{}
			for _, match := range dotEnvName.FindAllSubmatch(text, -1) {
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
