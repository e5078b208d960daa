package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"dot-for-dbt/internal/proc"
	"dot-for-dbt/internal/text"
)

// Commit is what a ref means.
type Commit struct {
	Ref     string    // as asked
	Hash    string    // in full: 40 characters, 64 in a SHA-256 repository
	Short   string    // git's abbreviation (core.abbrev), unambiguous
	Subject string    // the first line of the message, without control characters
	Time    time.Time // of the commit, not of its authoring
	Note    string    // what a person should know of how Ref was understood, "" for nothing
}

// Resolve finds the commits that refs mean, in their order. A ref is whatever git takes for one: a branch, tag, hash,
// HEAD~2, main@{yesterday}, :/text, @. A tag stands for its commit. A branch that is on exactly one remote only is
// taken from there, with a Note; remotes whose own name holds a slash are not looked at.
//
// The error names every ref that can't be resolved, and why, and has hints. Two git processes do it, whatever the number
// of refs: one that finds and peels, one that describes (behaviours B.5). A ref that is not there, or is behind its
// upstream, costs more.
func (r *Repo) Resolve(ctx context.Context, refs []string) ([]Commit, error) {
	found, err := r.find(ctx, refs)
	if err != nil {
		return nil, err
	}
	described, err := r.describe(ctx, found)
	if err != nil {
		return nil, err
	}
	commits := make([]Commit, len(refs))
	for i, ref := range refs {
		at := found[ref]
		commits[i] = described[at.hash]
		commits[i].Ref, commits[i].Note = ref, at.note
	}
	return commits, nil
}

// finding is where a ref leads.
type finding struct{ hash, note string }

// find resolves refs to the hashes of commits.
func (r *Repo) find(ctx context.Context, refs []string) (map[string]finding, error) {
	s := &search{repo: r, ctx: ctx, found: map[string]finding{}, failed: map[string]unresolved{}}
	for _, ref := range refs {
		if _, done := s.found[ref]; done {
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

// describe asks for abbreviation, subject and date of all commits found.
func (r *Repo) describe(ctx context.Context, found map[string]finding) (map[string]Commit, error) {
	if len(found) == 0 {
		return nil, nil // an empty list would mean HEAD
	}
	hashes := map[string]bool{}
	for _, at := range found {
		hashes[at.hash] = true
	}
	all, err := r.log(ctx, slices.Sorted(maps.Keys(hashes)), "--no-walk=unsorted")
	if err != nil {
		return nil, err
	}
	commits := make(map[string]Commit, len(all))
	for _, c := range all {
		commits[c.Hash] = c
	}
	return commits, nil
}

// Between returns the commits that lead to the commit to and not to from, as git log from..to, the oldest first. Each is
// its own ref, by its abbreviation. Both are hashes.
func (r *Repo) Between(ctx context.Context, from, to string) ([]Commit, error) {
	commits, err := r.log(ctx, []string{to, "^" + from}, "--topo-order", "--reverse")
	for i := range commits {
		commits[i].Ref = commits[i].Short
	}
	return commits, err
}

// MergeBase returns the hash of the best common ancestor of two commits, as git merge-base does; "" if they have
// none. Where there are several, it is the one that git names first, as for git diff A...B.
func (r *Repo) MergeBase(ctx context.Context, a, b string) (string, error) {
	out, err := proc.Output(ctx, command(r.Top, "merge-base", a, b))
	var failed *proc.ExitError
	if errors.As(err, &failed) && failed.Exit.Code == 1 { // git-merge-base(1): there is none
		return "", nil
	}
	return strings.TrimSpace(string(out)), explain(ctx, "merge-base", err)
}

// log describes the commits that git log lists for some revisions.
func (r *Repo) log(ctx context.Context, revisions []string, options ...string) ([]Commit, error) {
	log := command(r.Top, append([]string{
		"log", "--stdin", "-z", "--format=%H%x00%h%x00%ct%x00%s",
		"--no-color", "--no-show-signature", "--no-notes", "--no-patch", "--encoding=UTF-8",
	}, options...)...)
	log.Stdin = strings.NewReader(strings.Join(revisions, "\n") + "\n")
	out, err := run(ctx, "log", log)
	if err != nil {
		return nil, err
	}
	var commits []Commit
	for record := range slices.Chunk(entries(out), 4) {
		var seconds int64
		if len(record) != 4 {
			return nil, fmt.Errorf("git log: unexpected output %q", out)
		}
		if _, err := fmt.Sscan(record[2], &seconds); err != nil {
			return nil, fmt.Errorf("git log: the date of %s: %w", record[0], err)
		}
		commits = append(commits, Commit{
			Hash: record[0], Short: record[1], Time: time.Unix(seconds, 0), Subject: printable(record[3]),
		})
	}
	return commits, nil
}

// printable is text that can be shown on a terminal: anybody can write a commit message.
func printable(subject string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || text.Steers(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(subject, "\uFFFD"))
}
