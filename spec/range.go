package spec

import "strings"

// A Range is the commits that are reachable from To but not from From (gitrevisions(7), From..To).
type Range struct{ From, To string }

// Range returns the range that a spec has in place of a ref, as in dev@main~5..main. A missing end
// means HEAD, as in git. ok is false for a single commit's ref. Names of branches and tags never
// contain two dots (git-check-ref-format(1)), but a search for a message may.
func (s Spec) Range() (r Range, ok bool) {
	if strings.HasPrefix(s.Ref, ":") || strings.Contains(s.Ref, "^{/") {
		return Range{}, false
	}
	from, to, ok := strings.Cut(s.Ref, "..")
	if !ok {
		return Range{}, false
	}
	orHEAD := func(ref string) string {
		if ref == "" {
			return "HEAD"
		}
		return ref
	}
	return Range{From: orHEAD(from), To: orHEAD(to)}, true
}

// checkRange returns what is wrong with a range, "" if nothing is, or if ref is not a range.
func checkRange(ref string) string {
	r, ok := Spec{Ref: ref}.Range()
	switch {
	case !ok:
		return ""
	case ref == "..":
		return "a range without an end: which commits are meant?"
	case strings.HasPrefix(r.To, "."):
		return `"..." is no range of dot's: a..b are the commits that lead to b and not to a`
	case strings.Contains(r.To, ".."):
		return `a range has two ends, with ".." between them`
	case strings.HasPrefix(r.To, "-"):
		return `the end of the range starts with "-": a branch, tag or commit is expected`
	}
	return ""
}
