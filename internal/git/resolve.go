package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/lazy"
	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// Commit is the commit that a ref stands for.
type Commit struct {
	Ref     string    // as the caller gave it
	Hash    string    // in full: 40 characters, 64 in a SHA-256 repository
	Short   string    // git's abbreviation (core.abbrev), unambiguous
	Subject string    // the first line of the message, without control characters; of a draft, what it is
	Time    time.Time // of the commit, not of its authoring
	Note    string    // what the user should know about how Ref was resolved, "" for nothing
	Tag     string    // the hash of the annotated tag that Ref names, "" for none
	Draft   *Draft    // what the working tree is, if Ref names it; else nil
}

// Resolve finds the commits that refs stand for, in their order. A ref is anything that git
// accepts: a branch, tag, hash, HEAD~2, main@{yesterday}, :/text, @. A tag stands for its commit. A
// branch that only one remote has is taken from there, with a Note. Remotes with a slash in their
// name are not searched. [WorkingTree] stands for a commit of the files as they are: see [Draft].
//
// The error names every ref that can't be resolved, with the reason, and has hints. Two git
// processes are enough for any number of refs: one finds and peels, one describes (behaviours B.5).
// A ref that doesn't exist, or is behind its upstream, needs more, and so may a ref that is no plain name.
func (r *Repo) Resolve(ctx context.Context, refs []string) ([]Commit, error) {
	naming, giveUp := context.WithCancel(ctx)
	defer giveUp()
	known := r.describeNamed(naming, refs)
	found, err := r.find(ctx, refs)
	if err != nil {
		giveUp()
		<-known // its git has ended
		return nil, err
	}
	described, err := r.describe(ctx, found, <-known)
	if err != nil {
		return nil, err
	}
	commits := make([]Commit, len(refs))
	for i, ref := range refs {
		at := found[ref]
		commits[i] = described[at.hash]
		commits[i].Ref, commits[i].Note, commits[i].Tag, commits[i].Draft = ref, at.note, at.tag, at.draft
		if at.draft != nil && at.draft.Files > 0 {
			commits[i].Subject = at.draft.String()
		}
	}
	return commits, nil
}

// resolved is the commit that a ref leads to, and the note for the user.
type resolved struct {
	hash, note, tag string
	draft           *Draft
}

// find resolves refs to the hashes of commits.
func (r *Repo) find(ctx context.Context, refs []string) (map[string]resolved, error) {
	s := &search{repo: r, ctx: ctx, found: map[string]resolved{}, failed: map[string]unresolved{}}
	for _, ref := range refs {
		if _, done := s.found[ref]; done {
			continue
		}
		if ref == WorkingTree {
			made, err := r.draft(ctx)
			if err != nil {
				return nil, errors.Join(err, s.end())
			}
			s.found[ref] = resolved{hash: made.hash, note: made.note, draft: &made.draft}
			continue
		}
		if err := s.look(ref); err != nil {
			return nil, errors.Join(err, s.end())
		}
	}
	if err := s.noteBehind(); err != nil {
		return nil, errors.Join(err, s.end())
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if len(s.failed) > 0 {
		if err := s.settle(refs); err != nil {
			return nil, err
		}
	}
	return s.found, nil
}

// plainName matches names that git log takes for one revision each.
var plainName = lazy.Regexp(`^[0-9A-Za-z_]+([/.-][0-9A-Za-z_]+)*([~^][0-9]*)*$`)

// describeNamed begins to describe the commits that plain names lead to, while another git finds out. It sends these
// commits by their hashes, once. If git can't describe them all, it sends none.
func (r *Repo) describeNamed(ctx context.Context, refs []string) <-chan map[string]Commit {
	names := map[string]bool{}
	for _, ref := range refs {
		if plainName().MatchString(ref) {
			names[ref+"^{commit}"] = true
		}
	}
	described := make(chan map[string]Commit, 1)
	if len(names) == 0 {
		described <- map[string]Commit{}
		return described
	}
	go func() {
		commits, _ := r.log(ctx, slices.Sorted(maps.Keys(names)), "--no-walk=unsorted") // on an error, git is asked by hashes
		described <- byHash(commits)
	}()
	return described
}

// describe asks git for the abbreviation, subject and date of all commits found, except for those that are known.
func (r *Repo) describe(ctx context.Context, found map[string]resolved, known map[string]Commit) (map[string]Commit, error) {
	hashes := map[string]bool{}
	for _, at := range found {
		if _, ok := known[at.hash]; !ok {
			hashes[at.hash] = true
		}
	}
	if len(hashes) == 0 {
		return known, nil // git log without revisions means HEAD
	}
	more, err := r.log(ctx, slices.Sorted(maps.Keys(hashes)), "--no-walk=unsorted")
	if err != nil {
		return nil, err
	}
	maps.Copy(known, byHash(more))
	return known, nil
}

func byHash(commits []Commit) map[string]Commit {
	all := make(map[string]Commit, len(commits))
	for _, c := range commits {
		all[c.Hash] = c
	}
	return all
}

// Between returns the commits that git log from..to lists, the oldest first. Each commit's Ref is
// its abbreviated hash. from and to are hashes.
func (r *Repo) Between(ctx context.Context, from, to string) ([]Commit, error) {
	commits, err := r.log(ctx, []string{to, "^" + from}, "--topo-order", "--reverse")
	for i := range commits {
		commits[i].Ref = commits[i].Short
	}
	return commits, err
}

// MergeBase returns the hash of the best common ancestor of two commits, as git merge-base does; ""
// if they have none. If there are several, it returns the first that git names, as git diff A...B does.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := proc.Output(ctx, r.reader("merge-base", a, b))
	var failed *proc.ExitError
	if errors.As(err, &failed) && failed.Exit.Code == 1 { // git-merge-base(1): there is none
		return "", nil
	}
	return strings.TrimSpace(string(out)), explain(ctx, "merge-base", err)
}

// log describes the commits that git log lists for some revisions.
func (r *Repo) log(ctx context.Context, revisions []string, options ...string) ([]Commit, error) {
	log := r.reader(append([]string{
		"log", "--stdin", "-z", "--format=%H%x00%h%x00%ct%x00%s%x00%ce",
		"--no-color", "--no-show-signature", "--no-notes", "--no-patch", "--encoding=UTF-8",
	}, options...)...)
	log.Stdin = strings.NewReader(strings.Join(revisions, "\n") + "\n")
	out, err := run(ctx, "log", log)
	if err != nil {
		return nil, err
	}
	var commits []Commit
	for record := range slices.Chunk(entries(out), 5) {
		var seconds int64
		if len(record) != 5 {
			return nil, fmt.Errorf("git log: unexpected output %q", out)
		}
		if _, err := fmt.Sscan(record[2], &seconds); err != nil {
			return nil, fmt.Errorf("git log: the date of %s: %w", record[0], err)
		}
		subject := record[3]
		if base, ok := draftOf(subject, record[4]); ok {
			subject = draftSubject + base[:min(len(record[1]), len(base))] // for people
		}
		commits = append(commits, Commit{
			Hash: record[0], Short: record[1], Time: time.Unix(seconds, 0), Subject: printable(subject),
		})
	}
	return commits, nil
}

// printable makes a commit's subject safe to show on a terminal: anybody can write a commit
// message.
func printable(subject string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || text.Steers(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(subject, "\uFFFD"))
}
