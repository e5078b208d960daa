package git_test

import (
	"slices"
	"testing"

	"dot-for-dbt/internal/git/gittest"
)

// TestAbandoned finds commits to which nothing leads: neither here nor at origin, which is asked and not
// fetched from.
func TestAbandoned(t *testing.T) {
	origin := gittest.New(t)
	first := origin.Commit("first")
	origin.Git("checkout", "--quiet", "-b", "topic")
	topic := origin.Commit("on a branch")
	origin.Git("checkout", "--quiet", "main")
	origin.Git("clone", "--quiet", origin.Dir, "../clone")
	clone := origin.At("../clone")
	loose := clone.Git("commit-tree", "-p", "HEAD", "-m", "lost", "HEAD^{tree}")
	unknown := "0123456789012345678901234567890123456789"
	hashes := []string{first, topic, loose, unknown}
	abandoned := func(want ...string) {
		t.Helper()
		r := open(t, clone.Dir)
		origin, err := r.Origin(t.Context())
		check(t, err)
		got, err := r.Abandoned(t.Context(), hashes, origin)
		check(t, err)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("abandoned: %q, want %q", got, want)
		}
	}
	refused := func(dir string, says ...string) {
		t.Helper()
		_, err := open(t, dir).Origin(t.Context())
		wantError(t, err, says...)
	}
	abandoned(loose)
	clone.Git("update-ref", "-d", "refs/remotes/origin/topic") // origin still has it
	abandoned(loose)
	clone.Git("update-ref", "refs/heads/mine", loose)
	abandoned()
	clone.Git("update-ref", "-d", "refs/heads/mine")
	origin.Git("branch", "-D", "topic")
	abandoned(topic, loose)

	origin.Git("update-ref", "refs/pull/1/head", topic) // stays when the request is closed
	abandoned(topic, loose)
	origin.Git("update-ref", "refs/pull/1/merge", topic)
	abandoned(loose)
	origin.Git("update-ref", "-d", "refs/pull/1/merge")

	origin.Git("tag", "-a", "data", "-m", "not a commit", "HEAD^{tree}")
	clone.Git("fetch", "--quiet", "--tags")
	abandoned(topic, loose)
	newer := origin.Commit("not fetched")
	refused(clone.Dir, "this clone lacks", "git fetch --tags origin")
	clone.Git("fetch", "--quiet")
	abandoned(topic, loose)
	hashes = append(hashes, newer)
	abandoned(topic, loose)

	origin.Git("clone", "--quiet", "--depth=1", "file://"+origin.Dir, "../shallow")
	refused(origin.Path("../shallow"), "shallow", "git fetch --unshallow")
	clone.Git("remote", "set-url", "origin", "https://jane:secret@localhost:1/none.git")
	refused(clone.Dir, "can't ask the remote origin", "git ls-remote origin")
	clone.Git("remote", "remove", "origin")
	abandoned(topic, loose, newer) // the remote's branches are gone here, too
}
