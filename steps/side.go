package steps

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"dot-for-dbt/internal/dbt/artifact"
	"dot-for-dbt/internal/git"
	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/layer"
)

// A Side is one side of a comparison: a build's relations according to the ledgers,
// its own and those of the builds that it rests on.
type Side struct {
	*Built
	Commit  git.Commit
	Env     string
	Profile string // the name of its profile
	// State is the directory of its artifacts, dbt's --state.
	State string
	// DBT is the version of dbt that last built it, "" if that isn't known.
	DBT string
	// Run is the ID of its last run.
	Run string
	// Own is the build's own layer.
	Own *Layer
	// Nodes are the nodes that the build or a layer below has or should have, by
	// unique_id.
	Nodes map[string]NodeState
	// Tests are the last known results of its tests, by unique_id.
	Tests map[string]TestState
	// Absent says why a node that is not in Nodes has no relation.
	Absent string
}

// A NodeState says what dot knows about a node of a side.
type NodeState struct {
	// Layer is the build that has the relation. If the relation is missing, it is
	// the build that should have it.
	Layer *Layer
	// Relation is the node's relation. It is zero if the node has none.
	Relation artifact.RelationName
	Run      string    // the run that wrote it
	At       time.Time // when it was written
	// Anew means that the run built the relation from scratch.
	Anew bool
	// Rows is the number of rows that the last run wrote; 0 if that isn't known.
	Rows int64
	// Problem says why the relation can't be read, "" if it can. The text can follow
	// the node's name or stand alone.
	Problem string
	// Message is dbt's message if the last run failed on the node. It may hold a value.
	Message string
	// NotBuilt is set if no run tried to build the node. Problem then says so.
	NotBuilt bool
	// Reads is the relation of a lower build that the build's nodes read instead, and
	// ReadRun the run that wrote it. They are zero if there is none.
	Reads   artifact.RelationName
	ReadRun string
}

// A Layer is a build that has nodes of a side: the side's build or one below it.
type Layer struct {
	Name string // prod@4521a86
	// Suffix is the commit's part of its schemas' names.
	Suffix string
	// Manifest is the path of its manifest.
	Manifest string
	// EventTimes are the limits of the batches of microbatch models in its last run;
	// each is "" if there was none.
	EventTimes [2]string

	repo    *git.Repo
	project string // its directory below the repository's root
	commit  string
	// packages are its packages by name; nil if they were kept with the manifest.
	packages map[string]installedPackage
}

// ReadFile reads a file of the layer's project at its commit, through symbolic links. The
// name has slashes.
func (l *Layer) ReadFile(ctx context.Context, name string) (text []byte, err error) {
	if l.commit == "" {
		return nil, l.noCommit()
	}
	objects := l.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	return objects.ReadFile(l.commit, path.Join(l.project, name))
}

// FileID returns a digest of a file of the layer's project at its commit, also of one in a
// submodule.
func (l *Layer) FileID(ctx context.Context, name string) (id string, err error) {
	if l.commit == "" {
		return "", l.noCommit()
	}
	objects := l.repo.Objects(ctx)
	defer func() { err = errors.Join(err, objects.Close()) }()
	return objects.FileID(l.commit, path.Join(l.project, name))
}

// noCommit is the error for files of a layer that was made elsewhere.
func (l *Layer) noCommit() error {
	return fmt.Errorf("the commit of %s is not known: %w", l.Name, fs.ErrNotExist)
}

// Stands returns an error with a hint if the build has no relations.
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
			fmt.Sprintf("the DuckDB file of %s is gone: %s", build, build.place.Database),
			buildIt(b.Specs[0]),
		)
	}
	return found, nil
}

// Side returns the build's relations now, each resolved as for a build that defers to
// this one. If the build has no relations, the error has a hint.
func (b *Built) Side() (Side, error) {
	build := b.job.build
	found, err := b.stands()
	if err != nil {
		return Side{}, err
	}
	side := Side{
		Built: b, Commit: build.commit, Env: build.Env, Profile: build.output.Profile, Run: found.runID(),
		Tests: testsOf(found.state, build.Target()),
	}
	b.runtime.resolveSide(&side, found)
	side.Own.Suffix = build.suffix
	return side, nil
}

// Bare returns a side without any relation.
func (b *Built) Bare() Side {
	build := b.job.build
	return Side{Built: b, Commit: build.commit, Env: build.Env, Profile: build.output.Profile, Own: &Layer{}}
}

// Needs reports whether the build's command needs a step, or is the step.
func (b *Built) Needs(step string) bool { return slices.Contains(b.steps, step) }

// resolveSide fills in what a build's standing says about a side.
func (ls *layers) resolveSide(side *Side, found standing) {
	st := ls.stackOf(found)
	sides := ls.sideLayers(st)
	own := sides[st.top]
	side.State, side.DBT, side.Own = found.state, own.dbt, own.Layer
	side.Nodes, side.Absent = map[string]NodeState{}, st.top.Resolve("").Why
	for id := range st.ids() {
		r := st.top.Resolve(id)
		state := sides[r.Layer].state(r, st)
		if state.NotBuilt {
			if read, err := st.top.Read(id); err == nil && read.Kind == layer.Below {
				e := st.entry(read)
				state.Reads, state.ReadRun = relationName(e.Name), e.Run
			}
		}
		side.Nodes[id] = state
	}
}

// ids returns the nodes that a layer of the stack has, tried to build, or changed.
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

// A sideLayer is a layer of a stack, with data from its last run results.
type sideLayer struct {
	*Layer
	dbt  string
	rows map[string]int64 // by unique_id
	// messages are those of failed nodes, by unique_id.
	messages map[string]string
}

// sideLayers returns the layers of a stack. Without readable run results, dbt and
// rows stay empty.
func (ls *layers) sideLayers(st stack) map[*layer.Layer]sideLayer {
	out := make(map[*layer.Layer]sideLayer, len(st.standings))
	for l, s := range st.standings {
		one := sideLayer{
			Layer: &Layer{
				Name: l.Name, Suffix: cmp.Or(s.build.Tree, s.build.Commit.Short), Manifest: filepath.Join(s.state, "manifest.json"),
				repo: ls.repo, project: s.build.Project, commit: s.build.Commit.Hash,
			},
			rows: map[string]int64{}, messages: map[string]string{},
		}
		if results, err := readResults(s.state); err == nil {
			one.dbt = results.Metadata.DBTVersion
			one.EventTimes = [2]string{string(results.Args.EventTimeStart), string(results.Args.EventTimeEnd)}
			for _, r := range results.Results {
				one.rows[r.UniqueID] = int64(r.Response.Rows)
				if r.Status.Failed() {
					one.messages[r.UniqueID] = r.Message
				}
			}
		}
		out[l] = one
	}
	return out
}

// state returns the state of a node that resolved to the layer.
func (l sideLayer) state(r layer.Result, st stack) NodeState {
	if r.Kind == layer.Missing {
		return NodeState{Layer: l.Layer, Problem: briefly(r.Why), Message: l.messages[r.ID], NotBuilt: r.Node.Problem == ""}
	}
	e := st.entry(r)
	return NodeState{
		Layer: l.Layer, Relation: relationName(e.Name), Run: e.Run,
		At: e.Time, Anew: e.Since.Equal(e.Time), Rows: l.rows[r.ID],
	}
}
