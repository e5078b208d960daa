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

// profilesStep writes the build's profiles.yml. It has no key: what it would
// write is known while planning, so the file itself is looked at, and a
// password that was changed is always written. What of the profile matters to
// dbt's results is an input of the dbt steps.
func profilesStep(b *build) *graph.Step {
	file := b.Profiles()
	return &graph.Step{
		Name: "profiles " + b.String(), Kind: "profiles", Version: 1,
		After: []string{"commit " + b.Commit.Short},
		Missing: func(context.Context, graph.Record) string {
			got, err := os.ReadFile(file)
			info, statErr := os.Stat(file)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return "never written"
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
		Detail:  func(graph.Record) string { return "schema " + b.schema },
		Locks:   []graph.Lock{b.buildLock()},
		Action:  writeFile{name: file, data: b.profile},
	}
}
