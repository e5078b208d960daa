package pyyaml

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"dot-for-dbt/internal/lazy"
)

// Time is a date, or a date and time, with or without a time zone. To Python these are three
// things, and never equal.
type Time struct {
	at   time.Time
	kind timeKind
}

type timeKind int

const (
	dateOnly timeKind = iota
	withoutZone
	withZone
)

// timeForm is PyYAML's pattern of times. Its groups are year, month, day, hour, minute, second,
// fraction, zone, and the zone's sign, hours and minutes. A date alone needs all its digits.
var timeForm = lazy.Regexp(`^(?:([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9]{1,2})(?::([0-9]{2}))?))?)$`)

// timeOf makes the time of a match of timeForm.
func timeOf(m []string) (any, error) {
	number := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // 0 if it is not given
		return n
	}
	var t Time
	first := 1
	if m[1] == "" {
		first, t.kind = 4, withoutZone
	}
	year, month, day := number(first), number(first+1), number(first+2)
	zone := time.UTC
	if m[11] != "" {
		t.kind = withZone
		offset := number(13)*60 + number(14)
		if offset >= 24*60 {
			return nil, errors.New("has a time zone of a day or more")
		}
		if m[12] == "-" {
			offset = -offset
		}
		zone = time.FixedZone("", offset*60)
	}
	micros, _ := strconv.Atoi((m[10] + "000000")[:6])
	t.at = time.Date(year, time.Month(month), day, number(7), number(8), number(9), micros*1000, zone)
	if year < 1 || t.at.Day() != day || t.at.Month() != time.Month(month) || t.at.Hour() != number(7) || t.at.Minute() != number(8) || t.at.Second() != number(9) {
		return nil, errors.New("is no date in any calendar")
	}
	return t, nil
}

// String returns the text that Python gives for the time, which is also YAML for it.
func (t Time) String() string {
	text := t.at.Format("2006-01-02")
	if t.kind == dateOnly {
		return text
	}
	text += t.at.Format(" 15:04:05")
	if micros := t.at.Nanosecond() / 1000; micros != 0 {
		text += fmt.Sprintf(".%06d", micros)
	}
	if t.kind == withZone {
		text += t.at.Format("-07:00")
	}
	return text
}

// Equal reports whether two times are equal to Python.
func (t Time) Equal(other Time) bool { return t.kind == other.kind && t.at.Equal(other.at) }
