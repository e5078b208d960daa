package profile

import (
	"strconv"
	"strings"
)

// ClickBool reads the value of a variable as click reads the value of a flag.
func ClickBool(text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "1", "true", "t", "yes", "y", "on":
		return true, nil
	case "0", "false", "f", "no", "n", "off":
		return false, nil
	}
	return strconv.ParseBool(text)
}
