// Package version compares versions of dbt. It is a leaf.
package version

import (
	"strconv"
	"strings"
)

// AtLeast compares the first two numbers of versions: "1.12.0b1" is at least "1.12".
func AtLeast(version, least string) bool {
	a, b := MajorMinor(version), MajorMinor(least)
	return a[0] > b[0] || (a[0] == b[0] && a[1] >= b[1])
}

func MajorMinor(version string) (numbers [2]int) {
	for i := range numbers {
		var part string
		part, version, _ = strings.Cut(version, ".")
		numbers[i], _ = strconv.Atoi(part) // text counts as 0
	}
	return numbers
}

// IsV2 reports whether a version is dbt 2 or later; false if the version is unknown.
func IsV2(version string) bool { return MajorMinor(version)[0] >= 2 }
