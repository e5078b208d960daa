// Package compare compares builds: which of their relations hold the same data,
// which don't, how they differ, and how surely that is known.
//
// A comparison climbs a ladder, the cheapest rung first. Package code settles
// without a query what has the same code all the way up; package ladder asks the
// warehouse about the rest, through dbt; and package report is what comes of it,
// for whoever shows it. This package chooses who is compared with whom (Compile),
// which relations and how far (choose.go), and says what the findings mean
// (verdict.go).
//
// Where the answer isn't certain the verdict is unknown, with the reason; it is
// never same.
package compare
