package config

import (
	"regexp"
	"strings"
)

var (
	// nameForm and deviceForm are package spec's rule for environments, which
	// this package may not import: a test holds the two together.
	nameForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)
	deviceForm = regexp.MustCompile(`^(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$`)
)

// checkName says what is wrong with an environment's name; "" if nothing is.
func checkName(name string) string {
	switch {
	case !nameForm.MatchString(name):
		return "letters, digits, _, - and . are allowed, 100 at most, beginning with a letter or digit"
	case strings.Contains(name, ".."), strings.HasSuffix(name, "."):
		return "it can't hold .. or end with a full stop"
	case deviceForm.MatchString(name):
		return "a device's name on Windows, where it can't be a directory"
	}
	return ""
}
