package git

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// A Commit is what a ref was resolved to.
type Commit struct {
	Ref     string // as it was given
	Hash    string
	Short   string // git's abbreviation
	Subject string
	Time    time.Time // of the commit (not of its authoring)
	// Note is a remark on how the ref was resolved, "" for none.
	Note string
}

// Resolve finds the commit behind each ref: a branch, a tag (peeled), a hash,
// HEAD~2, main@{yesterday}, :/text, @ (HEAD), whatever gitrevisions(7) has. A
// branch that only one remote has is used, with a note. The error is about
// every ref that is not a commit.
//
// Whatever the number of refs, git runs twice: a `cat-file --batch-check` that
// is asked for the names and then for what the ids peel to, since a name may
// hold a "^" of its own; and a `git log`.
func (r *Repo) Resolve(ctx context.Context, refs []string) ([]Commit, error) {
	check := r.startBatch(ctx, "--batch-check")
	defer check.close()
	commits := make([]Commit, len(refs))
	var problems []error
	for i, ref := range refs {
		c, err := r.resolve(ctx, check, ref)
		if err != nil {
			problems = append(problems, err)
		}
		commits[i] = c
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return commits, r.describe(ctx, commits)
}

// resolve finds the hash of one ref.
func (r *Repo) resolve(ctx context.Context, check *batch, ref string) (Commit, error) {
	c := Commit{Ref: ref}
	if ref == "" || strings.HasPrefix(ref, "-") || strings.ContainsFunc(ref, unicode.IsControl) {
		return c, &hintError{msg: fmt.Sprintf("%q is no ref", ref), hints: []string{"a ref is a branch, a tag, a hash or something like HEAD~2"}}
	}
	h, err := check.ask(ref)
	if err != nil {
		return c, err
	}
	if h.problem == "missing" {
		name, err := r.remoteBranch(ctx, ref)
		if err != nil {
			return c, err
		}
		if name == "" {
			return c, r.unknown(ctx, ref)
		}
		c.Note = "there is no such branch here; taken from " + strings.TrimPrefix(name, "refs/remotes/")
		if h, err = check.ask(name); err != nil {
			return c, err
		}
	}
	switch {
	case h.problem == "ambiguous":
		return c, &hintError{msg: fmt.Sprintf("%q abbreviates several objects", ref), hints: []string{"git rev-parse --disambiguate=" + ref + " lists them: use more characters"}}
	case h.problem != "":
		return c, r.unknown(ctx, ref)
	}
	peeled, err := check.ask(h.id + "^{commit}")
	if err != nil {
		return c, err
	}
	if peeled.problem != "" {
		return c, &hintError{msg: fmt.Sprintf("%q is a %s, not a commit", ref, h.kind), hints: []string{"name a branch, a tag or a commit"}}
	}
	c.Hash = peeled.id
	return c, nil
}

// describe fills in what git log knows of the commits.
func (r *Repo) describe(ctx context.Context, commits []Commit) error {
	var hashes strings.Builder
	for _, c := range commits {
		hashes.WriteString(c.Hash + "\n")
	}
	log := command(r.Top, "log", "--no-walk=unsorted", "--stdin", "-z", "--no-show-signature", "--no-color", "--format=%H%x09%h%x09%ct%x09%s")
	log.Stdin = strings.NewReader(hashes.String())
	out, err := output(ctx, log)
	if err != nil {
		return fmt.Errorf("read the commits: %w", err)
	}
	known := make(map[string][]string)
	for _, record := range strings.Split(strings.TrimSuffix(out, "\x00"), "\x00") {
		if fields := strings.SplitN(record, "\t", 4); len(fields) == 4 {
			known[fields[0]] = fields[1:]
		}
	}
	for i := range commits {
		fields := known[commits[i].Hash]
		if fields == nil {
			return fmt.Errorf("git log says nothing of commit %s", commits[i].Hash)
		}
		var seconds int64
		if _, err := fmt.Sscan(fields[1], &seconds); err != nil {
			return fmt.Errorf("commit %s has the time %q", commits[i].Hash, fields[1])
		}
		commits[i].Short, commits[i].Time, commits[i].Subject = fields[0], time.Unix(seconds, 0), fields[2]
	}
	return nil
}

// remoteBranch returns the one remote-tracking ref of that branch, "" if there
// is none or more than one.
func (r *Repo) remoteBranch(ctx context.Context, branch string) (string, error) {
	names, err := r.refs(ctx, "refs/remotes")
	if err != nil {
		return "", err
	}
	found := ""
	for _, name := range names {
		if _, tail, ok := strings.Cut(strings.TrimPrefix(name, "refs/remotes/"), "/"); ok && tail == branch {
			if found != "" {
				return "", nil
			}
			found = name
		}
	}
	return found, nil
}

func (r *Repo) refs(ctx context.Context, patterns ...string) ([]string, error) {
	out, err := output(ctx, command(r.Top, append([]string{"for-each-ref", "--format=%(refname)"}, patterns...)...))
	if err != nil {
		return nil, fmt.Errorf("list refs: %w", err)
	}
	return strings.Fields(out), nil
}

// unknown is the error about a ref that git doesn't know, with the names that
// are near to it.
func (r *Repo) unknown(ctx context.Context, ref string) error {
	e := &hintError{msg: fmt.Sprintf("unknown ref %q", ref)}
	names, err := r.refs(ctx, "refs/heads", "refs/tags")
	if err != nil {
		return err
	}
	best, distance := "", max(2, len(ref)/3)+1
	for _, name := range names {
		name = strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "refs/tags/")
		if d := levenshtein.ComputeDistance(ref, name); d < distance {
			best, distance = name, d
		}
	}
	if best != "" {
		e.hints = append(e.hints, "is "+best+" meant?")
	}
	if r.shallow {
		e.hints = append(e.hints, "this is a shallow clone: git fetch --unshallow gets the rest of its history")
	}
	if len(e.hints) == 0 {
		e.hints = append(e.hints, "git branch -a and git tag list what there is; git fetch gets what is new (dot never does)")
	}
	return e
}
