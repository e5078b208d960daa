package steps

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	goruntime "runtime"

	"dot-for-dbt/graph"
)

// profilesStep writes the build's profiles.yml. It has no key: planning knows the
// new text and compares the file with it, so that a changed password is always
// written. The profile's fields that affect dbt's results are inputs of dbt steps.
func profilesStep(b *build) *graph.Step {
	file := b.Profiles()
	return &graph.Step{
		Name: "profiles " + b.String(), Kind: "profiles", Version: 1,
		After: []string{"commit " + b.Commit.Short},
		Missing: func(context.Context, graph.Record) string {
			got, err := os.ReadFile(file)
			if errors.Is(err, fs.ErrNotExist) {
				return "never written"
			}
			info, statErr := os.Stat(file)
			switch {
			case err != nil || statErr != nil:
				return "can't be read"
			case !bytes.Equal(got, b.profile):
				return "the profile has changed"
			case goruntime.GOOS != "windows" && info.Mode().Perm() != 0o600:
				return "others can read it"
			}
			return ""
		},
		Summary: func(graph.Record) string { return "up to date; schema " + b.schema },
		Detail:  func(graph.Record) string { return "schema " + b.shownSchema() },
		Locks:   []graph.Lock{b.buildLock()},
		Action:  writeFile{name: file, data: b.profile},
	}
}
