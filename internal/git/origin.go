package git

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dot-for-dbt/internal/hint"
)

// An Origin is what the remote origin has now.
type Origin struct {
	tips   []string // the commits that its branches and tags are at
	merges []string // the commits with which it tries merges: of pull and merge requests that are open
}

// Merges reports whether a commit is one with which the remote tries a merge. git need not have it here.
func (o Origin) Merges(hash string) bool { return slices.Contains(o.merges, hash) }

// Abandoned returns those of the commits that no branch or tag leads to any more, neither one of this
// repository nor one of origin. Commits that git doesn't have are left out, as if a branch led to them.
func (r *Repo) Abandoned(ctx context.Context, hashes []string, origin Origin) ([]string, error) {
	known, err := r.Known(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var rest []string
	for _, hash := range hashes {
		if commit, ok := known[hash]; ok && !commit.Reached && !origin.Merges(hash) {
			rest = append(rest, hash)
		}
	}
	return r.notBelow(ctx, rest, origin.tips)
}

// Origin asks the remote origin, if there is one, what it has now. It fetches nothing: it is an error if
// git lacks a commit of a branch or a tag, or its history, here.
func (r *Repo) Origin(ctx context.Context) (origin Origin, err error) {
	if r.shallow() {
		return origin, hint.New("this clone is shallow: git doesn't know here which commits a branch leads to", "git fetch --unshallow")
	}
	if out, err := run(ctx, "config", command(r.Top, "config", "--null", "--get", "remote.origin.url")); err != nil || len(out) == 0 {
		return origin, context.Cause(ctx) // there is none
	}
	out, err := run(ctx, "ls-remote", command(r.Top, "ls-remote", "--quiet", "origin"))
	if err != nil {
		return origin, hint.Add(fmt.Errorf("dot can't ask the remote origin which branches there are: %w", withoutAddress(err)), "git ls-remote origin shows what is wrong")
	}
	peeled := map[string]string{}
	for line := range strings.Lines(string(out)) {
		hash, ref, ok := strings.Cut(strings.TrimSpace(line), "\t")
		switch {
		case !ok || !fullHash().MatchString(hash):
			return origin, fmt.Errorf("git ls-remote: unexpected output %q", line)
		case strings.HasPrefix(ref, "refs/heads/"), strings.HasPrefix(ref, "refs/tags/"):
			peeled[strings.TrimSuffix(ref, "^{}")] = hash // the commit of a tag comes after the tag
		case strings.HasSuffix(ref, "/merge"): // refs/pull/1/merge of GitHub, refs/merge-requests/1/merge of GitLab
			origin.merges = append(origin.merges, hash)
		}
	}
	origin.tips, err = r.commitsOf(ctx, slices.Compact(slices.Sorted(maps.Values(peeled))))
	return origin, err
}

// commitsOf returns those of the objects of a remote that are commits. It is an error if git doesn't
// have one of the objects here.
func (r *Repo) commitsOf(ctx context.Context, objects []string) ([]string, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	check := command(r.Top, "cat-file", "--batch-check=%(objecttype) %(objectname)")
	check.Env = append(check.Env, noFetch)
	check.Stdin = strings.NewReader(strings.Join(objects, "\n") + "\n")
	out, err := run(ctx, "cat-file", check)
	if err != nil {
		return nil, err
	}
	var commits []string
	for line := range strings.Lines(string(out)) {
		kind, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case hash == "missing":
			return nil, hint.New("the remote origin has branches or tags that this clone lacks, so that dot can't tell which commits they lead to",
				"git fetch --tags origin '+refs/heads/*:refs/remotes/origin/*'")
		case kind == "commit":
			commits = append(commits, hash)
		}
	}
	return commits, nil
}

// withoutAddress leaves out git's own words, which may have the address of a remote with a password.
func withoutAddress(err error) error {
	if failed := (*commandError)(nil); errors.As(err, &failed) {
		return fmt.Errorf("git %s: %s", failed.what, failed.failed.Exit)
	}
	return err
}
