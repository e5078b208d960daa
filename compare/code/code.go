// Package code decides from the manifests of two builds, without a query, which
// relations must come out alike: same compiled code, same configuration, and the
// same all the way up to the same sources. Where that isn't certain, it says that
// the code differs or isn't known: never that it is the same.
//
// A manifest has each node's code as dbt compiled it when it was last run, with
// variables, macros and ephemeral models filled in, and with the names of
// relations, which lie in another schema in each build. Those that a node gets by
// ref, and its own, are taken out (names.go) before the code is compared; any
// other name stays, so that code which names a schema of its build by itself is
// never the same. What a manifest doesn't have compiled, such as hooks and
// materializations, is compared as it was written, with the macros that it calls
// (hooks.go, macros.go).
package code

import "golang.org/x/sync/errgroup"

// A Build is one side.
type Build struct {
	// Manifest is the file of the manifest that dbt left after building.
	Manifest string
	// Suffix is what the build's schemas end in, after an underscore: the
	// commit's short hash. It is taken out before code is compared.
	Suffix string
	// ReadFile reads a file of the build's commit, by its path in the dbt project;
	// for seeds, which dbt compares by their path where they are large.
	ReadFile func(name string) ([]byte, error)
}

// A Node is a node that has a relation (model, seed, snapshot) on at least one
// side. What differs between the sides is the candidate's, and the baseline's where
// only that has it.
type Node struct {
	ID           string // dbt's unique_id
	Name         string // as a person calls it; with its package or version where that is needed
	ResourceType string
	Materialized string
	File         string // relative to its project, with slashes
	A, B         Relation
	// History is set for what is built on top of what is there: snapshots,
	// incremental models, and what is materialized in a way that isn't dbt's.
	// HistoryAbove is set where one of its ancestors is.
	History, HistoryAbove bool
	// Parents are the nodes that it is made of and that have a relation, through
	// ephemeral ones, by ID, in order. Sources tells whether sources are among
	// them, too.
	Parents []string
	Sources bool
	// Deferred are those of the Parents that the candidate reads from the
	// baseline's relation.
	Deferred []string

	// Same is set where both sides' code is the same all the way up.
	Same bool
	// Own is set where the node's own code and configuration are the same,
	// whatever stands above it.
	Own bool
	// Differences are why it isn't the same, in words such as "SQL",
	// "materialized: view → table", "upstream: stg_orders"; for code that isn't
	// known, why not.
	Differences []string
	// Diff is a unified diff of the file as it was written, "" where that is the
	// same, or only one side has it.
	Diff string

	// Key are the columns that the project says tell rows apart, and KeyFrom
	// which part of it says so ("unique_key", "unique test", "primary key"); none
	// where it doesn't.
	Key     []string
	KeyFrom string
}

// A Relation is where a node lies on one side. In is false where the side's
// project doesn't have it.
type Relation struct {
	In                           bool
	Database, Schema, Identifier string
	SQL                          string // its name as it stands in SQL
	Materialized                 string
}

// Compare reads both manifests and returns their nodes, parents before
// children, then by name.
func Compare(baseline, candidate Build) ([]Node, error) {
	var (
		c     comparison
		group errgroup.Group
	)
	group.Go(func() (err error) { c.a, err = read("baseline", baseline); return err })
	group.Go(func() (err error) { c.b, err = read("candidate", candidate); return err })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return c.nodes(), nil
}
