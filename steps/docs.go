package steps

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/text"
)

// documented returns an error if there is no documentation for dbt docs serve.
// Without a target path, dbt ends with a traceback; without a catalog, its pages
// stay empty (dbt 1.11.16).
func documented(job *job) error {
	for _, name := range []string{"manifest.json", "catalog.json"} {
		_, err := os.Stat(filepath.Join(job.build.Target(), name))
		if errors.Is(err, fs.ErrNotExist) {
			return hint.New(
				fmt.Sprintf("there is no documentation of %s: it has no %s", job.build, name),
				"generate it: "+text.ShellQuote([]string{"dot", "docs", "generate", job.specs[0]}),
			)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
