//go:build linux

package e2e

import "testing"

// D.2: dbt 2 finds everything in a sparse worktree, too.
func TestV2SparseWorktree(t *testing.T) {
	onOne(t, "duckdb", testSparse(true))
}
