package pyyaml

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// The words and patterns by which PyYAML's SafeLoader tells the type of plain scalars (its
// resolver.py).
var (
	intForm   = lazy.Regexp(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatForm = lazy.Regexp(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$`)
	infForm   = lazy.Regexp(`^([-+]?)\.(?:inf|Inf|INF)$`)
	nanForm   = lazy.Regexp(`^\.(?:nan|NaN|NAN)$`)
)

// resolve returns the value of a plain scalar in PyYAML: nil, bool, int64, *big.Int (where int64 is
// too small), float64, [Time] or string. It is an error if PyYAML can't make the value.
func resolve(text string) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true, nil
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false, nil
	case "=", "<<":
		return nil, errors.New("has a meaning of its own in YAML; for text, put it into quotes")
	}
	if !strings.ContainsRune("-+.0123456789", rune(text[0])) { // as in PyYAML's own table
		return text, nil
	}
	if nanForm().MatchString(text) {
		return math.NaN(), nil
	}
	if m := infForm().FindStringSubmatch(text); m != nil {
		return signed(math.Inf(1), m[1]), nil
	}
	switch {
	case intForm().MatchString(text):
		return integer(text)
	case floatForm().MatchString(text):
		return float(text)
	}
	if m := timeForm().FindStringSubmatch(text); m != nil {
		return timeOf(m)
	}
	return text, nil
}

// isText reports whether PyYAML reads a plain scalar as a text.
func isText(plain string) bool {
	value, err := resolve(plain)
	_, text := value.(string)
	return err == nil && text
}

// cutSign splits a number into its sign and its digits, without underscores.
func cutSign(text string) (sign, digits string) {
	digits = strings.ReplaceAll(text, "_", "")
	if digits != "" && (digits[0] == '-' || digits[0] == '+') {
		return digits[:1], digits[1:]
	}
	return "", digits
}

func signed(f float64, sign string) float64 {
	if sign == "-" {
		return -f
	}
	return f
}

func integer(text string) (any, error) {
	sign, digits := cutSign(text)
	base := 10
	n, ok := new(big.Int), true
	switch {
	case strings.Contains(digits, ":"):
		for part := range strings.SplitSeq(digits, ":") { // base 60
			digit, _ := new(big.Int).SetString(part, 10)
			n.Add(n.Mul(n, big.NewInt(60)), digit)
		}
	case strings.HasPrefix(digits, "0b"):
		n, ok = n.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		n, ok = n.SetString(digits[2:], 16)
	case len(digits) > 1 && digits[0] == '0':
		base = 8
		fallthrough
	default:
		n, ok = n.SetString(digits, base)
	}
	if !ok { // such as 0x_
		return nil, errors.New("is no number that dbt can read")
	}
	if sign == "-" {
		n.Neg(n)
	}
	if n.IsInt64() {
		return n.Int64(), nil
	}
	return n, nil
}

func float(text string) (any, error) {
	sign, digits := cutSign(text)
	sum, unit := 0.0, 1.0
	parts := strings.Split(digits, ":")
	for i := len(parts) - 1; i >= 0; i-- { // base 60, if there are several
		f, err := strconv.ParseFloat(parts[i], 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) { // too large is infinity, as in Python
			return nil, fmt.Errorf("is no number that dbt can read")
		}
		sum += f * unit
		unit *= 60
	}
	return signed(sum, sign), nil
}
