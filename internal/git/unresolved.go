package git

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dot-for-dbt/internal/hint"

	"github.com/agnivade/levenshtein"
)

const (
	maxNear       = 3 // similar names suggested for a ref
	maxCandidates = 5 // commits shown for an abbreviated hash
)

// settle takes the refs that exist on one remote only from there. The rest becomes an error, in the
// order in which they were asked for.
func (s *search) settle(asked []string) error {
	all, err := s.repo.refs(s.ctx)
	if err != nil {
		return err
	}
	var problems, hints []string
	missing := false
	for _, ref := range asked {
		failed, ok := s.failed[ref]
		if !ok {
			continue
		}
		delete(s.failed, ref) // a ref that was asked for twice is reported once
		switch remote := all.remote[ref]; {
		case failed.missing && len(remote) == 1:
			s.found[ref] = resolved{hash: all.hash[remote[0]], note: fmt.Sprintf("from %s (no local branch of that name)", remote[0])}
			continue
		case failed.missing && len(remote) > 1:
			failed.why = fmt.Sprintf("%q is not a local branch, and several remotes have it", ref)
			hints = append(hints, "say which: "+strings.Join(remote, ", "))
		case failed.missing && (ref == "HEAD" || ref == "@"):
			failed.why = fmt.Sprintf("%s has no commit yet", ref)
			hints = append(hints, "make one: git commit")
		case failed.missing:
			missing = true
			if near := all.near(ref); len(near) > 0 {
				hints = append(hints, "did you mean "+strings.Join(near, ", ")+"?")
			}
		case failed.ambiguous:
			candidates, err := s.repo.candidates(s, ref)
			if err != nil {
				return errors.Join(err, s.end())
			}
			if candidates != "" {
				failed.why += ", among them the commits " + candidates
			}
			hints = append(hints, "give more of its characters")
		}
		problems = append(problems, failed.why)
	}
	if err := s.end(); err != nil {
		return err
	}
	if len(problems) == 0 {
		return nil
	}
	if missing {
		hints = append(hints, "dot never fetches; to get what others pushed: git fetch")
	}
	if s.repo.shallow() {
		hints = append(hints, "this clone is shallow, older commits are not here: git fetch --unshallow")
	}
	return hint.New(strings.Join(problems, "; "), hints...)
}

// shallow reports whether the clone has only a part of the history.
func (r *Repo) shallow() bool {
	info, err := os.Stat(filepath.Join(r.CommonDir, "shallow"))
	return err == nil && info.Size() > 0
}

// near returns the branches and tags, and HEAD, that are most similar to ref. A remote's branch is
// also found without the remote's name, and feature/refunds by refunds.
func (all *refs) near(ref string) []string {
	known := append(slices.Collect(maps.Keys(all.remote)), all.local...)
	known = append(known, "HEAD")
	slices.Sort(known)
	known = slices.Compact(known)
	distance := map[string]int{}
	for _, name := range known {
		distance[name] = levenshtein.ComputeDistance(strings.ToLower(ref), strings.ToLower(name))
		if strings.HasSuffix(strings.ToLower(name), "/"+strings.ToLower(ref)) {
			distance[name] = 0
		}
	}
	known = slices.DeleteFunc(known, func(name string) bool {
		begins := len(name) > len(ref) && strings.EqualFold(name[:len(ref)], ref)
		return !begins && (distance[name] > max(2, len(ref)/3) || distance[name] >= len(ref))
	})
	slices.SortStableFunc(known, func(a, b string) int { return cmp.Compare(distance[a], distance[b]) })
	return known[:min(len(known), maxNear)]
}

// candidates lists the commits that a short hash may mean.
func (r *Repo) candidates(s *search, ref string) (string, error) {
	out, err := run(s.ctx, "rev-parse", command(r.Top, "rev-parse", "--disambiguate="+ref))
	if err != nil {
		return "", err
	}
	var commits []string
	for id := range strings.FieldsSeq(string(out)) {
		object, _, err := s.ask(id)
		if err != nil {
			return "", err
		}
		if object.kind == "commit" {
			commits = append(commits, id)
		}
	}
	if more := len(commits) - maxCandidates; more > 0 {
		commits = append(commits[:maxCandidates], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(commits, ", "), nil
}
