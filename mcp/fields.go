package mcp

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/spec"
)

// The longest values of fields, in bytes.
const (
	maxSpec      = 250
	maxSelection = 2000
	maxName      = 500
)

// isolated checks a field that names one build by a ref, or the working tree by env@.
func isolated(field, value string) error {
	if err := sized(field, value, maxSpec); err != nil {
		return err
	}
	s, err := spec.Parse(value)
	if err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	if !s.Isolated() {
		return hint.New(fmt.Sprintf("%s %q: without a ref it means the environment's own schema, which no tool touches", field, value),
			"for the last commit: "+s.Env+"@HEAD", "for the working tree, in a schema of its own: "+s.Env+"@.")
	}
	if _, several := s.Range(); several {
		return hint.New(fmt.Sprintf("%s %q: a range of commits is not one build", field, value), "name one commit: "+s.Env+"@HEAD")
	}
	return nil
}

// selection checks a field that dbt gets as a selection: names and methods, separated by blanks.
func selection(field, value string) error {
	if err := sized(field, value, maxSelection); err != nil {
		return err
	}
	if i := strings.IndexFunc(value, unicode.IsControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(value[i:])
		return fmt.Errorf("%s: it holds a control character, %U", field, r)
	}
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		if strings.HasPrefix(word, "-") {
			return hint.New(fmt.Sprintf("%s: %q begins with \"-\", so it is no selection", field, clip(word, 40)), "flags of dbt's can't be given")
		}
	}
	return nil
}

// sized checks that a field is text of some length, and not too long.
func sized(field, value string, most int) error {
	switch {
	case strings.TrimSpace(value) == "":
		return errors.New(field + ": it is empty")
	case len(value) > most:
		return fmt.Errorf("%s: it has %d bytes, at most %d are allowed", field, len(value), most)
	case !utf8.ValidString(value):
		return errors.New(field + ": it holds bytes that are not UTF-8")
	}
	return nil
}
