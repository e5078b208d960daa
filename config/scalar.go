package config

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
)

// The number forms of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#1032-tag-resolution).
// The parser's own rules differ: it takes 1e5 and large integers for text, and 012 for ten.
var (
	intForm     = regexp.MustCompile(`^[-+]?[0-9]+$`)
	octalForm   = regexp.MustCompile(`^0o[0-7]+$`)
	hexForm     = regexp.MustCompile(`^0x[0-9a-fA-F]+$`)
	floatForm   = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	specialForm = regexp.MustCompile(`^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	leadingZero = regexp.MustCompile(`^[-+]?0[0-9]+$`)
)

// plainScalar returns the value of unquoted text.
func plainScalar(at place, text string) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "true", "True", "TRUE":
		return true, nil
	case "false", "False", "FALSE":
		return false, nil
	}
	switch {
	case leadingZero.MatchString(text):
		return nil, at.problemf("%s has a leading zero: YAML 1.2 and dbt's YAML 1.1 read it as different numbers", text).
			hint("for text, put it into quotes; for a number, drop the zero; for an octal one, write 0o")
	case intForm.MatchString(text):
		return integer(text, 10), nil
	case octalForm.MatchString(text):
		return integer(text[2:], 8), nil
	case hexForm.MatchString(text):
		return integer(text[2:], 16), nil
	case specialForm.MatchString(text):
		return nil, at.problemf("%s is not a number that dbt accepts", text).hint("for text, put it into quotes")
	case floatForm.MatchString(text):
		number, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(number, 0) {
			return nil, at.problemf("%s is too large for a number", text).hint("for text, put it into quotes")
		}
		return number, nil
	}
	return text, nil
}

// integer reads digits that one of the forms matched. It keeps every digit of a large number.
func integer(digits string, base int) any {
	if small, err := strconv.ParseInt(digits, base, 64); err == nil {
		return small
	}
	large, _ := new(big.Int).SetString(digits, base)
	return large
}
