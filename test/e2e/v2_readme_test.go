//go:build unix

package e2e

import "testing"

// TestREADMEWithV2 runs the commands of README and docs/compare.md with dbt 2: what they print beside
// dot's own words is not the same.
func TestREADMEWithV2(t *testing.T) {
	full(t)
	t.Parallel()
	s := newShop(t, "duckdb")
	s.useV2()
	s.runPages(false)
}
