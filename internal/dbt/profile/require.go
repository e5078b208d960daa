package profile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"dot-for-dbt/internal/lazy"
)

// Meets reports whether a dbt of the given version satisfies the project's require-dbt-version,
// compared as in dbt (dbt_common.semver of dbt-core 1.11.16). judged is false if this can't be
// decided: the version is unknown, nothing is required, or a condition is invalid. dbt reports the
// latter itself.
func (p Project) Meets(version string, scope Scope) (ok, judged bool) {
	installed, known := parseRequirement(version)
	if !known || installed.matcher != "=" || len(p.RequireDBT) == 0 {
		return true, false
	}
	ok = true
	for _, text := range p.Required(scope) {
		required, readable := parseRequirement(text)
		if !readable {
			return true, false
		}
		ok = ok && required.allows(installed)
	}
	return ok, true
}

// Required returns the project's conditions on dbt's version: ">=1.8.0", "<1.9.0".
func (p Project) Required(scope Scope) []string {
	texts := slices.Clone(p.RequireDBT)
	for i, text := range texts {
		if rendered, err := scope.Render(text); err == nil {
			texts[i] = rendered
		}
	}
	if len(texts) == 1 { // a single text may hold several; dbt allows no space beside the comma
		return strings.Split(texts[0], ",")
	}
	return texts
}

// requirementForm matches dbt's syntax for conditions and versions. All three numbers are required.
var requirementForm = lazy.Regexp(`^(>=|>|<=|<|=)?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
	`(?:-?((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?` +
	`(?:\+[0-9A-Za-z-]*(?:\.[0-9A-Za-z-]*)*)?$`)

// A requirement is a condition on a version, or a version if it has "=".
type requirement struct {
	matcher    string
	numbers    [3]int
	prerelease string // "rc1"; "" for a release
}

func parseRequirement(text string) (requirement, bool) {
	m := requirementForm().FindStringSubmatch(text)
	if m == nil {
		return requirement{}, false
	}
	r := requirement{matcher: cmp.Or(m[1], "="), prerelease: m[5]}
	for i := range r.numbers {
		n, err := strconv.Atoi(m[2+i])
		if err != nil { // out of range
			return requirement{}, false
		}
		r.numbers[i] = n
	}
	return r, true
}

// allows reports whether a version satisfies the condition.
func (r requirement) allows(version requirement) bool {
	switch order := r.compare(version); r.matcher {
	case ">=":
		return order <= 0
	case ">":
		return order < 0
	case "<=":
		return order >= 0
	case "<":
		return order > 0
	default:
		return order == 0
	}
}

// compare is below zero if r's version comes before the other one.
func (r requirement) compare(version requirement) int {
	if order := slices.Compare(r.numbers[:], version.numbers[:]); order != 0 {
		return order
	}
	switch {
	case r.prerelease == version.prerelease:
		return 0
	case r.prerelease == "" && r.matcher == "<": // otherwise "<2.0.0" would allow 2.0.0-beta
		return -1
	case r.prerelease == "":
		return 1
	case version.prerelease == "":
		return -1
	}
	return comparePrereleases(r.prerelease, version.prerelease)
}

// comparePrereleases compares parts between dots as numbers if both are numbers, else letter by
// letter. So to dbt, "rc10" comes before "rc2".
func comparePrereleases(a, b string) int {
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		m, errM := strconv.Atoi(left[i])
		n, errN := strconv.Atoi(right[i])
		order := 0
		switch {
		case errM == nil && errN == nil:
			order = cmp.Compare(m, n)
		case errM == nil:
			order = -1
		case errN == nil:
			order = 1
		default:
			order = strings.Compare(left[i], right[i])
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}
