package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
)

// A Side is a build as it stands in the warehouse, as far as the ledger knows.
type Side struct {
	*Built
	Commit  git.Commit
	Env     string
	Suffix  string // of its schemas
	Profile string // the name of its profile
	// Manifest is the file of the manifest that dbt left when it last built.
	Manifest string
	// State is the directory of that, dbt's --state.
	State string
	// DBT is the version of dbt that built it last, "" if that isn't known.
	DBT string
	// Nodes are what it has there or should have, by unique_id.
	Nodes map[string]NodeState

	repo *git.Repo
}

// NodeState is what is known of a node of a build.
type NodeState struct {
	At time.Time // when it was written
	// Anew is set where it is known that nothing was there before.
	Anew bool
	// Rows is how many rows the last run wrote to it; 0 where that isn't known.
	Rows int64
	// Problem says what keeps it from being as the build made it, "" for nothing.
	Problem string
}

// ReadFile reads a file of the build's project as it is at its commit; the name
// has slashes.
func (s Side) ReadFile(ctx context.Context, name string) (text []byte, err error) {
	objects := s.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	return objects.Read(s.Commit.Hash + ":" + path.Join(s.job.build.Project, name))
}

// Side returns the build as it stands now. It is an error with a hint where nothing
// of it stands.
func (b *Built) Side() (Side, error) {
	build := b.job.build
	found, err := b.runtime.standing(build, b.job.spec, toCompare)
	if err != nil {
		return Side{}, err
	}
	if build.duckdb != "" {
		if _, err := os.Stat(build.duckdb); err != nil {
			return Side{}, hint.New(
				fmt.Sprintf("the DuckDB file of %s is gone: %v", build, err),
				"build it: dot build "+b.Specs[0],
			)
		}
	}
	side := Side{
		Built: b, Commit: build.commit, Env: build.Env, Suffix: build.suffix,
		Profile:  build.output.Profile,
		Manifest: filepath.Join(found.state, "manifest.json"), State: found.state,
		Nodes: make(map[string]NodeState, len(found.Nodes)),
		repo:  b.runtime.repo,
	}
	rows := map[string]int64{}
	if results, err := readResults(found.state); err == nil {
		side.DBT = results.Metadata.DBTVersion
		for _, r := range results.Results {
			rows[r.UniqueID] = int64(r.Response.Rows)
		}
	}
	for id, e := range found.Nodes {
		side.Nodes[id] = NodeState{At: e.Time, Anew: e.Since.Equal(e.Time), Rows: rows[id], Problem: found.Problem(id)}
	}
	for id := range found.Lost {
		side.Nodes[id] = NodeState{Problem: found.Problem(id)}
	}
	return side, nil
}
