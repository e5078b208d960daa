package spec

import "strings"

// A Range is the commits that are reachable from To but not from From (gitrevisions(7), From..To).
type Range struct{ From, To string }

// Range returns the range that a spec has in place of a ref, as in dev@main~5..main. A missing end
// means HEAD, as in git. ok is false for a single commit's ref. Names of branches and tags never
// contain two dots (git-check-ref-format(1)), but a search for a message may.
func (s Spec) Range() (r Range, ok bool) {
	if s.Ref == WorkingTree || strings.HasPrefix(s.Ref, ":") || strings.Contains(s.Ref, "^{/") {
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

// checkRange returns what is wrong with the range in a spec, "" if nothing is, or if it has none.
func checkRange(s Spec) (problem string, hints []string) {
	r, ok := s.Range()
	switch {
	case !ok:
	case s.Ref == "..":
		return "a range without an end: which commits are meant?", []string{
			"such as " + s.Env + "@main..HEAD", "for the working tree, one dot is enough: " + s.Env + "@.",
		}
	case r.To == WorkingTree && r.From != "HEAD":
		return `"..." is no range of dot's, and a range ends at a commit, not at the working tree`, []string{
			"for the commits and the working tree: " + s.Env + "@" + r.From + ".. " + s.Env + "@.",
		}
	case strings.HasPrefix(r.To, "."):
		return `"..." is no range of dot's: a..b are the commits that lead to b and not to a`, nil
	case strings.Contains(r.To, ".."):
		return `a range has two ends, with ".." between them`, nil
	case strings.HasPrefix(r.To, "-"):
		return `the end of the range starts with "-": a branch, tag or commit is expected`, nil
	}
	return "", nil
}
