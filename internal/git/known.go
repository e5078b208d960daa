package git

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Known commit is one that git still has.
type Known struct {
	Subject string    // as in [Commit]
	Time    time.Time // of the commit
	// Refs are the branches, tags and remote branches at the commit, by their short names:
	// main, v1.2, origin/main.
	Refs []string
	// DraftOf is the commit that was checked out, if this one is that of a working tree, see [Draft].
	DraftOf string
	// Reached is set if a ref or the HEAD of one of the user's worktrees leads to the commit. dot's
	// own worktrees don't count.
	Reached bool
}

// Known returns the commits that git has, by their hashes. It takes one git process. For commits
// without a ref of their own it takes another one, or a third if a HEAD in one of the user's linked
// worktrees has to be asked, too. Nothing is fetched.
func (r *Repo) Known(ctx context.Context, hashes []string) (map[string]Known, error) {
	if len(hashes) == 0 { // for git log this means HEAD
		return nil, nil
	}
	log := command(r.Top, "log", "--no-walk=unsorted", "--ignore-missing", "-z", "--format=%H%x00%ct%x00%D%x00%s%x00%ce",
		"--decorate=full", "--decorate-refs=refs/heads/*", "--decorate-refs=refs/tags/*", "--decorate-refs=refs/remotes/*",
		"--no-color", "--no-show-signature", "--no-notes", "--no-patch", "--encoding=UTF-8", "--stdin")
	log.Env = append(log.Env, noFetch)
	log.Stdin = strings.NewReader(strings.Join(hashes, "\n") + "\n")
	out, err := run(ctx, "log", log)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Known, len(hashes))
	var rest []string // commits without a ref
	for record := range slices.Chunk(entries(out), 5) {
		var seconds int64
		if len(record) != 5 {
			return nil, fmt.Errorf("git log: unexpected output %q", out)
		}
		if _, err := fmt.Sscan(record[1], &seconds); err != nil {
			return nil, fmt.Errorf("git log: the date of %s: %w", record[0], err)
		}
		refs := shortRefs(record[2])
		commit := Known{Subject: printable(record[3]), Time: time.Unix(seconds, 0), Refs: refs, Reached: true}
		if base, ok := draftOf(record[3], record[4]); ok {
			commit.DraftOf = base
		}
		known[record[0]] = commit
		if len(refs) == 0 {
			rest = append(rest, record[0])
		}
	}
	lost, err := r.unreached(ctx, rest)
	if err != nil {
		return nil, err
	}
	for _, hash := range lost {
		commit := known[hash]
		commit.Reached = false
		known[hash] = commit
	}
	return known, nil
}

// noFetch keeps git from fetching a commit that a partial clone lacks (git 2.44).
const noFetch = "GIT_NO_LAZY_FETCH=1"

// shortRefs reads the names that git log prints for %D with full names. Branches come first, then
// tags, then remote branches.
func shortRefs(decoration string) []string {
	var refs []string
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		for name := range strings.SplitSeq(decoration, ", ") {
			name = strings.TrimPrefix(name, "tag: ")
			if _, branch, ok := strings.Cut(name, "HEAD -> "); ok {
				name = branch
			}
			short, ok := strings.CutPrefix(name, prefix)
			if ok && prefix == "refs/remotes/" && strings.HasSuffix(short, "/HEAD") {
				continue // it only says which branch is the remote's default
			}
			if ok {
				refs = append(refs, printable(short))
			}
		}
	}
	return refs
}

// unreached returns those of the commits that neither a ref nor a HEAD of the user's leads to.
func (r *Repo) unreached(ctx context.Context, hashes []string) ([]string, error) {
	lost, err := r.notBelow(ctx, hashes, nil)
	if err != nil || len(lost) == 0 {
		return nil, err
	}
	heads, err := r.detachedHeads()
	if err != nil || len(heads) == 0 {
		return lost, err
	}
	return r.notBelow(ctx, lost, heads)
}

// notBelow returns those of the commits that are not reachable from any ref, the HEAD of the main
// worktree, or one of heads.
func (r *Repo) notBelow(ctx context.Context, hashes, heads []string) ([]string, error) {
	if len(hashes) == 0 {
		return nil, nil
	}
	// The HEAD of the common directory is the main worktree's. --single-worktree leaves out the others,
	// since those of dot's worktrees lead to every build. git may refuse a directory like that if it has
	// to find it itself (safe.bareRepository).
	list := command(r.CommonDir, "--git-dir="+r.CommonDir, "rev-list", "--ignore-missing", "--single-worktree", "--stdin", "--not", "--all")
	list.Env = append(list.Env, noFetch)
	var in strings.Builder
	for _, hash := range hashes {
		in.WriteString(hash + "\n")
	}
	for _, head := range heads {
		in.WriteString("^" + head + "\n")
	}
	list.Stdin = strings.NewReader(in.String())
	out, err := run(ctx, "rev-list", list)
	if err != nil {
		return nil, err
	}
	asked := make(map[string]bool, len(hashes))
	for _, hash := range hashes {
		asked[hash] = true
	}
	var lost []string
	for line := range strings.Lines(string(out)) {
		if hash := strings.TrimSpace(line); asked[hash] {
			lost = append(lost, hash)
		}
	}
	return lost, nil
}

// detachedHeads returns the commits that the user has checked out in linked worktrees, without a
// branch.
func (r *Repo) detachedHeads() ([]string, error) {
	admins, err := r.allAdmins()
	if err != nil {
		return nil, err
	}
	dots := filepath.Join(r.Root, dotDir) + string(os.PathSeparator)
	at := make([]string, len(admins))
	var readers errgroup.Group
	readers.SetLimit(4 * runtime.GOMAXPROCS(0)) // dot may have thousands of worktrees
	for i, admin := range admins {
		readers.Go(func() error {
			if !strings.HasPrefix(worktreeOf(admin), dots) {
				at[i] = read(admin, "HEAD")
			}
			return nil
		})
	}
	_ = readers.Wait()
	return slices.DeleteFunc(at, func(head string) bool { return !fullHash().MatchString(head) }), nil
}
