package cli

import (
	"time"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/lifecycle"
)

// prunedVersion is the version of the JSON that dot prune prints. It is raised when a field is removed or
// changes its meaning. Fields may be added at any time.
const prunedVersion = 1

// jsonPruned says what dot prune did, for scripts. docs/life.md describes it.
type jsonPruned struct {
	Version int               `json:"version"`
	Builds  []jsonPrunedBuild `json:"builds"`
	Notes   []string          `json:"notes"`
}

type jsonPrunedBuild struct {
	Name    string    `json:"name"`
	Result  string    `json:"result"`
	Schemas []string  `json:"schemas"`
	Objects int       `json:"objects"`
	Commit  string    `json:"commit,omitempty"`
	By      string    `json:"by,omitempty"`
	Marked  time.Time `json:"marked,omitzero"`
	Why     string    `json:"why,omitempty"`
	Hints   []string  `json:"hints"`
}

// The results of a build.
const (
	resultDropped = "dropped"
	resultWould   = "would be dropped"
	resultStays   = "stays"
	resultFailed  = "failed"
)

func newJSONPruned(prune *lifecycle.Prune, gone map[string]bool, dryRun bool) jsonPruned {
	out := jsonPruned{Version: prunedVersion, Builds: []jsonPrunedBuild{}, Notes: orEmpty(prune.Notes)}
	for _, r := range prune.Remains {
		b := jsonPrunedBuild{Name: r.Name, Schemas: orEmpty(r.Schemas), Objects: r.Objects, Hints: []string{}}
		switch {
		case r.Refused != nil:
			b.Result, b.Why, b.Hints = resultStays, r.Refused.Error(), orEmpty(hint.Of(r.Refused))
		case gone[r.LastStep()]:
			b.Result = resultDropped
		case dryRun:
			b.Result = resultWould
		default:
			b.Result = resultFailed
		}
		if o := prune.Orphans[r]; o != nil {
			b.Commit, b.By, b.Marked = o.Commit, o.By, o.At
		}
		out.Builds = append(out.Builds, b)
	}
	return out
}
