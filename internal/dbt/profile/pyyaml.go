package profile

import (
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// The words and patterns by which PyYAML's SafeLoader tells the type of plain scalars (its
// resolver.py). pyScalar keeps times as text.
var (
	pyInt   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	pyFloat = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$`)
	pyTime  = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$`)
	pyInf   = regexp.MustCompile(`^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
)

// pyScalar returns the value of a plain YAML scalar in PyYAML: nil, bool, json.Number or string.
func pyScalar(text string) (any, error) {
	switch text {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true, nil
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false, nil
	}
	switch {
	case pyInf.MatchString(text):
		return nil, errors.New("expected a finite number, found " + text)
	case pyInt.MatchString(text):
		return pyInteger(text)
	case pyFloat.MatchString(text):
		return pyFloatNumber(text)
	}
	return text, nil
}

// isPyText reports whether PyYAML reads a plain scalar as a text.
func isPyText(plain string) bool {
	value, err := pyScalar(plain)
	_, text := value.(string)
	return err == nil && text && plain != "=" && plain != "<<" && !pyTime.MatchString(plain)
}

func pyInteger(text string) (any, error) {
	digits := strings.ReplaceAll(text, "_", "")
	negative := strings.HasPrefix(digits, "-")
	digits = strings.TrimLeft(digits, "+-")
	if strings.Contains(digits, ":") {
		return sexagesimal(digits, negative)
	}
	base := 10
	switch {
	case strings.HasPrefix(digits, "0b"):
		base, digits = 2, digits[2:]
	case strings.HasPrefix(digits, "0x"):
		base, digits = 16, digits[2:]
	case len(digits) > 1 && digits[0] == '0':
		base = 8
	}
	n, ok := new(big.Int).SetString(digits, base)
	if !ok {
		return nil, errors.New("expected a whole number, found " + text)
	}
	if negative {
		n.Neg(n)
	}
	return json.Number(n.String()), nil
}

// sexagesimal reads "12:30:45" as YAML 1.1 does: in base 60.
func sexagesimal(digits string, negative bool) (any, error) {
	n := new(big.Int)
	for part := range strings.SplitSeq(digits, ":") {
		digit, ok := new(big.Int).SetString(part, 10)
		if !ok {
			return nil, errors.New("expected a whole number, found " + digits)
		}
		n.Add(n.Mul(n, big.NewInt(60)), digit)
	}
	if negative {
		n.Neg(n)
	}
	return json.Number(n.String()), nil
}

func pyFloatNumber(text string) (any, error) {
	digits := strings.ReplaceAll(text, "_", "")
	if strings.Contains(digits, ":") {
		return nil, errors.New("expected a decimal number, found " + text)
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return nil, errors.New("expected a number, found " + text)
	}
	return floatNumber(f)
}
