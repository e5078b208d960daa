package config

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest returns the known name that is most similar to a mistyped one, "" if none is. At most two
// letters may differ, or a third of them, ignoring case.
func nearest(name string, known []string) string {
	letters := len([]rune(name))
	best, fewest := "", letters/3+1
	if letters > 2 {
		fewest = max(fewest, 3) // 2 edits may be two letters that changed places
	}
	for _, candidate := range known {
		edits := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(candidate))
		if edits < fewest {
			best, fewest = candidate, edits
		}
	}
	return best
}

// didYouMean returns a hint with the nearest known name, "" if there is none.
func didYouMean(name string, known []string) string {
	near := nearest(name, known)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", near)
}
