// Package code decides from the manifests of two builds, without a query, which nodes
// have the same code: the same compiled code and configuration, and ancestors with the
// same code up to the same sources. If that isn't certain, it says that the code
// differs or is unknown, never that it is the same.
//
// A manifest has each node's code as dbt compiled it for the last run, with variables,
// macros and ephemeral models filled in. It also contains the names of relations, and
// these lie in another schema in each build. The names that a node gets by ref, and
// its own, are removed (names.go) before the code is compared. Any other name stays, so
// that code which hard-codes a schema of its build is never the same. Hooks and
// materializations are not compiled in a manifest. They are compared as written, with
// the macros that they call (hooks.go, macros.go).
package code

import (
	"golang.org/x/sync/errgroup"

	"dot-for-dbt/internal/dbt/artifact"
)

// A Side is a side of the comparison, as far as its code is needed.
type Side struct {
	// Manifest is the file of the manifest that dbt left after building.
	Manifest string
	// Suffix is the suffix of the build's schemas, without the underscore: the
	// commit's short hash. It is removed before code is compared.
	Suffix string
	// ReadFile reads a file of the build's commit, by its path in the dbt project. It
	// is needed for large seeds, whose checksum in dbt covers only their path.
	ReadFile func(name string) ([]byte, error)
	// FileID returns a digest of such a file: also of a file in a submodule, and of the one
	// that a symbolic link leads to. A file that isn't there is an [fs.ErrNotExist]. It is
	// needed for the files that code reads.
	FileID func(name string) (string, error)
	// Nodes says where the nodes' relations lie, by unique_id. A node that isn't in
	// here is the build's own, and lies where the manifest says.
	Nodes map[string]Resolved
	// Reads has the relations of lower builds that the build's last run, LastRun, read
	// for nodes that are not in Nodes.
	Reads   map[string]Resolved
	LastRun string
	// Batches says which batches of microbatch models the last run has built, if the
	// command line limited them.
	Batches string
}

// Resolved is where a node of a side lies.
type Resolved struct {
	artifact.RelationName
	Run string // the run that wrote it
	// Below is the build that has the relation if it isn't the side's own. The
	// node's code is that of its manifest.
	Below *Side
}

// A Node is a node that has a relation (model, seed, snapshot) on at least one
// side. Its fields describe the candidate's node, or the baseline's if only that side
// has it.
type Node struct {
	ID   string // dbt's unique_id
	Name string // with its package or version if the name alone is ambiguous
	// OldID is the baseline's unique_id if the candidate gave the node another one, else
	// "". OldName is its name there.
	OldID, OldName string

	ResourceType string
	Materialized string
	File         string // relative to its project, with slashes
	A, B         Location
	// History is set for nodes that are built on existing data: snapshots,
	// incremental models, and custom materializations. HistoryAbove is set if an
	// ancestor is such a node.
	History, HistoryAbove bool
	// Parents has the IDs of the nodes with a relation that this one reads, directly
	// or through ephemeral models, sorted. Sources is set if it reads sources, too.
	Parents []string
	Sources bool
	// Deferred has those of the Parents that both sides read from one relation: the
	// baseline's.
	Deferred []string

	// One is set if both sides have one and the same relation. Then it counts as the
	// same code, whatever is above it.
	One bool

	// Same is set if the code of the node and of all its ancestors is the same.
	Same bool
	// Own is set if the node's own code and configuration are the same, whatever its
	// ancestors are.
	Own bool
	// Differences says why Same isn't set: "SQL", "materialized: view → table",
	// "upstream: stg_orders", or why the code is unknown.
	Differences []string
	// Diff is a unified diff of the node's source file, from or to /dev/null if only one
	// side has it; "" if it is the same, too large, or not known.
	Diff string

	// Files has the data files that the code reads by relative paths and that differ
	// between the commits, or aren't compared.
	Files []string

	// Key has the columns that identify a row, according to the project. KeyFrom says
	// which part of the project says so ("unique_key", "unique test", "primary key").
	// Both are empty if the project names no key.
	Key     []string
	KeyFrom string

	// Snapshot is for a snapshot, zero for other nodes.
	Snapshot Snapshot
}

// A Location is where a node's relation lies on one side. In is false if the side's
// project doesn't have the node.
type Location struct {
	In                           bool
	Database, Schema, Identifier string
	SQL                          string // its name in SQL
	// OwnSchema is the part of Schema up to the suffix of its build: dev_9b13827 of
	// dev_9b13827_marts; "" if Schema lacks the suffix.
	OwnSchema    string
	Materialized string
}

// Compare reads both manifests and returns their nodes: parents before children, then
// by name. It pairs the given renamed nodes, and those that it finds.
func Compare(baseline, candidate Side, renames ...Rename) ([]Node, error) {
	var (
		c     comparer
		group errgroup.Group
	)
	group.Go(func() (err error) { c.a, err = read("baseline", baseline, nil); return err })
	group.Go(func() (err error) { c.b, err = read("candidate", candidate, nil); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := c.rename(renames); err != nil {
		return nil, err
	}
	c.resolve()
	return c.nodes(), nil
}
