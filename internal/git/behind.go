package git

import (
	"fmt"
	"slices"
	"strings"
)

// noteBehind adds a note to each local branch that lacks commits of its upstream, as of the last
// fetch (behaviours B.6). It starts a process only if a branch differs from origin's branch of the
// same name. So an upstream with another name or on another remote goes unnoticed.
func (s *search) noteBehind() error {
	var differ []string
	for ref, at := range s.found {
		if strings.ContainsAny(ref, "~^:@{ ") {
			continue // not a plain name
		}
		branch, _, err := s.ask("refs/heads/" + ref)
		if err != nil {
			return err
		}
		if branch.id != at.hash {
			continue
		}
		upstream, _, err := s.ask("refs/remotes/origin/" + ref)
		if err != nil {
			return err
		}
		if upstream.id != "" && upstream.id != at.hash {
			differ = append(differ, "refs/heads/"+ref)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	slices.Sort(differ)
	args := []string{"for-each-ref", "--format=%(refname)%00%(upstream:short)%00%(upstream:track,nobracket)"}
	out, err := run(s.ctx, "for-each-ref", command(s.repo.Top, append(args, differ...)...))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "\x00")
		ref := strings.TrimPrefix(fields[0], "refs/heads/")
		at, ok := s.found[ref]
		if len(fields) != 3 || !ok {
			continue
		}
		// "behind 2", "ahead 1, behind 2"
		if _, behind, ok := strings.Cut(fields[2], "behind "); ok && at.note == "" {
			at.note = fmt.Sprintf("behind %s by %s", fields[1], commits(behind))
			s.found[ref] = at
		}
	}
	return nil
}

func commits(count string) string {
	if count == "1" {
		return "1 commit"
	}
	return count + " commits"
}
