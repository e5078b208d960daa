//go:build !race

package cli_test

// raceDetector reports whether the tests were built with the race detector.
const raceDetector = false
