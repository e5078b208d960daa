package config

import (
	"fmt"
	"strconv"
	"time"

	"dot-for-dbt/internal/lazy"
)

// Age is how long a build stays up to date. The zero Age means: always run again.
type Age struct {
	Limit time.Duration
	Never bool // it never expires; Limit is 0
}

const day = 24 * time.Hour

// maxDays is well below the maximum of a Duration, 292 years.
const maxDays = 36500

var ageForm = lazy.Regexp(`^(?:([0-9]+)d)?((?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?)$`)

// ParseAge reads 12h, 30m, 90s, 7d or 1d12h; 0, which means always run; or never.
func ParseAge(text string) (Age, error) {
	switch text {
	case "0":
		return Age{}, nil
	case "never":
		return Age{Never: true}, nil
	}
	parts := ageForm().FindStringSubmatch(text)
	if parts == nil || text == "" {
		return Age{}, fmt.Errorf("%q is not an age: use 12h, 30m, 7d, 0 (always run) or never", text)
	}
	var age Age
	if parts[1] != "" {
		days, err := strconv.Atoi(parts[1])
		if err != nil || days > maxDays {
			return Age{}, fmt.Errorf("%q is too long: %dd at most, or never", text, maxDays)
		}
		age.Limit = time.Duration(days) * day
	}
	if parts[2] != "" {
		rest, err := time.ParseDuration(parts[2])
		if err != nil || rest > maxDays*day {
			return Age{}, fmt.Errorf("%q is too long: %dd at most, or never", text, maxDays)
		}
		age.Limit += rest
	}
	return age, nil
}

// String returns text that ParseAge reads.
func (a Age) String() string {
	if a.Never {
		return "never"
	}
	text := ""
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := a.Limit / unit.size; n > 0 {
			text += strconv.Itoa(int(n)) + unit.name
			a.Limit -= n * unit.size
		}
	}
	if text == "" {
		return "0"
	}
	return text
}
