package steps

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
)

// A Side is a build as it stands in the warehouse, as far as the ledgers know:
// what it built itself, and what it has of the builds that it rests on.
type Side struct {
	*Built
	Commit  git.Commit
	Env     string
	Profile string // the name of its profile
	// State is the directory of the artifacts that dbt left when it last built,
	// dbt's --state.
	State string
	// DBT is the version of dbt that built it last, "" if that isn't known.
	DBT string
	// Own is the build itself, as a layer.
	Own *Layer
	// Nodes are the nodes that it or a build below it has or should have, by
	// unique_id.
	Nodes map[string]NodeState
	// Absent says why a node that is not in Nodes has no relation.
	Absent string
}

// NodeState is what is known of a node of a side.
type NodeState struct {
	// Layer is the build that has the relation. If the relation is missing, it is
	// the build that should have it.
	Layer *Layer
	// Relation is the node's relation. It is zero if the node has none.
	Relation artifact.RelationName
	Run      string    // the run that wrote it
	At       time.Time // when it was written
	// Anew is set where it is known that nothing was there before.
	Anew bool
	// Rows is how many rows the last run wrote to it; 0 where that isn't known.
	Rows int64
	// Problem says why the relation can't be read, in words that follow the node's
	// name or stand alone; "" if it can.
	Problem string
	// NotBuilt is set if no run tried to build it. Problem then says so.
	NotBuilt bool
}

// A Layer is a build that a side has nodes of: the side's own, or one below it.
type Layer struct {
	Name string // prod@4521a86
	// Suffix is the part of its schemas' names that tells its commit.
	Suffix string
	// Manifest is the file of the manifest that dbt left when it last built.
	Manifest string

	repo    *git.Repo
	project string // its directory below the repository's root
	commit  string
}

// ReadFile reads a file of the layer's project as it is at its commit; the name
// has slashes.
func (l *Layer) ReadFile(ctx context.Context, name string) (text []byte, err error) {
	objects := l.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	return objects.Read(l.commit + ":" + path.Join(l.project, name))
}

// Stands returns an error with a hint if nothing of the build stands.
func (b *Built) Stands() error {
	_, err := b.stands()
	return err
}

func (b *Built) stands() (standing, error) {
	build := b.job.build
	found, err := b.runtime.standing(build, b.job.spec, toCompare)
	if err != nil || build.duckdb == "" {
		return found, err
	}
	if _, err := os.Stat(build.duckdb); err != nil {
		return standing{}, hint.New(
			fmt.Sprintf("the DuckDB file of %s is gone: %v", build, err),
			"build it: dot build "+b.Specs[0],
		)
	}
	return found, nil
}

// Side returns the build as it stands now, with each node resolved as it is for
// whoever rests on the build. It is an error with a hint where nothing of it stands.
func (b *Built) Side() (Side, error) {
	build := b.job.build
	found, err := b.stands()
	if err != nil {
		return Side{}, err
	}
	st := b.runtime.stackOf(found)
	sides := b.runtime.sideLayers(st)
	own := sides[st.top]
	own.Suffix = build.suffix
	side := Side{
		Built: b, Commit: build.commit, Env: build.Env, Profile: build.output.Profile,
		State: found.state, DBT: own.dbt, Own: own.Layer,
		Nodes: map[string]NodeState{}, Absent: st.top.Resolve("").Why,
	}
	for id := range st.ids() {
		r := st.top.Resolve(id)
		side.Nodes[id] = sides[r.Layer].state(r, st)
	}
	return side, nil
}

// ids are the nodes that a layer of the stack has, tried to build, or changed.
func (st stack) ids() map[string]bool {
	ids := map[string]bool{}
	for l := range st.standings {
		for id := range l.Nodes {
			ids[id] = true
		}
		for id := range l.Changed {
			ids[id] = true
		}
	}
	return ids
}

// A sideLayer is a layer of a stack, with what the results of its last run say.
type sideLayer struct {
	*Layer
	dbt  string
	rows map[string]int64 // by unique_id
}

// sideLayers are the layers of a stack. What can't be read of the results of a run
// isn't known.
func (rt *runtime) sideLayers(st stack) map[*layer.Layer]sideLayer {
	out := make(map[*layer.Layer]sideLayer, len(st.standings))
	for l, s := range st.standings {
		one := sideLayer{
			Layer: &Layer{
				Name: l.Name, Suffix: s.build.Commit.Short, Manifest: filepath.Join(s.state, "manifest.json"),
				repo: rt.repo, project: s.build.Project, commit: s.build.Commit.Hash,
			},
			rows: map[string]int64{},
		}
		if results, err := readResults(s.state); err == nil {
			one.dbt = results.Metadata.DBTVersion
			for _, r := range results.Results {
				one.rows[r.UniqueID] = int64(r.Response.Rows)
			}
		}
		out[l] = one
	}
	return out
}

// state is what is known of a node that resolved to the layer.
func (l sideLayer) state(r layer.Result, st stack) NodeState {
	if r.Kind == layer.Missing {
		return NodeState{Layer: l.Layer, Problem: briefly(r.Why), NotBuilt: r.Node.Problem == ""}
	}
	e := st.entry(r)
	return NodeState{
		Layer: l.Layer, Relation: relationName(e.Name), Run: e.Run,
		At: e.Time, Anew: e.Since.Equal(e.Time), Rows: l.rows[r.ID],
	}
}
