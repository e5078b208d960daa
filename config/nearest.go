package config

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest is the known name that a mistyped one most likely stands for: a third
// of its letters wrong at most, whatever the case; "" if there is none.
func nearest(name string, known []string) string {
	best, fewest := "", len([]rune(name))/3+1
	for _, candidate := range known {
		edits := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate))
		if edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

// didYouMean is a hint that names the nearest known name; "" if none is near.
func didYouMean(name string, known []string) string {
	near := nearest(name, known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", near)
}
