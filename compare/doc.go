// Package compare compares builds. It says which of their relations hold the same
// data, how the others differ, and how certain that is.
//
// A comparison climbs a ladder, the cheapest rung first. Package code finds, without a
// query, the nodes whose code is the same in both builds, up to their sources. Package
// ladder asks the warehouse about the others, through dbt. Package report describes the
// result for those who show it. This package chooses the builds to compare (Compile),
// the relations and the depth (choose.go), and turns answers into verdicts
// (verdict.go).
//
// If an answer isn't certain, the verdict is unknown, with a reason; it is never same.
package compare
